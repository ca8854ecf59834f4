"""Incidents in random mixes: no order is sent twice, and the journal ends as the exchange did.

QUANTGRAPH_MIXES sets how many mixes are driven; a few by default.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.controls import TradingState
from quantgraph.domain.errors import GatewayError, IdempotencyConflict
from quantgraph.domain.incidents import Incident
from quantgraph.domain.journal import Intent, Outcome
from quantgraph.domain.orders import Order, OrderKey, OrderState, OrderTicket, Side
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.store.journal import OrderJournal
from tests.waiting import settled, until

from .test_incidents import SEED, Floor, open_floor
from .test_terminal import Gate

MIXES = int(os.environ.get("QUANTGRAPH_MIXES", "6"))
STEPS = 30
S = OrderState


@pytest.fixture
async def make_floor(make_stage, tmp_path: Path):
    floors: list[AsyncIterator[Floor]] = []

    async def make(seed: int) -> Floor:
        gate = Gate()
        floors.append(open_floor(make_stage(sleep=gate), gate, tmp_path, seed))
        return await anext(floors[-1])

    yield make
    for each in floors:
        async for _ in each:
            pass


class Driver:
    """One user's random day, which the seed alone decides."""

    def __init__(self, floor: Floor, seed: int) -> None:
        self.floor, self.rng = floor, random.Random(seed)
        self.tickets: dict[str, OrderTicket] = {}
        self.conflicts = 0

    async def step(self) -> None:
        acts = [self.submit, self.submit, self.repeat, self.conflict, self.cancel, self.wait]
        act = self.rng.choice([*acts, self.switch])
        try:
            await act()
        except IdempotencyConflict:
            self.conflicts += 1
        except GatewayError:
            pass  # refused: what the journal then says is checked at the end

    async def submit(self) -> None:
        floor, rng = self.floor, self.rng
        quote = await floor.quote()
        side = rng.choice([Side.BUY, Side.SELL])
        levels = quote.asks if side is Side.BUY else quote.bids
        price = Decimal(repr(rng.choice(levels).price))
        if rng.random() < 0.3:  # far away: it waits
            far = Decimal("0.92") if side is Side.BUY else Decimal("1.08")
            price = (price * far).quantize(Decimal("0.01"))
        key, quantity = f"k{len(self.tickets)}", 100 * rng.randint(1, 20)
        ticket = await floor.ticket(key, side=side, quantity=quantity, limit_price=price)
        self.tickets[key] = ticket
        await self.send(ticket)

    async def repeat(self) -> None:
        if self.tickets:
            await self.send(self.rng.choice(list(self.tickets.values())))

    async def conflict(self) -> None:
        if self.tickets:
            ticket = self.rng.choice(list(self.tickets.values()))
            await self.send(replace(ticket, quantity=ticket.quantity + 100))

    async def send(self, ticket: OrderTicket) -> None:
        """Submit, and let simulated time pass where the answer waits for it."""
        task = asyncio.create_task(self.floor.trading.submit(ticket))
        async with asyncio.timeout(20):
            while not task.done():
                await settled()
                await self.floor.run(0.5, 1)
        await task

    async def cancel(self) -> None:
        if self.tickets:
            key = self.rng.choice(list(self.tickets))
            await self.floor.trading.cancel(OrderKey("sim-1", client_order_id=key))

    async def wait(self) -> None:
        await self.floor.run(self.rng.choice([1, 5, 40]))

    async def switch(self) -> None:
        chosen = self.rng.sample(list(Incident), self.rng.randint(1, 5))
        chances = [f"{each} probability={self.rng.choice((0.3, 1))}" for each in chosen]
        self.floor.set(*chances)

    async def settle(self) -> None:
        """Switch everything off, and let the gateway learn what it has missed."""
        floor = self.floor
        floor.set()
        await floor.run(90)
        await until(lambda: floor.trading.state is TradingState.ACTIVE)
        await floor.compare()


@pytest.mark.parametrize("seed", range(MIXES))
async def test_whatever_goes_wrong_the_journal_ends_as_the_exchange(make_floor, seed: int) -> None:
    floor = await make_floor(seed)
    driver = Driver(floor, seed)
    await driver.switch()
    for _ in range(STEPS):
        await driver.step()
    await driver.settle()
    assert driver.tickets
    sent = Counter(floor.counted.placed)
    assert max(sent.values(), default=0) <= 1
    assert max(Counter(floor.asked.placed).values(), default=0) <= 1
    events = floor.events()
    last = {each.order.id: each.order for each in events}
    assert len({each.client_order_id for each in last.values()}) == len(last)
    listed = {each.tag: each for each in await floor.terminal.orders_today("sim-1")}
    for order in last.values():
        check_end(order, listed.get(order.tag))
        check_log([each for each in events if each.order.id == order.id])
    await check_money(floor, [each.fill for each in events if each.fill])


def check_end(order: Order, row) -> None:
    if row is None:  # it never got to the exchange
        assert order.filled_quantity == 0
        assert order.state in (S.REJECTED, S.EXPIRED, S.UNKNOWN)
        return
    # that a cancel was asked is known here, and not there
    same = order.state is row.state or (order.state is S.PENDING_CANCEL and not row.state.final)
    assert same, (order.state, row.state)
    assert (order.filled_quantity, order.average_price) == (row.filled_quantity, row.average_price)
    assert order.broker_order_id == row.broker_order_id
    assert order.filled_quantity <= order.quantity


def check_log(events) -> None:
    """Each change is told once, and none is taken back."""
    orders, fills = [each.order for each in events], [each.fill for each in events if each.fill]
    for before, after in pairwise(orders):
        assert after.filled_quantity >= before.filled_quantity
        assert not before.state.final or after.state is before.state
    told = [(each.order, each.fill and each.fill.id) for each in events]
    assert all(told[place] != told[place + 1] for place in range(len(told) - 1))
    assert len({each.id for each in fills}) == len(fills)
    assert sum(each.quantity for each in fills) == orders[-1].filled_quantity
    assert [each.state for each in orders].count(S.REJECTED) <= 1


async def check_money(floor: Floor, fills) -> None:
    """What the journal's fills moved is what the account has; nothing came from nowhere."""
    cash = SEED.cash
    for fill in fills:
        cash += fill.amount if fill.side is Side.SELL else -fill.amount
        cash -= fill.fee
    asset = await floor.terminal.asset("sim-1")
    assert asset.cash + asset.frozen_cash == cash


async def test_recorded_callbacks_in_any_order_and_number_lead_to_the_same_totals(
    make_floor, tmp_path_factory
) -> None:
    floor = await make_floor(1)
    top = (await floor.quote()).asks
    size = sum(each.quantity for each in top) + 1_000
    ticket = await floor.ticket(quantity=size, limit_price=Decimal(repr(top[-1].price)))
    order = await floor.submit(ticket)
    await floor.trading.cancel(OrderKey("sim-1", order.id))
    await until(lambda: floor.states()[-1] is S.CANCELED)
    trace = [each for each in floor.asked.trace if isinstance(each, ExecutionReport)]
    assert len(trace) > 6
    first = floor.events()[0].order
    whole = await floor.trading.order(OrderKey("sim-1", order.id))
    ids = set(floor.fills())

    @settings(max_examples=40)
    @given(st.permutations(trace), st.lists(st.sampled_from(trace), max_size=8), st.randoms())
    def replay(shuffled, repeats, rng) -> None:
        told = [*shuffled, *repeats]
        rng.shuffle(told)
        path = tmp_path_factory.mktemp("trace") / "journal.sqlite"
        journal = OrderJournal(path, "e1")
        journal._recording._db.execute("PRAGMA synchronous=OFF")
        journal.record([Intent(first, "digest")])
        for each in told:
            journal.record([Outcome(first.id, each)])
        found = journal.find(OrderKey("sim-1", first.id))
        totals = (found.state, found.filled_quantity, found.average_price)
        assert totals == (whole.state, whole.filled_quantity, whole.average_price)
        events = journal.events("sim-1", 0, 1000)
        assert {each.fill.id for each in events if each.fill} == ids
        assert sum(1 for each in events if each.fill) == len(ids)
        journal.close()

    replay()
