"""Arming: a second secret, for a while, never into the next day and never over a restart."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.access import Actor, Wire, act_as
from quantgraph.domain.controls import ArmWish, HaltWish, TradingState
from quantgraph.domain.errors import ChangeRefused, InvalidRequest
from quantgraph.domain.reasons import Reason
from quantgraph.services.arming import Arming, ArmingParts
from quantgraph.store.arming import ArmingSecret
from tests.services.test_controls import floor, refused  # noqa: F401 a fixture
from tests.services.test_orders import ticket

SECRET = "qga_open"
MORNING = datetime(2023, 2, 1, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai


class Moved:
    time = MORNING

    def now(self):
        return self.time


class Plain:
    """Compares without a hash: what is hashed is tested with the store."""

    def check(self, secret):
        return secret == SECRET


class AtOnce:
    async def run(self, work, *given):
        return work(*given)


def arming(*, clock=None, reported=True, minutes=480):
    return Arming(ArmingParts(Plain(), AtOnce(), clock or Moved(), minutes, reported))


async def test_a_gateway_that_needs_arming_sends_nothing_before(floor):  # noqa: F811 the fixture
    floor.gate.arming = arming(clock=floor.clock)
    shut = await refused(floor.trading.submit(ticket()))
    assert shut.reason is Reason.TRADING_DISARMED
    assert floor.journal.recall("sim-1", "k1") is None
    done = await floor.controls.arm(ArmWish(SECRET, minutes=5))
    assert (done.changed, done.status.state) == (True, TradingState.ACTIVE)
    assert done.status.armed_until == floor.clock.now() + timedelta(minutes=5)
    assert not (await floor.trading.submit(ticket())).replayed
    assert (await floor.trading.submit(ticket())).replayed
    floor.clock.time += timedelta(minutes=5)
    shut = await refused(floor.trading.submit(ticket("k2")))
    assert (shut.reason, "has ended" in shut.message) == (Reason.TRADING_DISARMED, True)
    assert (await floor.trading.submit(ticket())).replayed
    assert len(floor.terminal.placed) == 1


async def test_a_disarm_stops_a_race_as_a_halt_does(floor):  # noqa: F811 the fixture
    floor.gate.arming = arming(clock=floor.clock)
    await floor.controls.arm(ArmWish(SECRET))
    act_as(Actor("k9", Wire.GRAPHQL))
    racing = [asyncio.create_task(floor.trading.submit(ticket(f"k{n}"))) for n in range(200)]
    for _ in range(10):
        await asyncio.sleep(0)
    done = await floor.controls.disarm(HaltWish(reason="lunch"))
    sent = len(floor.terminal.placed)
    ended = await asyncio.gather(*racing, return_exceptions=True)
    assert len(floor.terminal.placed) == sent < 200
    assert {each.reason for each in ended if isinstance(each, Exception)} == {
        Reason.TRADING_DISARMED
    }
    assert (done.status.by, done.status.reason) == ("k9", "lunch")
    assert not (await floor.controls.disarm(HaltWish())).changed


async def test_a_halt_stands_above_arming(floor):  # noqa: F811 the fixture
    floor.gate.arming = arming(clock=floor.clock)
    await floor.controls.halt(HaltWish())
    done = await floor.controls.arm(ArmWish(SECRET))
    assert (done.changed, done.status.state) == (True, TradingState.HALTED)
    assert (await floor.controls.resume(HaltWish())).status.state is TradingState.ACTIVE


async def test_what_needs_no_arming_is_not_changed_by_it(floor):  # noqa: F811 the fixture
    done = await floor.controls.arm(ArmWish("whatever"))
    assert (done.changed, done.status.state) == (False, TradingState.ACTIVE)
    assert not (await floor.controls.disarm(HaltWish())).changed


@pytest.mark.parametrize("secret", ["", "qga_shut", "x" * 201])
async def test_a_wrong_secret_arms_nothing(secret):
    made = arming()
    with pytest.raises(ChangeRefused) as caught:
        await made.arm(ArmWish(secret))
    assert caught.value.reason is Reason.ARMING_SECRET_WRONG
    assert made.until is None
    assert secret not in repr(ArmWish(secret)) or not secret


async def test_who_has_not_reported_programmatic_trading_arms_nothing():
    made = arming(reported=False)
    with pytest.raises(ChangeRefused) as caught:
        await made.arm(ArmWish(SECRET))
    assert (caught.value.reason, made.until) == (Reason.TRADING_UNREPORTED, None)


@pytest.mark.parametrize("minutes", [0, -1, 481])
async def test_a_span_that_is_no_span_or_too_long_is_refused(minutes):
    with pytest.raises(InvalidRequest):
        await arming().arm(ArmWish(SECRET, minutes))


async def test_nobodys_arming_reaches_into_the_next_day():
    clock = Moved()
    clock.time = datetime(2023, 2, 1, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    made = arming(clock=clock)
    await made.arm(ArmWish(SECRET))
    assert made.until == datetime(2023, 2, 1, 16, 0, tzinfo=UTC)
    clock.time += timedelta(minutes=1)
    assert made.until is None


acts = st.lists(
    st.one_of(
        st.tuples(st.just("arm"), st.integers(1, 480)),
        st.tuples(st.just("pass"), st.integers(1, 900)),
        st.just(("wrong", 0)),
        st.just(("disarm", 0)),
        st.just(("restart", 0)),
    ),
    max_size=12,
)


@settings(max_examples=40)
@given(acts)
def test_it_is_armed_exactly_within_what_was_armed(plan):
    """Against a model of one number: the minute until which it is armed."""

    async def live():
        clock = Moved()
        made, minute, until = arming(clock=clock), 0, 0
        for act, number in plan:
            clock.time = MORNING + timedelta(minutes=minute)
            if act == "arm":
                await made.arm(ArmWish(SECRET, number))
                end = 870 + 1440 * ((minute + 570) // 1440)  # 24:00 in Shanghai
                until = min(minute + number, end)
            elif act == "pass":
                minute += number
            elif act == "wrong":
                with pytest.raises(ChangeRefused):
                    await made.arm(ArmWish("no"))
            else:
                until = 0
                if act == "disarm":
                    made.disarm(None)
                else:
                    made = arming(clock=clock)
            clock.time = MORNING + timedelta(minutes=minute)
            assert (made.until is not None) == (minute < until)

    asyncio.run(live())


def test_the_secret_is_kept_as_a_hash_alone_and_the_last_one_counts(tmp_path):
    path = tmp_path / "keys.sqlite"
    keeper = ArmingSecret(path)
    assert keeper.check("qga_x") is None
    first, second = keeper.create(), keeper.create()
    assert len(second) == 68
    assert second.encode() not in path.read_bytes()
    again = ArmingSecret(path)
    assert (again.check(first), again.check(second)) == (False, True)
