"""What nobody can tell the fate of is written off by somebody, never while the terminal has it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from quantgraph.domain.access import Actor, Wire, act_as
from quantgraph.domain.controls import HaltCause
from quantgraph.domain.errors import InvalidRequest, OrderRefused, TradingDisabled, Unavailable
from quantgraph.domain.orders import OrderKey, OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.domain.transitions import after_report
from tests.services.test_comparing import lost
from tests.services.test_following import NOW, Desk, fill, listed, report, ticket
from tests.services.test_orders import _accepted
from tests.services.trading import Desk as Limits
from tests.services.trading import ticket as asked
from tests.waiting import until

S = OrderState
WHY = "The statement does not show it."


@pytest.fixture
async def desk(tmp_path):
    async with Desk(tmp_path) as desk:
        yield desk


async def outlived(desk):
    """An order of yesterday that nobody ever told of: no list of today can say more."""
    order = await lost(desk)
    desk.clock.time += timedelta(days=1)
    desk.seconds = 120.0
    await desk.compare()
    assert (await desk.find(order)).state is S.UNKNOWN
    return order


async def refused(work, reason=Reason.WRITE_OFF_NOT_POSSIBLE):
    with pytest.raises(OrderRefused) as caught:
        await work
    assert caught.value.reason is reason
    return caught.value.message


def write_off(desk, order, why=WHY):
    return desk.trading.write_off(OrderKey("sim-1", order.id), why)


async def test_it_ends_says_by_whom_and_why_and_a_repeat_changes_nothing(desk):
    order = await outlived(desk)
    act_as(Actor("boss", Wire.GRPC, "peer"))
    done = await write_off(desk, order)
    assert (done.state, done.reject_code, done.written_off_by) == (S.EXPIRED, "WRITTEN_OFF", "boss")
    assert WHY in done.reject_message
    assert not done.reject_message_zh.isascii()
    act_as(Actor("other", Wire.GRPC, "peer"))
    assert await write_off(desk, order) == done
    assert desk.states()[-1] is S.EXPIRED
    again = await desk.trading.submit(ticket())
    assert (again.order, again.replayed) == (done, True)
    assert len(desk.terminal.placed) == 1


async def test_it_frees_what_the_order_held(tmp_path, calendar):
    async with Limits(tmp_path, calendar) as desk:
        desk.terminal.failure = RuntimeError("-1")
        order = await desk.submit("k1")
        desk.market.listed.clear()
        assert (await desk.used()).open_value > 0
        desk.trading._settling._seconds = 0.0
        done = await desk.limited.write_off(OrderKey("one", client_order_id="k1"), WHY)
        assert (done.id, done.state) == (order.id, S.EXPIRED)
        assert (await desk.used()).open_value == 0
        desk.terminal.failure = None
        assert (await desk.limited.submit(asked("k2"))).order.state is S.WORKING


@pytest.mark.parametrize("state", [S.WORKING, S.PARTIALLY_FILLED, S.CANCELED])
async def test_what_the_terminal_lists_is_never_written_off(desk, state):
    order = await outlived(desk)
    desk.terminal.listed = [listed(order, state)]
    assert state in await refused(write_off(desk, order))
    await until(desk.naps.sleeping)
    await desk.compare()
    assert (await desk.find(order)).state is state  # its word counts


async def test_any_likeness_to_what_is_listed_is_enough_to_wait(desk):
    order = await outlived(desk)
    desk.terminal.listed = [listed(order, S.WORKING, quantity=400)]
    await refused(write_off(desk, order))


async def test_only_what_is_unknown_and_has_settled_is_written_off(desk):
    working = (await desk.trading.submit(ticket("k0"))).order
    await refused(write_off(desk, working))
    doubted = await lost(desk)
    assert "settle_seconds" in await refused(write_off(desk, doubted))
    desk.say(report(working, S.CANCELED))
    await until(lambda: S.CANCELED in desk.states())
    await refused(write_off(desk, working))


async def test_without_the_terminals_answer_nothing_is_written_off(tmp_path, monkeypatch):
    async with Desk(tmp_path, answer_seconds=0.01) as desk:
        order = await outlived(desk)

        async def silent(*_):
            await asyncio.Event().wait()

        with monkeypatch.context() as patch:
            patch.setattr(desk.terminal, "orders_today", silent)
            with pytest.raises(Unavailable) as caught:
                await write_off(desk, order)
            assert caught.value.reason is Reason.SOURCE_UNAVAILABLE
        await desk.link(connected=False)
        with pytest.raises(TradingDisabled) as caught:
            await write_off(desk, order)
        assert caught.value.reason is Reason.TERMINAL_DISCONNECTED
        assert (await desk.find(order)).state is S.UNKNOWN


async def test_a_strangers_order_that_is_listed_no_more_is_written_off_as_well(desk):
    ours = (await desk.trading.submit(ticket("k0"))).order
    desk.say(report(ours, S.CANCELED))
    theirs = listed(ours, S.WORKING, tag="by hand", broker_order_id="b9")
    desk.terminal.listed = [theirs]
    await desk.compare()
    order = await desk.trading.order(OrderKey("sim-1", "ext_b9"))
    assert order.state is S.WORKING
    desk.clock.time += timedelta(days=1)
    desk.seconds, desk.terminal.listed = 120.0, []
    for _ in range(2):  # silence is proven twice
        await desk.compare()
    assert (await desk.find(order)).reject_code == "OUTCOME_UNTOLD"
    desk.terminal.listed = [theirs]
    await refused(write_off(desk, order))
    desk.terminal.listed = []
    done = await write_off(desk, order)
    assert (done.state, done.reject_code) == (S.EXPIRED, "WRITTEN_OFF")


@pytest.mark.parametrize("why", ["", "  ", "x" * 201, "a\x07b"])
async def test_it_wants_a_reason(desk, why):
    with pytest.raises(InvalidRequest):
        await write_off(desk, await lost(desk), why)


async def test_what_is_told_while_the_terminal_is_asked_counts(desk, monkeypatch):
    order = await outlived(desk)
    look = desk.terminal.orders_today

    async def late(account_id):
        found = await look(account_id)
        desk.say(report(order, S.FILLED, 300, fill(order, 1, 300)))
        await until(lambda: S.FILLED in desk.states())
        return found

    monkeypatch.setattr(desk.terminal, "orders_today", late)
    assert "FILLED" in await refused(write_off(desk, order))
    assert (await desk.find(order)).written_off_by is None


async def test_an_order_that_comes_back_halts_the_account_and_its_word_counts(desk):
    order = await outlived(desk)
    await write_off(desk, order)
    desk.terminal.listed = [listed(order, S.WORKING)]
    await desk.compare()
    found = await desk.find(order)
    assert (found.state, found.reject_code, found.written_off_by) == (S.WORKING, None, None)
    assert desk.alarms == [("sim-1", HaltCause.REOPENED_ORDER)]


@pytest.mark.parametrize("state", sorted(set(S) - {S.UNKNOWN}))
def test_no_other_state_follows_a_write_off(state):
    refusal = OrderRefused(Reason.WRITTEN_OFF, WHY)
    place = (None, "sim-1", S.EXPIRED, 0, None, NOW)
    told = ExecutionReport(*place, refusal=refusal, written_off_by="boss")
    assert after_report(replace(_accepted(), state=state), told) is None
    assert after_report(replace(_accepted(), state=S.UNKNOWN), told).written_off_by == "boss"
