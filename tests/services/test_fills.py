"""Fills out of the journal, as both wires ask for them."""

from contextlib import aclosing

import pytest

from quantgraph.domain.errors import GatewayError, InvalidRequest, NotFound
from quantgraph.domain.orders import FillQuery, OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor, StreamKind
from quantgraph.services import fills
from quantgraph.services.fills import JournalledFills
from tests.services.test_orders import Desk, fill, report, ticket


@pytest.fixture
async def traded(tmp_path):
    """A desk with two orders; the first has two fills, the second one."""
    async with Desk(tmp_path) as desk:
        desk.orders = [(await desk.trading.submit(ticket(key))).order for key in ("k1", "k2")]
        first, second = desk.orders
        state = OrderState.PARTIALLY_FILLED
        desk.terminal.queue.put_nowait(report(first, state, 100, fill(first, 1, 100)))
        desk.terminal.queue.put_nowait(report(second, state, 50, fill(second, 2, 50)))
        desk.terminal.queue.put_nowait(report(first, state, 150, fill(first, 3, 50)))
        desk.fills = JournalledFills(desk.journal, desk.terminal, desk.workers, desk.trading.events)
        while len((await desk.fills.fills(FillQuery("sim-1"))).fills) < 3:
            pass
        yield desk


async def test_each_order_has_its_own_fills_oldest_first(traded):
    first, second = (each.id for each in traded.orders)
    found = await traded.fills.order_fills("sim-1", [second, "none", first])
    assert [[each.id for each in of] for of in found] == [["f2"], [], ["f1", "f3"]]


async def test_more_fills_than_one_answer_may_have_are_refused_not_cut(traded, monkeypatch):
    monkeypatch.setattr(fills, "MOST_ORDER_FILLS", 3)
    ids = [each.id for each in traded.orders]
    assert sum(map(len, await traded.fills.order_fills("sim-1", ids))) == 3
    monkeypatch.setattr(fills, "MOST_ORDER_FILLS", 2)
    with pytest.raises(InvalidRequest) as caught:
        await traded.fills.order_fills("sim-1", ids)
    assert caught.value.reason is Reason.ROW_LIMIT


async def test_an_unknown_account_has_no_fills_to_ask_for(traded):
    for asked in (traded.fills.fills(FillQuery("x")), traded.fills.order_fills("x", ["o"])):
        with pytest.raises(NotFound) as caught:
            await asked
        assert caught.value.reason is Reason.UNKNOWN_ACCOUNT


async def told(desk, cursor, most):
    """The first so many events of the stream, each as (kind, sequence, fill id)."""
    found = []
    async with aclosing(desk.fills.events(cursor)) as events:
        while len(found) < most:
            event = await anext(events)
            found.append((event.kind, event.sequence, event.fill and event.fill.id))
    return found


async def test_cut_at_every_sequence_the_fills_after_it_come_once(traded):
    log = traded.journal.events("sim-1", 0, 100)
    whole = [(StreamKind.UPDATE, e.sequence, e.fill.id) for e in log if e.fill is not None]
    assert [each[2] for each in whole] == ["f1", "f2", "f3"]
    for cut in range(len(log) + 1):
        rest = [each for each in whole if each[1] > cut]
        cursor = LogCursor("sim-1", traded.journal.epoch, cut)
        said = await told(traded, cursor, len(rest) + 1)
        assert said == [*rest, (StreamKind.CAUGHT_UP, len(log), None)]


async def test_without_a_cursor_the_stream_tells_what_trades_from_now_on(traded):
    first = traded.orders[0]
    async with aclosing(traded.fills.events(LogCursor("sim-1"))) as events:
        caught = await anext(events)
        state = OrderState.PARTIALLY_FILLED
        traded.terminal.queue.put_nowait(report(first, state, 170, fill(first, 4, 20)))
        event = await anext(events)
    assert (caught.kind, event.fill.id, event.sequence) == ("CAUGHT_UP", "f4", caught.sequence + 1)


async def test_a_cursor_is_refused_as_one_of_the_orders_is(traded):
    for cursor, reason in (
        (LogCursor("x"), Reason.UNKNOWN_ACCOUNT),
        (LogCursor("sim-1", "old", 1), Reason.EPOCH_CHANGED),
        (LogCursor("sim-1", traded.journal.epoch, 10_000), Reason.BAD_REQUEST),
    ):
        with pytest.raises(GatewayError) as caught:
            await told(traded, cursor, 1)
        assert caught.value.reason is reason
