"""The order pipeline over the real xttrader.py: journal, sender and follower, as in production."""

import asyncio
from contextlib import suppress
from decimal import Decimal

import pytest

from quantgraph.domain.clock import RandomIds
from quantgraph.domain.controls import TradingState
from quantgraph.domain.errors import OrderRefused, TradingDisabled
from quantgraph.domain.orders import (
    Destination,
    OrderKey,
    OrderQuery,
    OrderState,
    OrderTicket,
    Origin,
    Side,
)
from quantgraph.domain.reasons import Reason
from quantgraph.services.desk import OrderDesk
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.workers import Workers
from tests.doubles.script import lose, twice
from tests.doubles.world import ACCOUNT
from tests.services.journals import quick_journal
from tests.waiting import until

from .conftest import SYMBOL

S = OrderState


class Gateway:
    """A journal in a folder over one desk: what one run of the gateway is made of."""

    def __init__(self, folder, desk):
        self.desk, self.alarms = desk, []
        self.journal = quick_journal(folder)
        self.workers = Workers(2, 64)
        own = OrderDesk(
            self.workers, desk.counter.world, RandomIds(), Destination.TERMINAL, "order_", "one",
            answer_seconds=20.0, check_seconds=3_600.0, settle_seconds=0.0,
            alarm=lambda *told: self.alarms.append(told[:2]),
        )  # fmt: skip
        self.trading = JournaledTrading(self.journal, desk.trading, desk.accounts, own)

    async def open(self):
        self.trading.start()
        await until(lambda: self.trading.state is TradingState.ACTIVE)
        return self

    async def close(self):
        await self.trading.close()
        self.workers.close()
        self.journal.close()

    async def submit(self, key, price, quantity=100):
        ticket = OrderTicket(ACCOUNT, key, SYMBOL, Side.BUY, quantity, limit_price=Decimal(price))
        return await self.trading.submit(ticket)

    async def order(self, key):
        return await self.trading.order(OrderKey(ACCOUNT, client_order_id=key))

    async def becomes(self, key, state):
        """Return the order once the journal has it in that state."""
        while True:
            # Looked at first: what is written while the order is read is waited for.
            before = self.journal.newest(ACCOUNT)
            found = await self.order(key)
            if found.state is state:
                return found
            await until(lambda before=before: self.journal.newest(ACCOUNT) > before)

    def fills(self, order):
        return self.journal.order_fills(ACCOUNT, [order.id], 100)


@pytest.fixture
async def gateway(tmp_path, open_desk):
    """A gateway over a desk whose reader it is itself."""
    desk = await open_desk(read=False)
    gateway = Gateway(tmp_path, desk)
    yield await gateway.open()
    await gateway.close()


def far(gateway):
    return f"{float(gateway.desk.price('bids')) - 20:.2f}"


async def test_an_order_is_filled_and_its_fill_recorded_once(gateway):
    gateway.desk.counter.script.when("StockTrade", twice, -1)
    gateway.desk.counter.script.when("StockOrder", twice, -1)
    sent = (await gateway.submit("k1", gateway.desk.price())).order
    assert (sent.destination, sent.origin) == (Destination.TERMINAL, Origin.OURS)
    order = await gateway.becomes("k1", S.FILLED)
    await gateway.desk.quiet()
    gateway.trading.compare()
    (fill,) = gateway.fills(order)
    assert (order.filled_quantity, order.average_price) == (100, fill.price)
    assert len(gateway.desk.counter.rows) == 1


async def test_a_refusal_that_is_told_twice_is_one_rejection(gateway):
    gateway.desk.counter.script.when("StockOrder", twice, -1)
    # Where the push is recorded before the answer, whoever submits is told at once.
    with suppress(OrderRefused):
        await gateway.submit("k1", gateway.desk.price(), 101)
    order = await gateway.becomes("k1", S.REJECTED)
    assert order.reject_message_zh == gateway.desk.counter.rows[0].message
    states = [each.order.state for each in gateway.journal.events(ACCOUNT, 0, 100)]
    assert states.count(S.REJECTED) == 1


async def test_minus_one_while_live_is_found_by_its_tag_and_never_sent_again(gateway):
    def minus(told):
        told[1].order_id, told[1].order_remark = -1, ""
        return (told,)

    script, price = gateway.desk.counter.script, far(gateway)
    script.when("OrderStock", minus)
    script.when("StockOrder", lose)
    assert (await gateway.submit("k1", price)).order.state is S.UNKNOWN
    again = await gateway.submit("k1", price)
    assert (again.replayed, again.order.state) == (True, S.UNKNOWN)
    gateway.trading.compare()
    order = await gateway.becomes("k1", S.WORKING)
    assert order.broker_order_id.endswith(f"-{gateway.desk.counter.rows[0].order_id}")
    assert len(gateway.desk.counter.rows) == 1


async def test_a_link_that_breaks_in_mid_call_costs_no_knowledge(gateway):
    counter, price = gateway.desk.counter, far(gateway)
    counter.script.hold("OrderStock")
    counter.script.when("StockOrder", lose)
    sent = asyncio.create_task(gateway.submit("k1", price))
    await until(lambda: gateway.desk.listener.replies._numbered)
    await gateway.desk.quiet()
    counter.answer = -1
    counter.disconnect()
    assert (await sent).order.state is S.UNKNOWN
    await until(lambda: gateway.trading.state is TradingState.DISCONNECTED)
    with pytest.raises(TradingDisabled) as caught:
        await gateway.submit("k2", price)
    assert caught.value.reason is Reason.TERMINAL_DISCONNECTED
    counter.answer = 0
    await until(lambda: gateway.trading.state is TradingState.ACTIVE)
    assert (await gateway.order("k1")).state is S.WORKING
    assert (await gateway.submit("k2", price)).order.state is S.WORKING
    assert len(counter.rows) == 2


async def test_a_restart_takes_from_the_list_what_happened_meanwhile(tmp_path, open_desk):
    first = await Gateway(tmp_path, await open_desk(read=False)).open()
    await first.submit("k1", far(first))
    placed = await first.becomes("k1", S.WORKING)
    await first.close()
    # Somebody cancels it by hand while nobody listens.
    hand = await open_desk()
    await hand.trading.withdraw(hand.order("x", "1.00", broker_order_id=placed.broker_order_id))
    await hand.quiet()
    second = await Gateway(tmp_path, await open_desk(read=False)).open()
    assert (await second.order("k1")).state is S.CANCELED
    assert (await second.submit("k1", far(second))).replayed
    assert len(hand.counter.rows) == 1
    await second.close()


async def test_a_cancel_ends_where_the_list_says(gateway):
    await gateway.submit("k1", far(gateway))
    await gateway.becomes("k1", S.WORKING)
    # Its pushes are lost, and so is its answer's proof: the list tells.
    gateway.desk.counter.script.when("StockOrder", lose, -1)
    asked = await gateway.trading.cancel(OrderKey(ACCOUNT, client_order_id="k1"))
    assert asked.state is S.PENDING_CANCEL
    gateway.trading.compare()
    await gateway.becomes("k1", S.CANCELED)
    with pytest.raises(OrderRefused):
        await gateway.trading.cancel(OrderKey(ACCOUNT, client_order_id="k1"))


async def test_an_order_placed_by_hand_is_external(gateway, open_desk):
    other = await open_desk()
    await other.trading.place(other.order("by hand", far(gateway)))
    await gateway.desk.quiet()
    gateway.trading.compare()

    async def listed():
        page = await gateway.trading.orders(OrderQuery(ACCOUNT))
        return [(each.origin, each.quantity, each.client_order_id) for each in page.orders]

    while not (found := await listed()):
        await asyncio.sleep(0)
    assert found == [(Origin.EXTERNAL, 100, None)]
