"""Halting, reducing and resuming over the real journal: what is halted is not sent any more."""

import asyncio
from contextlib import aclosing, asynccontextmanager

import pytest

from quantgraph.domain.access import Actor, Wire, act_as
from quantgraph.domain.controls import HaltCause, HaltWish, TradingState
from quantgraph.domain.errors import (
    InvalidRequest,
    NotFound,
    TradingDisabled,
    Unavailable,
)
from quantgraph.domain.orders import Destination, OrderKey, OrderState, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import StreamKind
from quantgraph.services import controls as module
from quantgraph.services.controls import ControlParts, TradingControls
from quantgraph.services.desk import OrderDesk
from quantgraph.services.gate import Gate
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.workers import Workers
from quantgraph.store.controls import ControlFile
from tests.services.journals import quick_journal
from tests.services.test_orders import NOW, Clock, Ids, Terminal, ticket
from tests.waiting import until

SELL = {"side": Side.SELL}


class Timer:
    """What `call_later` returns, of a time that a test moves."""

    def __init__(self, due, fire):
        self.due, self.fire = due, fire

    def cancel(self):
        self.due = None


class Floor:
    """A journalled terminal with its switches, in a running loop."""

    def __init__(self, path, in_flight=2_000):
        self.terminal, self.clock = Terminal(), Clock()
        self.timers, self.time = [], 0.0
        self.journal = self.terminal.journal = quick_journal(path)
        self.file = ControlFile(path / "controls.sqlite")
        self.workers, self.switching = Workers(2, 2_000), Workers(1, 64)
        self.gate = Gate(self.file.present())
        desk = OrderDesk(
            self.workers, self.clock, Ids(), Destination.SIMULATED, "o", "one", in_flight,
            gate=self.gate,
        )  # fmt: skip
        self.trading = JournaledTrading(self.journal, self.terminal, self.terminal, desk)
        switches = (self.file, self.switching, self.clock, self.terminal)
        acts = (self.open_orders, self.trading.cancel, 5.0, self.later)
        parts = ControlParts(*switches, *acts)
        self.controls = TradingControls(self.gate, parts)

    async def open_orders(self, account_id):
        return (await self.workers.run(self.journal.open_orders, account_id))[0]

    def later(self, seconds, fire):
        self.timers.append(Timer(self.time + seconds, fire))
        return self.timers[-1]

    def advance(self, seconds):
        """Let real seconds pass, as far as timers know."""
        self.time += seconds
        for timer in self.timers:
            if timer.due is not None and timer.due <= self.time:
                timer.due = None
                timer.fire()

    async def close(self):
        self.terminal.gate.set()
        await self.controls.close()
        await self.trading.close()
        for each in (self.workers, self.switching, self.journal, self.file):
            each.close()


@asynccontextmanager
async def opened(path):
    floor = Floor(path)
    floor.trading.start()
    try:
        yield floor
    finally:
        await floor.close()


@pytest.fixture
async def floor(tmp_path):
    async with opened(tmp_path) as floor:
        yield floor


async def outcomes(floor, count, **changes):
    """Submit so many different orders at once; return how each ended."""
    asked = (floor.trading.submit(ticket(f"k{n}", **changes)) for n in range(count))
    return await asyncio.gather(*asked, return_exceptions=True)


async def refused(work):
    with pytest.raises(TradingDisabled) as caught:
        await work
    return caught.value


async def test_without_a_halt_a_thousand_submits_are_sent(floor):
    done = await outcomes(floor, 1_000)
    assert len(floor.terminal.placed) == 1_000
    assert not [each for each in done if isinstance(each, Exception)]


@pytest.mark.parametrize("turns", [0, 1, 3, 10, 40, 120])
async def test_none_of_a_thousand_racing_submits_is_sent_after_halt_returns(floor, turns):
    racing = asyncio.create_task(outcomes(floor, 1_000))
    for _ in range(turns):
        await asyncio.sleep(0)
    done = await floor.controls.halt(HaltWish())
    sent = len(floor.terminal.placed)
    ended = await racing
    assert (len(floor.terminal.placed), done.unanswered) == (sent, 0)
    refusals = [each for each in ended if isinstance(each, Exception)]
    assert {each.reason for each in refusals} <= {Reason.TRADING_HALTED}
    assert len(refusals) == 1_000 - sent
    # What the journal had taken and the gate stopped is shown as never sent.
    states = {event.order.id: event.order.state for event in floor.journal.events("sim-1", 0, 9999)}
    assert set(states.values()) <= {OrderState.WORKING, OrderState.REJECTED}
    assert sum(each is OrderState.WORKING for each in states.values()) == sent


async def test_an_order_between_journal_and_terminal_ends_rejected_for_every_repeat(floor):
    recorded, release = asyncio.Event(), asyncio.Event()
    record = floor.trading._recorder.record

    async def slow(entry):
        done = await record(entry)
        recorded.set()
        await release.wait()
        return done

    floor.trading._recorder.record = slow
    submit = asyncio.create_task(floor.trading.submit(ticket()))
    await recorded.wait()
    await floor.controls.halt(HaltWish("sim-1"))
    release.set()
    first = await refused(submit)
    again = await refused(floor.trading.submit(ticket()))
    assert first.reason is again.reason is Reason.TRADING_HALTED
    assert first.message == again.message
    assert "was not sent" in first.message
    order = floor.journal.find(OrderKey("sim-1", client_order_id="k1"))
    assert (order.state, order.reject_code) == (OrderState.REJECTED, "TRADING_HALTED")
    assert floor.terminal.placed == []


async def test_halt_waits_for_what_the_terminal_was_handed_and_says_what_it_leaves(tmp_path):
    async with opened(tmp_path) as floor:
        floor.terminal.gate.clear()
        submit = asyncio.create_task(floor.trading.submit(ticket()))
        while not floor.terminal.placed:
            await asyncio.sleep(0)
        halt = asyncio.create_task(floor.controls.halt(HaltWish()))
        shut = await refused(floor.trading.submit(ticket("k2")))
        assert shut.reason is Reason.TRADING_HALTED
        assert not halt.done()
        floor.terminal.gate.set()
        assert (await halt).unanswered == 0
        assert (await submit).order.state is OrderState.WORKING
        floor.terminal.gate.clear()
        await floor.controls.resume(HaltWish())
        lost = asyncio.create_task(floor.trading.submit(ticket("k3")))
        while len(floor.terminal.placed) < 2:
            await asyncio.sleep(0)
        assert await floor.gate.settled(None, 0.0) == 1
        floor.terminal.gate.set()
        await lost


async def test_a_refused_submit_consumes_no_key_and_known_ones_are_answered(floor):
    known = (await floor.trading.submit(ticket())).order
    await floor.controls.halt(HaltWish())
    assert (await refused(floor.trading.submit(ticket("k2")))).reason is Reason.TRADING_HALTED
    assert (await floor.trading.submit(ticket())).replayed
    assert floor.journal.recall("sim-1", "k2") is None
    canceled = await floor.trading.cancel(OrderKey("sim-1", known.id))
    assert canceled.state is OrderState.PENDING_CANCEL
    assert len(floor.terminal.withdrawn) == 1
    await floor.controls.resume(HaltWish())
    assert not (await floor.trading.submit(ticket("k2"))).replayed


async def test_reducing_takes_sells_alone(floor):
    done = await floor.controls.halt(HaltWish("sim-1", reducing=True))
    assert (done.status.state, done.changed) == (TradingState.REDUCING, True)
    shut = await refused(floor.trading.submit(ticket()))
    assert shut.reason is Reason.TRADING_REDUCING
    assert not (await floor.trading.submit(ticket("k2", **SELL))).replayed


async def test_a_halt_of_one_account_leaves_the_others(floor):
    await floor.controls.halt(HaltWish("sim-1"))
    assert floor.gate.refusal("sim-1", Side.BUY) is not None
    assert floor.gate.refusal("sim-2", Side.BUY) is None
    assert floor.gate.status(None).state is TradingState.ACTIVE
    await floor.controls.halt(HaltWish())
    await floor.controls.resume(HaltWish())
    assert floor.gate.status("sim-1").state is TradingState.HALTED
    assert floor.gate.status("sim-2").state is TradingState.ACTIVE


async def test_the_stricter_of_two_halts_stays(floor):
    assert (await floor.controls.halt(HaltWish(reason="first"))).changed
    again = await floor.controls.halt(HaltWish(reason="second"))
    weaker = await floor.controls.halt(HaltWish(reducing=True))
    assert (again.changed, weaker.changed) == (False, False)
    assert weaker.status.state is TradingState.HALTED
    assert weaker.status.reason == "first"
    lowered = await floor.controls.resume(HaltWish(reducing=True))
    assert (lowered.changed, lowered.status.state) == (True, TradingState.REDUCING)
    assert not (await floor.controls.resume(HaltWish(reducing=True))).changed
    assert (await floor.controls.resume(HaltWish())).status.state is TradingState.ACTIVE
    assert not (await floor.controls.resume(HaltWish())).changed


async def test_halts_say_who_and_when_and_survive_a_restart(tmp_path):
    async with opened(tmp_path) as floor:
        act_as(Actor("k7", Wire.GRPC, "peer"))
        await floor.controls.halt(HaltWish("sim-1", reason="too fast"))
        await floor.controls.halt(HaltWish(reducing=True))
    async with opened(tmp_path) as floor:
        status = await floor.controls.status("sim-1")
        assert (status.state, status.cause) == (TradingState.HALTED, HaltCause.OPERATOR)
        assert (status.by, status.reason, status.since) == ("k7", "too fast", NOW)
        assert (await refused(floor.trading.submit(ticket()))).reason is Reason.TRADING_HALTED
        assert floor.gate.status(None).state is TradingState.REDUCING
        await floor.controls.resume(HaltWish("sim-1"))
        await floor.controls.resume(HaltWish())
    async with opened(tmp_path) as floor:
        assert floor.gate.status("sim-1").state is TradingState.ACTIVE


async def test_an_alarm_of_the_gateway_halts_at_once_and_for_good(tmp_path):
    async with opened(tmp_path) as floor:
        floor.controls.alarm("sim-1", HaltCause.DUPLICATE_TAG, "Two orders under one tag.")
        assert floor.gate.refusal("sim-1", Side.SELL).reason is Reason.TRADING_HALTED
    async with opened(tmp_path) as floor:
        status = floor.gate.status("sim-1")
        assert (status.cause, status.by) == (HaltCause.DUPLICATE_TAG, "gateway")


async def test_whoever_resumed_after_two_orders_of_one_tag_is_not_halted_by_a_restart(tmp_path):
    same = ("sim-1", HaltCause.DUPLICATE_TAG, "Two orders under the tag q1.")
    async with opened(tmp_path) as floor:
        floor.controls.alarm(*same)
    async with opened(tmp_path) as floor:
        assert floor.gate.status("sim-1").state is TradingState.HALTED
        await floor.controls.resume(HaltWish("sim-1"))
    for other in (("sim-1", HaltCause.DUPLICATE_TAG, "Three orders."), ("sim-2", *same[1:])):
        async with opened(tmp_path) as floor:
            assert floor.controls.alarm(*same) is None
            assert floor.gate.status("sim-1").state is TradingState.ACTIVE
            await floor.controls.alarm(*other)
            assert floor.gate.status(other[0]).state is TradingState.HALTED
            if other[0] == "sim-1":
                await floor.controls.resume(HaltWish("sim-1"))


async def test_a_halt_that_cannot_be_written_down_holds_and_can_be_repeated(floor, monkeypatch):
    def full(_):
        raise Unavailable(Reason.STORE_UNAVAILABLE, "The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(floor.file, "record", full)
        with pytest.raises(Unavailable, match="HALTED now, but not after a restart"):
            await floor.controls.halt(HaltWish())
        assert (await refused(floor.trading.submit(ticket()))).reason is Reason.TRADING_HALTED
        with pytest.raises(Unavailable):
            await floor.controls.resume(HaltWish())
        assert floor.gate.status(None).state is TradingState.HALTED
    again = await floor.controls.halt(HaltWish())
    assert not again.changed
    assert [each.state for each in floor.file.present()] == [TradingState.HALTED]


async def test_an_alarm_that_the_disk_refuses_is_offered_again_and_told_meanwhile(
    tmp_path, monkeypatch
):
    def full(_):
        raise Unavailable(Reason.STORE_UNAVAILABLE, "The disk is full.")

    async with opened(tmp_path) as floor:
        with monkeypatch.context() as patch:
            patch.setattr(floor.file, "record", full)
            for _ in range(3):
                floor.controls.alarm("sim-1", HaltCause.DUPLICATE_TAG, "Two orders, one tag.")
                floor.advance(1)
                await until(lambda: any(each.due for each in floor.timers))
                assert "restart" in floor.controls.problems()["controls"]
            # one at a time, however long the disk is away
            assert len([each for each in floor.timers if each.due]) == 1
            assert floor.gate.refusal("sim-1", Side.BUY).reason is Reason.TRADING_HALTED
        floor.advance(1)
        await until(lambda: not floor.controls.problems())
        assert [each.cause for each in floor.file.present()] == [HaltCause.DUPLICATE_TAG]


async def test_a_gateway_that_stops_offers_its_halts_a_last_time(tmp_path, monkeypatch):
    def full(_):
        raise Unavailable(Reason.STORE_UNAVAILABLE, "The disk is full.")

    async with opened(tmp_path) as floor:
        with monkeypatch.context() as patch:
            patch.setattr(floor.file, "record", full)
            floor.controls.alarm(None, HaltCause.DUPLICATE_TAG, "Two orders, one tag.")
            await until(lambda: floor.timers)
    async with opened(tmp_path) as floor:
        assert floor.gate.status(None).cause is HaltCause.DUPLICATE_TAG


async def test_a_terminal_that_is_silent_or_broken_holds_up_no_halt(floor, monkeypatch):
    async def silent():
        await asyncio.Event().wait()

    async def broken():
        raise OSError

    monkeypatch.setattr(module, "_ASKED_S", 0.0)
    for ailing in (silent, broken):
        monkeypatch.setattr(floor.terminal, "accounts", ailing)
        assert (await floor.controls.halt(HaltWish("sim-1"))).status.state is TradingState.HALTED


async def test_a_caller_who_gives_up_has_halted_all_the_same(tmp_path):
    async with opened(tmp_path) as floor:
        halt = asyncio.create_task(floor.controls.halt(HaltWish()))
        while floor.gate.control(None) is None:
            await asyncio.sleep(0)
        halt.cancel()
        await asyncio.gather(halt, return_exceptions=True)
    async with opened(tmp_path) as floor:
        assert floor.gate.status(None).state is TradingState.HALTED


async def test_a_wrong_account_and_a_wrong_reason_are_refused(floor):
    with pytest.raises(NotFound):
        await floor.controls.halt(HaltWish("nobody"))
    with pytest.raises(NotFound):
        await floor.controls.status("nobody")
    for reason in ("a\nb", "x" * 201):
        with pytest.raises(InvalidRequest):
            await floor.controls.halt(HaltWish(reason=reason))
    assert floor.file.present() == []


async def test_a_reader_hears_of_every_change_at_once(floor):
    async with aclosing(floor.controls.events("sim-1")) as events:
        first = await anext(events)
        assert (first.kind, first.status.state) == (StreamKind.SNAPSHOT, TradingState.ACTIVE)
        for act, state in (
            (floor.controls.halt(HaltWish("sim-1")), TradingState.HALTED),
            (floor.controls.resume(HaltWish("sim-1")), TradingState.ACTIVE),
        ):
            await act
            event = await anext(events)
            assert (event.kind, event.status.state) == (StreamKind.UPDATE, state)
        floor.controls.drain()
        with pytest.raises(Unavailable) as caught:
            await anext(events)
        assert caught.value.reason is Reason.SHUTTING_DOWN


async def test_a_quiet_reader_hears_a_heartbeat(floor, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.0)
    async with aclosing(floor.controls.events(None)) as events:
        kinds = [(await anext(events)).kind for _ in range(3)]
    assert kinds == [StreamKind.SNAPSHOT, StreamKind.HEARTBEAT, StreamKind.HEARTBEAT]
