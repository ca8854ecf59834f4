"""A paper exchange: orders of ours matched by the quotes of a real market, as they come."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from quantgraph.backends.sim.core.tally import Tally
from quantgraph.backends.sim.flow.live import LiveFrames
from quantgraph.backends.sim.paper import PaperMarket, kept_for
from quantgraph.backends.sim.wall import PaperClock
from quantgraph.domain.calendar import at, from_ms
from quantgraph.domain.errors import OrderRefused, Unavailable
from quantgraph.domain.orders import OrderState, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import Checkpoint
from quantgraph.services.wall import WallClock

from .conftest import START
from .hall import SEED, order
from .paper import CALENDAR, SYMBOL, Desk, HandClock, quote

BUY = Side.BUY


@pytest.fixture
async def desk():
    made = Desk(SEED)
    yield made
    await made.close()


def states(reports):
    return [(each.state, each.filled_quantity) for each in reports]


async def test_an_order_takes_what_is_displayed_and_no_more_of_it_until_more_comes(desk):
    await desk.terminal.place(order("a", BUY, 800, "10.00"))
    assert states(await desk.drain())[-1] == (OrderState.PARTIALLY_FILLED, 500)
    await desk.tell(3, asks=(("10.00", 500),))
    assert await desk.drain() == []


async def test_an_order_that_waits_fills_when_the_real_market_trades_through_its_price(desk):
    await desk.terminal.place(order("a", BUY, 100, "9.95"))
    assert states(await desk.drain()) == [(OrderState.WORKING, 0)]
    fallen = {"bids": (("9.90", 300),), "asks": (("9.93", 300),)}
    await desk.tell(3, **fallen, last_price=9.9, low=9.9, volume=3_000, amount=29_900.0)
    assert states(await desk.drain())[-1] == (OrderState.FILLED, 100)


async def test_who_waited_at_a_price_before_fills_before_an_order_of_ours(desk):
    await desk.terminal.place(order("a", BUY, 100, "9.99"))
    # 500 wait before it: 400 trade there, nothing is left for ours
    await desk.tell(
        3, bids=(("9.99", 100),), last_price=9.99, low=9.99, volume=1_400, amount=13_996.0
    )
    assert states(await desk.drain()) == [(OrderState.WORKING, 0)]
    sold = {"last_price": 9.99, "low": 9.99, "volume": 1_600, "amount": 15_994.0}
    await desk.tell(3, bids=(("9.98", 100),), **sold)
    assert states(await desk.drain())[-1] == (OrderState.FILLED, 100)


async def test_a_quote_of_another_day_matches_nothing(desk):
    await desk.terminal.place(order("a", BUY, 100, "9.95"))
    await desk.drain()
    stale = quote(-86_400, bids=(("9.00", 9),), asks=(("9.01", 900),), volume=9_000)
    desk.market.queue.put_nowait(stale)
    await desk.tell(3)
    assert await desk.drain() == []


async def test_a_symbol_without_a_quote_of_today_takes_no_order(desk):
    desk.market.newest = quote(-86_400)
    with pytest.raises(OrderRefused) as refused:
        await desk.terminal.place(order("a", BUY, 100, "10.00"))
    assert refused.value.reason is Reason.TERMINAL_REFUSED
    assert START.isoformat() in refused.value.message


async def test_a_suspended_symbol_takes_no_order(desk):
    desk.market.newest = quote(suspended=True)
    with pytest.raises(OrderRefused) as refused:
        await desk.terminal.place(order("a", BUY, 100, "10.00"))
    assert refused.value.reason is Reason.SUSPENDED


@pytest.mark.parametrize(
    "broken", [Unavailable(Reason.SOURCE_UNAVAILABLE, "gone"), ValueError("a defect")], ids=repr
)
async def test_a_feed_that_broke_is_asked_for_again(desk, monkeypatch, broken):
    monkeypatch.setattr("quantgraph.backends.sim.paper._AGAIN_S", 0)
    await desk.terminal.place(order("a", BUY, 800, "10.00"))
    await desk.drain()
    desk.market.queue.put_nowait(broken)
    await desk.tell(3, asks=(("10.00", 900),))
    assert desk.market.follows == 2
    assert states(await desk.drain())[-1] == (OrderState.FILLED, 800)


async def test_only_so_many_symbols_are_followed_on_a_day(desk):
    paper = PaperMarket(desk.market, desk.market, desk.wall, most=0)
    with pytest.raises(OrderRefused) as refused:
        await paper.source(SYMBOL, START)
    assert refused.value.reason is Reason.ORDER_LIMIT


async def test_orders_expire_with_the_day_and_the_next_one_is_followed_anew(desk):
    await desk.terminal.place(order("a", BUY, 100, "9.95"))
    await desk.drain()
    desk.clock.time = from_ms(at(date(2023, 2, 2), time(10, 0)))
    assert desk.wall.moment().day == date(2023, 2, 2)
    await desk.terminal.driver.present()
    assert states(await desk.drain()) == [(OrderState.EXPIRED, 0)]
    later = quote()
    desk.market.newest = replace(later, time=at(date(2023, 2, 2), time(10, 0)))
    await desk.terminal.place(order("b", BUY, 100, "10.00"))
    assert states(await desk.drain())[-1] == (OrderState.FILLED, 100)


async def test_an_opening_auction_fills_at_the_price_that_its_screen_showed(desk):
    desk.clock.time = from_ms(at(START, time(9, 16)))
    opening = {"last_price": None, "open": None, "high": None, "low": None}
    meeting = {"bids": (("10.02", 700),), "asks": (("10.02", 700),), "volume": 0, "amount": 0.0}
    desk.market.newest = quote(-2_640, **opening, **meeting)
    await desk.terminal.place(order("a", BUY, 100, "10.10"))
    assert states(await desk.drain()) == [(OrderState.WORKING, 0)]
    desk.clock.time = from_ms(at(START, time(9, 26)))
    await desk.terminal.driver.present()
    filled = (await desk.drain())[-1]
    assert (filled.state, filled.fill.price) == (OrderState.FILLED, Decimal("10.02"))


def test_the_wall_clock_stays_on_a_trading_day_over_the_weekend():
    clock = HandClock(datetime(2023, 2, 5, 4, 0, tzinfo=UTC))
    wall = PaperClock(WallClock(clock, CALENDAR, "epoch_1"))
    assert wall.moment().day == date(2023, 2, 3)
    clock.time = datetime(2023, 2, 5, 16, 0, tzinfo=UTC)
    assert wall.moment().day == date(2023, 2, 6)
    assert wall.wait(60_000) == 60.0


def test_frames_tell_the_deals_between_two_quotes_and_what_stands_at_an_instant():
    frames = LiveFrames(100)
    assert not frames.standing(50).shown
    assert frames.so_far(50) == Tally()
    assert frames.tell(quote(), 100).deals == ()
    grown = quote(3, last_price=10.01, high=10.01, volume=1_500, amount=15_005.0)
    told = frames.tell(grown, 200)
    assert sum(deal.quantity for deal in told.deals) == 500
    assert sum(deal.quantity * deal.price for deal in told.deals) == 500_500
    assert list(frames.between(100, 200)) == [told]
    assert frames.standing(199).at == 100
    assert frames.so_far(200) == Tally(1_000, 1_001, 1_000, 1_001, 1_500, 1_500_500)
    # a feed that begins its day again tells no deals
    assert frames.tell(quote(), 200).deals == ()
    assert frames.standing(201).at == 201


async def kept(desk):
    """The exchange's state; what asks whether all was recorded is answered yes."""
    asked = asyncio.ensure_future(desk.terminal.driver.dump())
    while not isinstance(told := await desk.next(), Checkpoint):
        pass
    told.reached()
    return json.loads(json.dumps(await asked))


async def gone_on(state, day=None):
    """A desk that goes on from a state, perhaps on a later day."""
    desk = Desk(epoch="epoch_2")
    if day is not None:
        desk.clock.time = from_ms(at(day, time(10, 0)))
        desk.market.newest = replace(quote(), time=at(day, time(10, 0)))
    await desk.terminal.driver.present()

    async def begin():
        return "epoch_2"

    await desk.terminal.driver.load(kept_for(state, desk.wall.moment().day), begin)
    return desk


async def test_a_restart_within_the_day_goes_on_with_open_orders(desk):
    await desk.terminal.place(order("a", BUY, 800, "10.00"))
    again = await gone_on(await kept(desk))
    listed = await again.terminal.orders_today("sim-1")
    assert [(each.tag, each.filled_quantity) for each in listed] == [("a", 500)]
    await again.tell(3, asks=(("10.00", 900),))
    assert states(await again.drain())[-1] == (OrderState.FILLED, 800)
    assert again.terminal.driver.engine.exchange.ledgers["sim-1"].imbalance == 0
    await again.close()


async def test_a_restart_on_another_day_ends_the_orders_of_the_one_before(desk):
    await desk.terminal.place(order("a", BUY, 800, "10.00"))
    again = await gone_on(await kept(desk), date(2023, 2, 2))
    await again.terminal.driver.present()
    assert states(await again.drain()) == [(OrderState.EXPIRED, 500)]
    ledger = again.terminal.driver.engine.exchange.ledgers["sim-1"]
    assert (ledger.frozen, ledger.holding(SYMBOL).sellable) == (0, 1_550)
    placed = await again.terminal.place(order("b", BUY, 100, "10.00"))
    assert placed.broker_order_id.startswith("SIMepoch_2-")
    await again.close()
