"""Orders through guard and journal, over the simulated terminal or one that misbehaves."""

import asyncio
import threading
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.accounts import Account, AccountStatus
from quantgraph.domain.errors import (
    EpochChanged,
    IdempotencyConflict,
    InvalidRequest,
    LimitReached,
    NotFound,
    OrderRefused,
    Unavailable,
)
from quantgraph.domain.journal import Intent
from quantgraph.domain.orders import (
    Destination,
    Fill,
    OrderKey,
    OrderState,
    OrderTicket,
    Side,
    Submission,
)
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor, StreamKind
from quantgraph.domain.terminal import ExecutionReport, PlacedOrder
from quantgraph.domain.transitions import after_report, is_news
from quantgraph.services import errands
from quantgraph.services.desk import OrderDesk
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.workers import Workers
from tests.services.journals import quick_journal
from tests.waiting import until

NOW = datetime(2023, 2, 1, 1, 30, tzinfo=UTC)


class Clock:
    """A clock that moves only when told."""

    time = NOW

    def now(self):
        return self.time


class Ids:
    count = 0

    def new(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"


class Terminal:
    """A terminal whose behaviour a test chooses; it counts what reaches it."""

    def __init__(self):
        self.placed, self.withdrawn = [], []
        self.refusal = self.failure = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.queue = asyncio.Queue()
        self.journal_at_place = None
        self.journal = None

    async def place(self, order):
        self.placed.append(order)
        self.journal_at_place = self.journal.find(OrderKey(order.account_id, order.id))
        await self.gate.wait()
        if self.refusal or self.failure:
            raise self.refusal or self.failure
        return PlacedOrder(f"broker-{len(self.placed)}")

    async def withdraw(self, order):
        self.withdrawn.append(order)

    async def reports(self):
        while (report := await self.queue.get()) is not None:
            yield report

    async def accounts(self):
        return [Account("sim-1", "One", "test", AccountStatus.CONNECTED)]


class Desk:
    """A journalled terminal in a running loop."""

    def __init__(self, path, in_flight=1_000):
        self.terminal, self.clock = Terminal(), Clock()
        self.journal = self.terminal.journal = quick_journal(path)
        self.workers = Workers(2, 64)
        desk = OrderDesk(
            self.workers, self.clock, Ids(), Destination.SIMULATED, "mock_order_", "one", in_flight
        )
        self.trading = JournaledTrading(self.journal, self.terminal, self.terminal, desk)

    async def __aenter__(self):
        self.trading.start()
        return self

    async def __aexit__(self, *_):
        await self.trading.close()
        self.workers.close()
        self.journal.close()

    def states(self):
        return [event.order.state for event in self.journal.events("sim-1", 0, 1000)]


@pytest.fixture
async def desk(tmp_path):
    async with Desk(tmp_path) as desk:
        yield desk


def ticket(key="k1", **changes):
    base = OrderTicket("sim-1", key, "600519.SH", Side.BUY, 300, limit_price=Decimal("1800.00"))
    return replace(base, **changes)


def report(order, state, filled=0, fill=None, **changes):
    price = Decimal("1800.00") if filled else None
    return ExecutionReport(order.tag, "sim-1", state, filled, price, NOW, fill, **changes)


def fill(order, number, quantity):
    price = Decimal("1800.00")
    return Fill(
        f"f{number}", order.id, "sim-1", order.symbol, order.side, quantity, price,
        price * quantity, Decimal("5.00"), NOW,
    )  # fmt: skip


async def test_the_intent_is_in_the_journal_before_the_terminal_hears_of_it(desk):
    done = await desk.trading.submit(ticket())
    assert desk.terminal.journal_at_place.state is OrderState.SENT
    assert done.order.state is OrderState.WORKING
    assert done.order.broker_order_id == "broker-1"
    assert desk.states() == [OrderState.ACCEPTED, OrderState.SENT, OrderState.WORKING]


async def test_a_thousand_submits_of_one_key_send_one_order(desk):
    done = await asyncio.gather(*(desk.trading.submit(ticket()) for _ in range(1000)))
    assert len(desk.terminal.placed) == 1
    assert sum(not each.replayed for each in done) == 1
    assert {each.order.id for each in done} == {"mock_order_1"} | {
        each.order.id for each in done if each.replayed
    }


@pytest.mark.parametrize(
    "change",
    [
        {"symbol": "000001.SZ"},
        {"side": Side.SELL},
        {"quantity": 400},
        {"limit_price": Decimal("1800.01")},
        {"note": "x"},
        {"strategy": "x"},
        {"expires_at": NOW + timedelta(days=1)},
    ],
    ids=str,
)
async def test_the_same_key_with_another_body_is_a_conflict(desk, change):
    await desk.trading.submit(ticket())
    with pytest.raises(IdempotencyConflict):
        await desk.trading.submit(ticket(**change))
    with pytest.raises(IdempotencyConflict):
        await desk.trading.recall(ticket(**change))
    with pytest.raises(IdempotencyConflict):
        desk.trading.recent(ticket(**change))
    assert len(desk.terminal.placed) == 1


async def test_a_price_written_differently_is_the_same_body(desk):
    await desk.trading.submit(ticket(limit_price=Decimal("1800.0")))
    assert (await desk.trading.submit(ticket(limit_price=Decimal("1800.00")))).replayed


async def test_a_repeat_is_told_how_its_order_stands_by_now_without_a_question(desk, monkeypatch):
    assert desk.trading.recent(ticket()) is None
    order = (await desk.trading.submit(ticket())).order
    await until(lambda: desk.trading.recent(ticket()) is not None)
    monkeypatch.setattr(desk.journal, "record", None)
    monkeypatch.setattr(desk.journal, "recall", None)
    assert desk.trading.recent(ticket()) == Submission(order, replayed=True)
    monkeypatch.undo()
    desk.terminal.queue.put_nowait(report(order, OrderState.FILLED, 300))
    # None while the report is on its way to the journal, which knows better then.
    known = Submission(order, replayed=True)
    await until(lambda: (desk.trading.recent(ticket()) or known).order.state is OrderState.FILLED)
    assert desk.trading.recent(ticket(key="k2")) is None
    assert desk.trading.recent(replace(ticket(), account_id="sim-2")) is None


async def test_while_a_report_is_on_its_way_to_the_journal_memory_says_nothing(desk, monkeypatch):
    order = (await desk.trading.submit(ticket())).order
    await until(lambda: desk.trading.recent(ticket()) is not None)
    asked, disk, record = threading.Event(), threading.Event(), desk.journal.record

    def held(entries):
        asked.set()
        assert disk.wait(10)
        return record(entries)

    monkeypatch.setattr(desk.journal, "record", held)
    desk.terminal.queue.put_nowait(report(order, OrderState.FILLED, 300))
    try:
        await until(asked.is_set)
        assert desk.trading.recent(ticket()) is None
    finally:
        disk.set()
    await until(lambda: desk.trading.recent(ticket()) is not None)
    assert desk.trading.recent(ticket()).order.state is OrderState.FILLED


async def test_in_another_world_no_key_was_used(desk):
    await desk.trading.submit(ticket())
    await desk.trading.start_over("epoch-2")
    assert desk.trading.recent(ticket()) is None
    assert not (await desk.trading.submit(ticket())).replayed


async def test_a_refusal_of_the_terminal_is_told_again_to_every_repeat(desk):
    desk.terminal.refusal = OrderRefused(Reason.INSUFFICIENT_CASH, "no money", zh="没钱")
    for _ in range(2):
        with pytest.raises(OrderRefused) as caught:
            await desk.trading.submit(ticket())
        assert caught.value.reason is Reason.INSUFFICIENT_CASH
        assert (caught.value.message, caught.value.message_zh) == ("no money", "没钱")
    with pytest.raises(OrderRefused, match="no money"):
        desk.trading.recent(ticket())
    assert len(desk.terminal.placed) == 1
    assert desk.states() == [OrderState.ACCEPTED, OrderState.SENT, OrderState.REJECTED]


@pytest.mark.parametrize("failure", [TimeoutError(), ConnectionError(), ValueError("-1")], ids=repr)
async def test_anything_but_a_proven_refusal_is_unknown_and_never_resent(desk, failure):
    desk.terminal.failure = failure
    assert (await desk.trading.submit(ticket())).order.state is OrderState.UNKNOWN
    desk.terminal.failure = None
    assert (await desk.trading.submit(ticket())).order.state is OrderState.UNKNOWN
    assert len(desk.terminal.placed) == 1


async def test_a_caller_that_gives_up_leaves_no_order_half_done(desk):
    desk.terminal.gate.clear()
    submitting = asyncio.create_task(desk.trading.submit(ticket()))
    while not desk.terminal.placed:
        await asyncio.sleep(0)
    submitting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await submitting
    desk.terminal.gate.set()
    await desk.trading.close()
    assert desk.states() == [OrderState.ACCEPTED, OrderState.SENT, OrderState.WORKING]


async def test_a_caller_that_gives_up_at_once_leaves_no_order_unsent(desk):
    submitting = asyncio.create_task(desk.trading.submit(ticket()))
    while not desk.states():
        await asyncio.sleep(0)
    submitting.cancel()
    await desk.trading.close()
    assert len(desk.terminal.placed) == 1
    assert desk.states()[-1] is OrderState.WORKING


async def test_an_order_is_not_sent_after_its_validity(desk):
    done = await desk.trading.submit(ticket(expires_at=NOW))
    assert done.order.state is OrderState.EXPIRED
    assert desk.terminal.placed == []


async def test_reports_change_the_order_once_however_often_they_come(desk):
    order = (await desk.trading.submit(ticket())).order
    partial = report(order, OrderState.PARTIALLY_FILLED, 100, fill(order, 1, 100))
    whole = report(order, OrderState.FILLED, 300, fill(order, 2, 200))
    async with aclosing(desk.trading.events(LogCursor("sim-1", "e1", 3))) as events:
        assert (await anext(events)).kind is StreamKind.CAUGHT_UP
        for each in (partial, partial, whole, partial, whole):
            desk.terminal.queue.put_nowait(each)
        seen = [await anext(events), await anext(events)]
    assert [event.fill.id for event in seen] == ["f1", "f2"]
    last = await desk.trading.order(OrderKey("sim-1", order.id))
    assert (last.state, last.filled_quantity) == (OrderState.FILLED, 300)


async def test_a_report_that_is_no_news_of_an_open_order_asks_no_journal(desk):
    order = (await desk.trading.submit(ticket())).order
    jobs = []
    record = desk.journal.record
    desk.journal.record = lambda entries: jobs.append(entries) or record(entries)
    for _ in range(3):
        desk.terminal.queue.put_nowait(report(order, OrderState.WORKING))
    desk.terminal.queue.put_nowait(report(order, OrderState.FILLED, 300, fill(order, 1, 300)))
    while OrderState.FILLED not in desk.states():
        await asyncio.sleep(0)
    assert len(jobs) == 1
    assert desk.states() == [
        OrderState.ACCEPTED,
        OrderState.SENT,
        OrderState.WORKING,
        OrderState.FILLED,
    ]


async def test_workers_that_are_all_busy_keep_no_order_and_no_outcome(desk):
    gate = threading.Event()
    # What the desk asks when it opens takes a place as well.
    await until(lambda: not desk.workers._busy)
    desk.workers._limit = 2
    busy = [asyncio.create_task(desk.workers.run(gate.wait, 10)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(LimitReached):
        await desk.trading.order(OrderKey("sim-1", client_order_id="k1"))
    try:
        assert (await desk.trading.submit(ticket())).order.state is OrderState.WORKING
    finally:
        gate.set()
        await asyncio.gather(*busy)
    assert desk.states() == [OrderState.ACCEPTED, OrderState.SENT, OrderState.WORKING]


async def test_more_orders_than_have_a_place_are_refused_unsent(tmp_path):
    async with Desk(tmp_path, in_flight=2) as desk:
        desk.terminal.gate.clear()
        sent = [asyncio.create_task(desk.trading.submit(ticket(key))) for key in ("k1", "k2")]
        while len(desk.terminal.placed) < 2:
            await asyncio.sleep(0)
        with pytest.raises(LimitReached) as caught:
            await desk.trading.submit(ticket("k3"))
        assert caught.value.reason is Reason.OVERLOADED
        # cancels have places of their own
        await desk.trading.cancel(OrderKey("sim-1", client_order_id="k1"))
        assert len(desk.terminal.withdrawn) == 1
        desk.terminal.gate.set()
        await asyncio.gather(*sent)
        assert len(desk.terminal.placed) == 2
        assert not (await desk.trading.submit(ticket("k3"))).replayed


async def test_an_outcome_waits_for_a_disk_that_takes_nothing(desk):
    desk.terminal.gate.clear()
    desk.trading._recorder._pause = 0.01
    sent = asyncio.create_task(desk.trading.submit(ticket()))
    while not desk.terminal.placed:
        await asyncio.sleep(0)
    database = desk.journal._recording._db
    database.execute("PRAGMA query_only = ON")
    failed = watch_refusals(desk.journal)
    desk.terminal.gate.set()
    await failed.wait()
    # meanwhile nothing new is sent
    with pytest.raises(Unavailable, match="Nothing was sent"):
        await desk.trading.submit(ticket("k2"))
    assert not sent.done()
    database.execute("PRAGMA query_only = OFF")
    assert (await sent).order.state is OrderState.WORKING
    assert [each.client_order_id for each in desk.terminal.placed] == ["k1"]
    assert desk.states() == [OrderState.ACCEPTED, OrderState.SENT, OrderState.WORKING]


async def test_a_gateway_that_stops_waits_for_no_broken_disk(desk, monkeypatch):
    monkeypatch.setattr(errands, "_GRACE_S", 0.01)
    desk.terminal.gate.clear()
    sent = asyncio.create_task(desk.trading.submit(ticket()))
    while not desk.terminal.placed:
        await asyncio.sleep(0)
    desk.journal._recording._db.execute("PRAGMA query_only = ON")
    failed = watch_refusals(desk.journal)
    desk.terminal.gate.set()
    await failed.wait()
    await desk.trading.close()
    with pytest.raises(Unavailable, match=r"cannot be written: .*database\.$"):
        await sent
    # known as SENT and not as WORKING: the next start has to ask the terminal
    assert desk.states() == [OrderState.ACCEPTED, OrderState.SENT]


async def test_a_gateway_that_stops_waits_for_no_silent_terminal(desk, monkeypatch):
    monkeypatch.setattr(errands, "_GRACE_S", 0.01)
    desk.terminal.gate.clear()
    sent = asyncio.create_task(desk.trading.submit(ticket()))
    while not desk.terminal.placed:
        await asyncio.sleep(0)
    await desk.trading.close()
    with pytest.raises(asyncio.CancelledError):
        await sent
    # sent, and nobody knows what became of it: the next start has to ask the terminal
    assert desk.states() == [OrderState.ACCEPTED, OrderState.SENT]


def watch_refusals(journal):
    """Return an event that is set once the journal could not write something."""
    loop, failed, record = asyncio.get_running_loop(), asyncio.Event(), journal.record

    def watched(entries):
        found = record(entries)
        if any(isinstance(each, Unavailable) for each in found):
            loop.call_soon_threadsafe(failed.set)
        return found

    journal.record = watched
    return failed


async def test_orders_submitted_together_are_each_journalled_before_they_are_sent(desk):
    tickets = [ticket(f"k{number}") for number in range(40)]
    commits: list[str] = []
    # A trace runs in the worker's thread; a list takes appends from any.
    desk.journal._recording._db.set_trace_callback(commits.append)
    seen = []
    place = desk.terminal.place

    async def checked(order):
        placed = await place(order)
        seen.append(desk.terminal.journal_at_place is not None)
        return placed

    desk.terminal.place = checked
    await asyncio.gather(*(desk.trading.submit(each) for each in tickets))
    desk.journal._recording._db.set_trace_callback(None)
    assert seen == [True] * 40
    assert commits.count("COMMIT") < 40
    found = [event.order for event in desk.journal.events("sim-1", 0, 1000)]
    assert len(found) == 120
    for number in range(40):
        states = [each.state for each in found if each.client_order_id == f"k{number}"]
        assert states == [OrderState.ACCEPTED, OrderState.SENT, OrderState.WORKING]


async def test_a_fill_that_overtakes_the_answer_is_not_undone_by_it(desk):
    desk.terminal.gate.clear()
    submitting = asyncio.create_task(desk.trading.submit(ticket()))
    while not desk.terminal.placed:
        await asyncio.sleep(0)
    [placed] = desk.terminal.placed
    desk.terminal.queue.put_nowait(report(placed, OrderState.FILLED, 300, fill(placed, 1, 300)))
    while OrderState.FILLED not in desk.states():
        await asyncio.sleep(0)
    desk.terminal.gate.set()
    order = (await submitting).order
    assert (order.state, order.filled_quantity) == (OrderState.FILLED, 300)
    assert order.broker_order_id == "broker-1"


async def test_a_cancel_is_recorded_as_asked_until_the_terminal_confirms(desk):
    order = (await desk.trading.submit(ticket())).order
    asked = await desk.trading.cancel(OrderKey("sim-1", client_order_id="k1"))
    assert asked.state is OrderState.PENDING_CANCEL
    desk.terminal.queue.put_nowait(report(order, OrderState.CANCELED))
    # The file has it before the loop hears of it.
    await until(lambda: not desk.trading._outcomes.known(order.id))
    assert desk.states()[-1] is OrderState.CANCELED
    with pytest.raises(OrderRefused) as caught:
        await desk.trading.cancel(OrderKey("sim-1", order.id))
    assert caught.value.reason is Reason.ORDER_NOT_CANCELABLE


@pytest.mark.parametrize("names", [{"id"}, {"client_order_id"}])
async def test_an_open_order_is_canceled_without_a_question_to_the_file(desk, monkeypatch, names):
    order = (await desk.trading.submit(ticket())).order
    monkeypatch.setattr(desk.journal, "find", None)
    key = OrderKey("sim-1", **{name: getattr(order, name) for name in names})
    assert (await desk.trading.cancel(key)).state is OrderState.PENDING_CANCEL


async def test_an_open_order_is_found_under_one_id_of_its_own_account_alone(desk):
    order = (await desk.trading.submit(ticket())).order
    with pytest.raises(NotFound):
        await desk.trading.cancel(OrderKey("sim-2", order.id))
    with pytest.raises(InvalidRequest):
        await desk.trading.cancel(OrderKey("sim-1", order.id, "k1"))
    with pytest.raises(InvalidRequest):
        await desk.trading.cancel(OrderKey("sim-1"))


async def test_unknown_orders_and_accounts_have_their_own_codes(desk):
    with pytest.raises(NotFound) as caught:
        await desk.trading.cancel(OrderKey("sim-1", "none"))
    assert caught.value.reason is Reason.ORDER_NOT_FOUND
    with pytest.raises(NotFound) as caught:
        await desk.trading.submit(ticket(account_id="nobody"))
    assert caught.value.reason is Reason.UNKNOWN_ACCOUNT


STATES = [state for state in OrderState if state is not OrderState.PENDING_APPROVAL]


@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=6))
def test_reports_in_any_order_and_number_end_the_same(order_of, repeats):
    """A trace of a partially filled, then cancelled order, shuffled and repeated."""
    start = _accepted()
    trace = [
        report(start, OrderState.WORKING),
        report(start, OrderState.PARTIALLY_FILLED, 100),
        report(start, OrderState.PARTIALLY_FILLED, 200),
        report(start, OrderState.PENDING_CANCEL, 200),
        report(start, OrderState.CANCELED, 200),
        report(start, OrderState.WORKING),
    ]
    after = start
    for place in [*order_of, *repeats]:
        after = after_report(after, trace[place]) or after
    assert (after.state, after.filled_quantity) == (OrderState.CANCELED, 200)


@given(st.lists(st.tuples(st.sampled_from(STATES), st.integers(0, 300)), max_size=12))
def test_no_report_takes_back_a_final_state_or_a_fill(changes):
    order = _accepted()
    for state, filled in changes:
        told = report(order, state, filled)
        changed = after_report(order, told)
        assert is_news(order, told) is (changed is not None)
        after = changed or order
        assert after.filled_quantity >= order.filled_quantity
        if order.state.final:
            assert after.state is order.state
        order = after


def _accepted():
    from quantgraph.domain.orders import Order, Origin, PriceType

    return Order(
        id="o1", account_id="sim-1", client_order_id="k1", broker_order_id=None,
        symbol="600519.SH", side=Side.BUY, price_type=PriceType.LIMIT,
        limit_price=Decimal("1800.00"), quantity=300, filled_quantity=0, average_price=None,
        state=OrderState.ACCEPTED, destination=Destination.SIMULATED, origin=Origin.OURS,
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip


async def test_a_new_epoch_ends_the_streams_of_the_old_one(desk):
    await desk.trading.submit(ticket())
    async with aclosing(desk.trading.events(LogCursor("sim-1", "e1", 3))) as events:
        await anext(events)
        waiting = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
        await desk.trading.start_over("e2")
        with pytest.raises(Exception, match="'e1' is over") as caught:
            await waiting
    assert caught.value.reason is Reason.EPOCH_CHANGED


async def test_open_orders_of_an_old_epoch_leave_no_locks_behind(desk):
    known = (await desk.trading.submit(ticket())).order
    desk.terminal.queue.put_nowait(report(known, OrderState.PARTIALLY_FILLED, 100))
    while OrderState.PARTIALLY_FILLED not in desk.states():
        await asyncio.sleep(0)
    await desk.trading.start_over("e2")
    assert not list(desk.trading._outcomes._locks)


async def test_a_log_that_starts_over_while_it_is_read_gives_no_event_of_the_new_one(desk):
    await desk.trading.submit(ticket())
    events = desk.journal.events

    def late(*asked):
        desk.journal.events = events
        desk.journal.start_over("e2")
        desk.journal.record([Intent(_accepted(), "d")])
        return events(*asked)

    desk.journal.events = late
    async with aclosing(desk.trading.events(LogCursor("sim-1", "e1", 0))) as stream:
        with pytest.raises(EpochChanged):
            await anext(stream)


async def test_a_drained_stream_says_where_to_go_on(desk):
    await desk.trading.submit(ticket())
    async with aclosing(desk.trading.events(LogCursor("sim-1", None, 0))) as events:
        for _ in range(4):
            await anext(events)
        waiting = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
        desk.trading.drain()
        with pytest.raises(Exception, match="go on later after sequence 3") as caught:
            await waiting
    assert caught.value.reason is Reason.SHUTTING_DOWN


@pytest.mark.parametrize(
    "cursor",
    [("e1", 4), ("e1", 999_999), ("e1", 2**63 - 1), ("e1", -1), (None, -1), (None, 1), (None, 2)],
    ids=str,
)
async def test_a_cursor_that_the_log_never_gave_is_refused(desk, cursor):
    await desk.trading.submit(ticket())
    with pytest.raises(InvalidRequest, match="sequence") as caught:
        await anext(desk.trading.events(LogCursor("sim-1", *cursor)))
    assert caught.value.details["field"] == "after_sequence"


async def test_the_whole_log_needs_no_epoch(desk):
    await desk.trading.submit(ticket())
    async with aclosing(desk.trading.events(LogCursor("sim-1", None, 0))) as events:
        seen = [await anext(events) for _ in range(4)]
    assert [each.sequence for each in seen] == [1, 2, 3, 3]


async def test_a_cursor_beyond_a_log_that_started_over_is_one_of_another_epoch(desk):
    await desk.trading.submit(ticket())
    await desk.trading.start_over("e2")
    with pytest.raises(EpochChanged):
        await anext(desk.trading.events(LogCursor("sim-1", "e1", 3)))


@pytest.mark.parametrize("ids", [{"id": ""}, {"client_order_id": ""}], ids=str)
async def test_an_empty_id_is_told_as_it_was_given(desk, ids):
    with pytest.raises(NotFound, match="has no order ''"):
        await desk.trading.cancel(OrderKey("sim-1", **ids))


async def test_cut_at_every_sequence_the_log_joins_again(desk):
    for number in range(5):
        await desk.trading.submit(ticket(f"k{number}"))

    async def read(after):
        found = []
        async with aclosing(desk.trading.events(LogCursor("sim-1", "e1", after))) as events:
            async for event in events:
                if event.kind is StreamKind.CAUGHT_UP:
                    return found
                found.append(event)
        return None

    whole = await read(0)
    assert [event.sequence for event in whole] == list(range(1, 16))
    for cut in range(16):
        assert whole[:cut] + await read(cut) == whole
