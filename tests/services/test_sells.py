"""Sells at once, or beside one of unknown fate, never offer more than is held."""

import asyncio
from contextlib import aclosing

import pytest

from quantgraph.domain.access import Actor, Wire, act_as
from quantgraph.domain.accounts import Means
from quantgraph.domain.controls import Control, HaltCause, TradingState
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.limits import TradingLimits
from quantgraph.domain.orders import OrderKey, OrderState, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor, StreamKind
from quantgraph.domain.terminal import ExecutionReport, FateUnknownError
from tests.services.trading import MAOTAI, NOON, PLENTY, Desk

REDUCING = Control(None, TradingState.REDUCING, HaltCause.OPERATOR, None, "k1", NOON)
WAITS = TradingLimits(1_000, 1_000, approval_above=1)


@pytest.fixture
async def desk(tmp_path, calendar):
    async with Desk(tmp_path, calendar, PLENTY) as desk:
        yield desk


async def sell(desk, key, quantity=100):
    return await desk.submit(key, side=Side.SELL, quantity=quantity)


async def refused(work):
    with pytest.raises(OrderRefused) as caught:
        await work
    assert caught.value.reason is Reason.INSUFFICIENT_SHARES
    return int(caught.value.details["sellable"])


@pytest.mark.parametrize(("reducing", "count"), [(True, 1_000), (False, 100)])
async def test_however_many_sell_at_once_they_offer_no_more_than_is_held(desk, reducing, count):
    if reducing:
        desk.trading._desk.gate.obey(REDUCING)
        desk.terminal.gate.clear()  # all are on their way together
    asked = [asyncio.ensure_future(sell(desk, f"k{n}")) for n in range(count)]
    for _ in range(200):
        await asyncio.sleep(0)
    desk.terminal.gate.set()
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(order.quantity for _, order in desk.terminal.placed) == desk.market.held
    refusals = [each for each in done if isinstance(each, Exception)]
    assert {each.reason for each in refusals} == {Reason.INSUFFICIENT_SHARES}
    assert len(refusals) == count - 3
    assert len(desk.journal.open_orders("one")[0]) == 3


async def test_a_sell_of_unknown_fate_keeps_its_shares(desk):
    desk.terminal.failure = FateUnknownError("-1")
    assert (await sell(desk, "k1", 200)).state is OrderState.UNKNOWN
    desk.terminal.failure = None
    assert await refused(sell(desk, "k2", 200)) == 100
    assert (await sell(desk, "k3", 100)).state is OrderState.WORKING


async def test_shares_of_a_sell_that_ended_are_free_again(desk):
    order = await sell(desk, "k1", 300)
    assert await refused(sell(desk, "k2")) == 0
    await desk.told(order, OrderState.CANCELED)
    assert (await sell(desk, "k2", 300)).state is OrderState.WORKING


async def test_what_trades_while_the_terminal_answers_is_not_sold_twice(desk):
    order = await sell(desk, "k1", 300)
    asked, answer = asyncio.Event(), asyncio.Event()

    async def late(account, symbol):
        asked.set()
        await answer.wait()
        return Means(0, 0, None, offered=300)  # as it was before the fill

    desk.market.means = late
    second = asyncio.ensure_future(sell(desk, "k2", 300))
    await asked.wait()
    await desk.told(order, OrderState.FILLED, 300)
    answer.set()
    assert await refused(second) == 0


async def test_shares_that_the_terminal_has_set_aside_count_once(desk):
    await sell(desk, "k1", 200)

    async def means(account, symbol):
        return Means(0, 100, None, offered=200)

    desk.market.means = means
    assert await refused(sell(desk, "k2", 200)) == 100
    assert (await sell(desk, "k3", 100)).state is OrderState.WORKING


async def test_a_sell_of_an_earlier_day_that_nobody_tells_of_keeps_none(desk):
    desk.terminal.failure = FateUnknownError("-1")
    order = await sell(desk, "k1", 300)
    desk.terminal.failure = None
    assert await refused(sell(desk, "k2")) == 0
    untold = OrderRefused(Reason.OUTCOME_UNTOLD, "It is listed no more.")
    place = (order.tag, "one", OrderState.UNKNOWN, 0, None, NOON)
    cursor = LogCursor("one", desk.journal.epoch, desk.journal.newest("one"))
    desk.terminal.queue.put_nowait(ExecutionReport(*place, refusal=untold))
    async with aclosing(desk.trading.events(cursor)) as events:
        while (event := await anext(events)).kind is not StreamKind.UPDATE:
            pass
    assert event.order.reject_code == "OUTCOME_UNTOLD"
    assert (await sell(desk, "k2", 300)).state is OrderState.WORKING
    assert await refused(sell(desk, "k3")) == 0


async def test_an_order_that_waits_keeps_its_shares_and_may_use_them_itself(tmp_path, calendar):
    async with Desk(tmp_path, calendar, WAITS) as desk:
        waiting = await sell(desk, "k1", 200)
        assert waiting.state is OrderState.PENDING_APPROVAL
        assert await refused(sell(desk, "k2", 200)) == 100
        act_as(Actor("second", Wire.GRPC))
        await desk.limited.approve(OrderKey("one", waiting.id))
        assert [order.symbol for _, order in desk.terminal.placed] == [MAOTAI]


async def test_an_approval_of_shares_that_were_sold_meanwhile_is_refused(tmp_path, calendar):
    async with Desk(tmp_path, calendar, WAITS) as desk:
        waiting = await sell(desk, "k1", 300)
        desk.market.held = 200  # sold by hand
        act_as(Actor("second", Wire.GRPC))
        assert await refused(desk.limited.approve(OrderKey("one", waiting.id))) == 200
        assert desk.terminal.placed == []
