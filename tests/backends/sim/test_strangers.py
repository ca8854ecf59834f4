"""Orders that somebody places in the simulated terminal, past the gateway."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from quantgraph.domain.orders import OrderKey, OrderState, Origin
from tests.backends.sim.test_incidents import Floor, Gate, open_floor
from tests.waiting import until

S = OrderState


@pytest.fixture
async def floor(make_stage, tmp_path: Path) -> AsyncIterator[Floor]:
    gate = Gate()
    async for floor in open_floor(make_stage(), gate, tmp_path):
        yield floor


async def by_hand(floor: Floor, like, **changes):
    """Place what is like an order of ours, at the terminal itself."""
    order = replace(like, id="hand", client_order_id=None, tag=None, broker_order_id=None)
    order = replace(order, **changes)
    return (await floor.terminal.place(order)).broker_order_id


async def test_an_order_by_hand_shows_as_external_and_ours_stays_in_doubt(floor: Floor) -> None:
    floor.set("LOST_ORDER times=1")
    ours = await floor.submit(await floor.low())
    assert ours.state is S.UNKNOWN
    broker_id = await by_hand(floor, ours)  # symbol, side, price and quantity are equal
    key = OrderKey("sim-1", f"ext_{broker_id}")
    await until(lambda: floor.journal.find(key))
    theirs = await floor.trading.order(key)
    assert (theirs.state, theirs.origin, theirs.quantity) == (S.WORKING, Origin.EXTERNAL, 100)
    assert (await floor.trading.order(OrderKey("sim-1", ours.id))).state is S.UNKNOWN
    assert (await floor.trading.cancel(key)).state in (S.PENDING_CANCEL, S.CANCELED)
    await until(lambda: floor.journal.find(key).state is S.CANCELED)
    assert floor.counted.placed == []  # what was lost was never sent again either


async def test_its_fills_are_recorded_as_its_own(floor: Floor) -> None:
    like = await floor.submit(await floor.ticket())
    await until(lambda: floor.states()[-1] is S.FILLED)
    # One that reaches further than the best ask, of which ours may have left too little.
    price = (like.limit_price * Decimal("1.01")).quantize(Decimal("0.01"))
    broker_id = await by_hand(floor, like, tag="lunch", limit_price=price)
    key = OrderKey("sim-1", f"ext_{broker_id}")
    await until(lambda: (found := floor.journal.find(key)) and found.state is S.FILLED)
    filled = dict.fromkeys((like.id, key.id), 0)
    for event in floor.events():
        if event.fill:
            filled[event.fill.order_id] += event.fill.quantity
    assert filled == {like.id: 100, key.id: 100}
