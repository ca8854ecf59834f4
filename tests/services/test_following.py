"""A terminal that goes away, forgets to report or does not answer: what the journal makes of it."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from quantgraph.domain.accounts import Account, AccountStatus
from quantgraph.domain.controls import TradingState
from quantgraph.domain.errors import OrderRefused, TradingDisabled, Unavailable
from quantgraph.domain.journal import Intent
from quantgraph.domain.orders import (
    Destination,
    Fill,
    OrderKey,
    OrderState,
    OrderTicket,
    Side,
)
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor, StreamKind
from quantgraph.domain.terminal import (
    ExecutionReport,
    FateUnknownError,
    LinkChange,
    ListedOrder,
    PlacedOrder,
)
from quantgraph.services.desk import OrderDesk
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.workers import Workers
from tests.services.journals import quick_journal
from tests.waiting import until

NOW = datetime(2023, 2, 1, 1, 30, tzinfo=UTC)
PRICE = Decimal("1800.00")
S = OrderState


class Clock:
    time = NOW

    def now(self):
        return self.time


class Ids:
    count = 0

    def new(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"


class Terminal:
    """Says what the test lets it say; its list is what the test puts there."""

    def __init__(self):
        self.placed, self.withdrawn, self.listed, self.sought = [], [], [], []
        self.failure = self.list_failure = None
        self.asked_lists = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.queue = asyncio.Queue()

    async def place(self, order):
        self.placed.append(order)
        await self.gate.wait()
        if self.failure:
            raise self.failure
        return PlacedOrder(f"broker-{len(self.placed)}")

    async def withdraw(self, order):
        self.withdrawn.append(order)
        await self.gate.wait()
        if self.failure:
            raise self.failure

    async def find(self, account_id, tag):
        self.sought.append(tag)
        if self.list_failure:
            raise self.list_failure
        return [each for each in self.listed if (each.account_id, each.tag) == (account_id, tag)]

    async def orders_today(self, account_id):
        self.asked_lists += 1
        if self.list_failure:
            raise self.list_failure
        return [each for each in self.listed if each.account_id == account_id]

    async def reports(self):
        while (report := await self.queue.get()) is not None:
            yield report

    async def accounts(self):
        return [Account("sim-1", "One", "test", AccountStatus.CONNECTED)]


class Naps:
    """Pauses of the follower: each lasts until the test ends it."""

    def __init__(self):
        self.waiting = []

    async def __call__(self, seconds):
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((seconds, future))
        await future

    def sleeping(self):
        return any(not future.done() for _, future in self.waiting)

    def end(self):
        ended, self.waiting = self.waiting, []
        for _, future in ended:
            if not future.done():
                future.set_result(None)


class Desk:
    def __init__(self, path, answer_seconds=10.0, terminal=None):
        self.terminal, self.naps, self.clock = terminal or Terminal(), Naps(), Clock()
        self.seconds, self.alarms, self.ids = 0.0, [], Ids()
        self.journal = quick_journal(path)
        self.workers = Workers(2, 64)
        desk = OrderDesk(
            self.workers, self.clock, self.ids, Destination.SIMULATED, "mock_order_", "one",
            answer_seconds=answer_seconds, timer=lambda: self.seconds,
            alarm=lambda *told: self.alarms.append(told[:2]), sleep=self.naps,
        )  # fmt: skip
        self.trading = JournaledTrading(self.journal, self.terminal, self.terminal, desk)

    async def __aenter__(self):
        self.trading.start()
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_):
        await self.trading.close()
        self.workers.close()
        self.journal.close()

    def events(self):
        return self.journal.events("sim-1", 0, 1000)

    def states(self):
        return [event.order.state for event in self.events()]

    def say(self, *events):
        for event in events:
            self.terminal.queue.put_nowait(event)

    async def link(self, *, connected):
        self.say(LinkChange(connected, NOW))
        await until(lambda: self.trading.connected is connected)

    async def compare(self):
        """Let the follower compare once, whole."""
        asked = self.terminal.asked_lists
        await until(self.naps.sleeping)
        self.naps.end()
        await until(lambda: self.terminal.asked_lists > asked and self.naps.sleeping())

    async def find(self, order):
        return await self.trading.order(OrderKey("sim-1", order.id))


@pytest.fixture
async def desk(tmp_path):
    async with Desk(tmp_path) as desk:
        yield desk


def ticket(key="k1", **changes):
    base = OrderTicket("sim-1", key, "600519.SH", Side.BUY, 300, limit_price=PRICE)
    return replace(base, **changes)


def report(order, state, filled=0, fill=None, **changes):
    average = PRICE if filled else None
    return ExecutionReport(order.tag, "sim-1", state, filled, average, NOW, fill, **changes)


def fill(order, number, quantity):
    return Fill(
        f"f{number}", order.id, "sim-1", order.symbol, order.side, quantity, PRICE,
        PRICE * quantity, Decimal("5.00"), NOW,
    )  # fmt: skip


def listed(order, state, *fills, tag="", **changes):
    filled = sum(each.quantity for each in fills)
    average = PRICE if filled else None
    return replace(
        ListedOrder(
            tag or order.tag, f"broker-of-{order.id}", "sim-1", order.symbol, order.side, 300,
            PRICE, state, filled, average, NOW, fills,
        ),
        **changes,
    )  # fmt: skip


async def test_orders_are_refused_while_the_terminal_is_away_and_no_key_is_used(desk):
    known = await desk.trading.submit(ticket())
    await desk.link(connected=False)
    assert desk.trading.state is TradingState.DISCONNECTED
    with pytest.raises(TradingDisabled) as caught:
        await desk.trading.submit(ticket("k2"))
    assert (caught.value.reason, caught.value.retryable) == (Reason.TERMINAL_DISCONNECTED, True)
    assert (await desk.trading.submit(ticket())).order == known.order
    with pytest.raises(TradingDisabled) as caught:
        await desk.trading.cancel(OrderKey("sim-1", client_order_id="k1"))
    assert caught.value.reason is Reason.TERMINAL_DISCONNECTED
    assert desk.terminal.withdrawn == []
    assert await desk.trading.recall(ticket("k2")) is None
    await desk.link(connected=True)
    await until(lambda: desk.trading.state is TradingState.ACTIVE)
    assert not (await desk.trading.submit(ticket("k2"))).replayed
    assert len(desk.terminal.placed) == 2


async def test_what_happened_while_it_was_away_is_taken_from_its_list(desk):
    order = (await desk.trading.submit(ticket())).order
    await desk.link(connected=False)
    fills = fill(order, 1, 100), fill(order, 2, 200)
    desk.terminal.listed = [listed(order, S.FILLED, *fills)]
    await desk.link(connected=True)
    await until(lambda: desk.trading.state is TradingState.ACTIVE)
    found = await desk.find(order)
    assert (found.state, found.filled_quantity, found.average_price) == (S.FILLED, 300, PRICE)
    assert desk.states() == [S.ACCEPTED, S.SENT, S.WORKING, S.PARTIALLY_FILLED, S.FILLED]
    assert [each.fill.id for each in desk.events() if each.fill] == ["f1", "f2"]


async def test_nothing_is_sent_before_the_lists_are_compared(desk):
    await desk.trading.submit(ticket())
    await desk.link(connected=False)
    desk.terminal.list_failure = Unavailable(Reason.SOURCE_UNAVAILABLE, "slow")
    await desk.link(connected=True)
    await until(lambda: desk.terminal.asked_lists == 1)
    assert desk.trading.state is TradingState.RECONCILING
    with pytest.raises(TradingDisabled) as caught:
        await desk.trading.submit(ticket("k2"))
    assert (caught.value.reason, caught.value.retryable) == (Reason.RECONCILING, True)
    assert not caught.value.message_zh.isascii()
    asked = await desk.trading.cancel(OrderKey("sim-1", client_order_id="k1"))
    assert asked.state is S.PENDING_CANCEL
    desk.terminal.list_failure = None
    await until(lambda: any(seconds == 1.0 for seconds, _ in desk.naps.waiting))
    desk.naps.end()
    await until(lambda: desk.trading.state is TradingState.ACTIVE)


async def test_streams_hear_of_a_lost_link_at_once(desk):
    async with aclosing(desk.trading.events(LogCursor("sim-1"))) as events:
        assert (await anext(events)).kind is StreamKind.CAUGHT_UP
        waiting = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
        desk.say(LinkChange(False, NOW))
        beat = await asyncio.wait_for(waiting, 2)  # an ordinary heartbeat takes five seconds
        assert (beat.kind, beat.source.connected) == (StreamKind.HEARTBEAT, False)
        desk.say(LinkChange(True, NOW))
        assert (await asyncio.wait_for(anext(events), 2)).source.connected is True


async def test_a_lost_report_is_found_in_the_list_sooner_or_later(desk):
    order = (await desk.trading.submit(ticket())).order
    desk.terminal.listed = [listed(order, S.CANCELED, fill(order, 1, 100))]
    await until(lambda: desk.naps.waiting)
    assert desk.naps.waiting[-1][0] == 15.0
    desk.naps.end()
    await until(lambda: S.CANCELED in desk.states())
    found = await desk.find(order)
    assert (found.filled_quantity, found.broker_order_id) == (100, "broker-1")
    await until(lambda: desk.naps.waiting)


async def test_a_list_that_is_compared_again_is_no_news(desk):
    order = (await desk.trading.submit(ticket())).order
    desk.terminal.listed = [listed(order, S.PARTIALLY_FILLED, fill(order, 1, 100))]
    written, record = [], desk.journal.record
    desk.journal.record = lambda entries: written.append(entries) or record(entries)
    for asked in (1, 2, 3):
        await until(lambda: desk.naps.waiting)
        desk.naps.end()
        await until(lambda asked=asked: desk.terminal.asked_lists == asked)
    await until(lambda: desk.naps.waiting)
    assert desk.states() == [S.ACCEPTED, S.SENT, S.WORKING, S.PARTIALLY_FILLED]
    assert len(written) == 1  # the file is not asked what is known


async def test_a_fill_that_was_reported_before_the_rest_was_lost_counts_once(desk):
    order = (await desk.trading.submit(ticket())).order
    first, second = fill(order, 1, 100), fill(order, 2, 200)
    desk.say(report(order, S.PARTIALLY_FILLED, 100, first))
    await until(lambda: S.PARTIALLY_FILLED in desk.states())
    desk.terminal.listed = [listed(order, S.FILLED, first, second)]
    desk.trading.compare()
    await until(lambda: S.FILLED in desk.states())
    assert [each.fill.id for each in desk.events() if each.fill] == ["f1", "f2"]
    assert (await desk.find(order)).filled_quantity == 300


async def test_an_order_is_found_by_our_tag_and_by_nothing_else(desk):
    desk.terminal.failure = FateUnknownError("-1")
    order = (await desk.trading.submit(ticket())).order
    same = listed(order, S.FILLED, fill(order, 1, 300))
    desk.terminal.listed = [
        replace(same, tag=None),
        replace(same, tag=order.id),
        replace(same, tag=order.tag[:-1]),
    ]
    desk.trading.compare()
    await until(lambda: desk.terminal.asked_lists == 1 and desk.naps.waiting)
    assert (await desk.find(order)).state is S.UNKNOWN


async def test_a_report_without_an_id_has_the_list_asked(desk):
    order = (await desk.trading.submit(ticket())).order
    refusal = OrderRefused(Reason.TERMINAL_REFUSED, "no", zh="废单")
    desk.terminal.listed = [listed(order, S.REJECTED, refusal=refusal)]
    desk.say(ExecutionReport(None, "sim-1", S.REJECTED, 0, None, NOW))
    await until(lambda: S.REJECTED in desk.states())
    found = await desk.find(order)
    assert (found.reject_code, found.reject_message_zh) == ("TERMINAL_REFUSED", "废单")


async def test_a_status_that_means_nothing_has_the_list_asked_once(desk):
    order = (await desk.trading.submit(ticket())).order
    desk.terminal.listed = [listed(order, S.UNKNOWN)]
    desk.say(report(order, S.UNKNOWN))
    await until(lambda: desk.terminal.asked_lists == 1 and desk.naps.waiting)
    assert (await desk.find(order)).state is S.WORKING
    assert desk.terminal.asked_lists == 1


async def test_a_silent_terminal_leaves_the_order_unknown_and_its_late_answer_counts(tmp_path):
    async with Desk(tmp_path, answer_seconds=0.01) as desk:
        desk.terminal.gate.clear()
        assert (await desk.trading.submit(ticket())).order.state is S.UNKNOWN
        assert (await desk.trading.submit(ticket())).replayed
        desk.terminal.gate.set()
        await until(lambda: S.WORKING in desk.states())
        assert desk.states() == [S.ACCEPTED, S.SENT, S.UNKNOWN, S.WORKING]
        assert len(desk.terminal.placed) == 1


@pytest.mark.parametrize("state", [S.FILLED, S.REJECTED])
async def test_a_callback_that_ends_an_order_answers_its_caller_though_the_call_is_silent(
    tmp_path, state
):
    async with Desk(tmp_path, answer_seconds=0.05) as desk:
        desk.terminal.gate.clear()
        sent = asyncio.create_task(desk.trading.submit(ticket()))
        await until(lambda: desk.terminal.placed)
        desk.say(report(desk.terminal.placed[0], state, 300 if state is S.FILLED else 0))
        async with asyncio.timeout(5):
            if state is S.FILLED:
                assert (await sent).order.state is state
            else:
                with pytest.raises(OrderRefused):
                    await sent
        assert desk.states() == [S.ACCEPTED, S.SENT, state]
        desk.terminal.gate.set()


async def test_a_late_refusal_ends_an_order_that_was_unknown(tmp_path):
    async with Desk(tmp_path, answer_seconds=0.01) as desk:
        desk.terminal.gate.clear()
        await desk.trading.submit(ticket())
        desk.terminal.failure = OrderRefused(Reason.INSUFFICIENT_CASH, "no money")
        desk.terminal.gate.set()
        await until(lambda: S.REJECTED in desk.states())
        with pytest.raises(OrderRefused, match="no money"):
            await desk.trading.submit(ticket())


async def test_an_unknown_order_comes_alive_by_its_report_with_the_terminals_id(desk):
    desk.terminal.failure = FateUnknownError("timeout")
    order = (await desk.trading.submit(ticket())).order
    assert (order.state, order.broker_order_id) == (S.UNKNOWN, None)
    desk.say(report(order, S.WORKING, broker_order_id="b9"))
    await until(lambda: S.WORKING in desk.states())
    assert (await desk.find(order)).broker_order_id == "b9"
    assert desk.states() == [S.ACCEPTED, S.SENT, S.UNKNOWN, S.WORKING]


async def test_the_cancel_of_an_unknown_order_is_asked_and_not_claimed(desk):
    desk.terminal.failure = FateUnknownError("timeout")
    key = OrderKey("sim-1", client_order_id="k1")
    await desk.trading.submit(ticket())
    assert (await desk.trading.cancel(key)).state is S.UNKNOWN
    desk.terminal.failure = OrderRefused(Reason.ORDER_NOT_CANCELABLE, "not here")
    with pytest.raises(OrderRefused, match="may still come alive") as caught:
        await desk.trading.cancel(key)
    assert caught.value.reason is Reason.ORDER_NOT_CANCELABLE
    assert caught.value.details == {"state": "UNKNOWN"}
    desk.terminal.failure = None
    assert (await desk.trading.cancel(key)).state is S.PENDING_CANCEL
    assert desk.states() == [S.ACCEPTED, S.SENT, S.UNKNOWN, S.PENDING_CANCEL]


async def test_a_cancel_that_nobody_answers_was_asked(tmp_path):
    async with Desk(tmp_path, answer_seconds=0.01) as desk:
        await desk.trading.submit(ticket())
        desk.terminal.gate.clear()
        asked = await desk.trading.cancel(OrderKey("sim-1", client_order_id="k1"))
        assert asked.state is S.PENDING_CANCEL
        desk.terminal.gate.set()


async def test_a_cancel_that_fails_halfway_was_asked(desk):
    await desk.trading.submit(ticket())
    desk.terminal.failure = FateUnknownError("-1")
    asked = await desk.trading.cancel(OrderKey("sim-1", client_order_id="k1"))
    assert asked.state is S.PENDING_CANCEL


async def test_a_refused_cancel_has_the_list_asked_why(desk):
    order = (await desk.trading.submit(ticket())).order
    desk.terminal.failure = OrderRefused(Reason.ORDER_NOT_CANCELABLE, "gone")
    desk.terminal.listed = [listed(order, S.FILLED, fill(order, 1, 300))]
    with pytest.raises(OrderRefused, match="gone"):
        await desk.trading.cancel(OrderKey("sim-1", order.id))
    await until(lambda: S.FILLED in desk.states())


async def test_an_order_that_met_a_lost_link_was_not_sent(desk):
    desk.terminal.failure = OrderRefused(Reason.NOT_SENT, "away")
    for _ in range(2):
        with pytest.raises(OrderRefused) as caught:
            await desk.trading.submit(ticket())
        assert caught.value.reason is Reason.NOT_SENT
    assert desk.states() == [S.ACCEPTED, S.SENT, S.REJECTED]


async def test_a_known_fill_does_not_hide_the_state_it_comes_with(desk):
    order = (await desk.trading.submit(ticket())).order
    only = fill(order, 1, 300)
    desk.say(report(order, S.PARTIALLY_FILLED, 300, only), report(order, S.FILLED, 300, only))
    await until(lambda: S.FILLED in desk.states())
    assert [each.fill.id for each in desk.events() if each.fill] == ["f1"]


async def test_orders_of_an_earlier_run_are_compared_until_that_succeeds(desk):
    order = replace((await desk.trading.submit(ticket())).order, id="o9", client_order_id="k9")
    desk.journal.record([Intent(order, "digest")])  # this run has not heard of it
    desk.terminal.listed = [listed(order, S.CANCELED)]
    desk.terminal.list_failure = Unavailable(Reason.SOURCE_UNAVAILABLE, "slow")
    for asked in (1, 2):
        await until(lambda: desk.naps.waiting)
        desk.naps.end()
        await until(lambda asked=asked: desk.terminal.asked_lists == asked)
        desk.terminal.list_failure = None
    await until(lambda: desk.states()[-1] is S.CANCELED)


async def test_orders_of_another_journal_are_compared_as_well(desk):
    order = (await desk.trading.submit(ticket())).order
    await until(lambda: desk.naps.waiting)
    desk.naps.end()
    await until(lambda: desk.terminal.asked_lists == 1 and desk.naps.waiting)
    await desk.trading.start_over("e2")
    desk.journal.record([Intent(order, "digest")])
    desk.terminal.listed = [listed(order, S.CANCELED)]
    desk.naps.end()
    await until(lambda: desk.states() == [S.WORKING, S.CANCELED])
