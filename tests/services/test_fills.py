"""Fills out of the journal, as both wires ask for them."""

import pytest

from quantgraph.domain.errors import InvalidRequest, NotFound
from quantgraph.domain.orders import FillQuery, OrderState
from quantgraph.domain.reasons import Reason
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
        desk.fills = JournalledFills(desk.journal, desk.terminal, desk.workers)
        while len((await desk.fills.fills(FillQuery("sim-1"))).fills) < 3:
            pass
        yield desk


async def test_each_order_has_its_own_fills_oldest_first(traded):
    first, second = (each.id for each in traded.orders)
    found = await traded.fills.order_fills("sim-1", [second, "none", first])
    assert [[each.id for each in of] for of in found] == [["f2"], [], ["f1", "f3"]]


async def test_more_fills_than_one_answer_may_have_are_refused_not_cut(traded, monkeypatch):
    monkeypatch.setattr(fills, "MOST", 3)
    ids = [each.id for each in traded.orders]
    assert sum(map(len, await traded.fills.order_fills("sim-1", ids))) == 3
    monkeypatch.setattr(fills, "MOST", 2)
    with pytest.raises(InvalidRequest) as caught:
        await traded.fills.order_fills("sim-1", ids)
    assert caught.value.reason is Reason.ROW_LIMIT


async def test_an_unknown_account_has_no_fills_to_ask_for(traded):
    for asked in (traded.fills.fills(FillQuery("x")), traded.fills.order_fills("x", ["o"])):
        with pytest.raises(NotFound) as caught:
            await asked
        assert caught.value.reason is Reason.UNKNOWN_ACCOUNT
