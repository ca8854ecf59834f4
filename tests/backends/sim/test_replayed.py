"""A market that lives 2023-02-01 of 600519 again: what it shows, when, and under which name."""

from datetime import date, time

import numpy as np
import pytest

from api.replays import StoreRecordings
from quantgraph.backends.sim.clock import Pace, SimClock
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.market import MarketParts
from quantgraph.backends.sim.paths import World
from quantgraph.backends.sim.replayed import ReplayedMarket
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.calendar import at
from quantgraph.domain.snapshots import QUOTE_FIELDS
from quantgraph.domain.sources import Source

from .conftest import START, CountedIds, Hand
from .flow import recorded

SYMBOL, OTHER = recorded.SYMBOL, "000001.SZ"
FIELDS = ("time", "open", "high", "low", "close", "volume", "amount", "previous_close")


@pytest.fixture(scope="module")
def store(shared, tmp_path_factory):
    store = recorded.open_store(shared, tmp_path_factory.mktemp("recorded"))
    yield store
    store.close()


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def market(store, calendar, workers, hand):
    clock = SimClock(START, calendar, Pace(1.0, hand, CountedIds()))
    world = World(1, calendar, clock.start, NoListings())
    recordings = StoreRecordings(store, {SYMBOL: START})
    market = ReplayedMarket(world, MarketParts(clock, workers, 1_000), recordings)
    market.clock = clock
    return market


def go(market, *clock, day=START):
    market.clock.jump(at(day, time(*clock)))


async def quote(market, symbol=SYMBOL):
    return (await market.quotes([symbol]))[0]


async def bars(market, period=Period.MIN_1, window=None, symbols=(SYMBOL,)):
    request = BarRequest(symbols, period, window or Window(last=1_000), fields=FIELDS)
    return await market.bars(request)


async def test_a_quote_is_the_newest_recorded_one(market, store):
    go(market, 10, 30)
    found = await quote(market)
    assert found.source is Source.REPLAY
    shots = recorded.read_day(store).shots
    row = int(np.searchsorted(shots.time, at(START, time(10, 30)) - 1_000)) - 1
    assert shots.volume[row] <= found.volume
    assert at(START, time(10, 29, 50)) < found.time <= at(START, time(10, 30))
    assert found.previous_close == 1845.76
    assert (found.open, len(found.bids), len(found.asks)) == (1854.98, 5, 5)


async def test_at_the_close_the_quote_is_the_recorded_day(market):
    go(market, 15, 1)
    found = await quote(market)
    told = found.open, found.high, found.low, found.last_price, found.volume
    assert told == (1854.98, 1859.0, 1811.4, 1844.97, recorded.VOLUME)
    assert found.amount == pytest.approx(6_244_678_924.61, abs=0.01)


async def test_the_day_after_the_last_recorded_one_is_generated(market):
    go(market, 9, 30, day=date(2023, 2, 2))
    after = await quote(market)
    assert after.source is Source.SIMULATED


async def test_symbols_without_a_recording_are_generated_and_say_so(market):
    go(market, 10, 0)
    both = await market.quotes([OTHER, SYMBOL, "699999.SH"])
    assert [getattr(each, "source", None) for each in both] == [
        Source.SIMULATED,
        Source.REPLAY,
        None,
    ]


async def test_a_board_tells_what_the_quotes_tell(market):
    go(market, 13, 5)
    board = await market.board((SYMBOL, OTHER), tuple(QUOTE_FIELDS))
    told = await quote(market)
    assert board.symbols == (SYMBOL, OTHER)
    assert board.source is Source.SIMULATED
    assert board.values["last_price"][0] == told.last_price
    assert board.values["volume"][0] == told.volume
    assert board.values["bid_price_5"][0] == told.bids[4].price
    assert board.values["ask_quantity_1"][0] == told.asks[0].quantity
    alone = await market.board((SYMBOL,), ("last_price",))
    assert alone.source is Source.REPLAY


async def test_minutes_so_far_are_the_recorded_deals(market):
    go(market, 9, 33, 30)
    (early,) = await bars(market)
    assert early.source is Source.REPLAY
    assert early.columns.length == 3
    assert early.columns.values["open"][0] == 1854.98
    assert early.columns.values["previous_close"][0] == 1845.76
    go(market, 15, 0, 30)
    (whole,) = await bars(market)
    columns = whole.columns.values
    assert whole.columns.length == 240
    assert columns["volume"].sum() == recorded.VOLUME
    assert columns["amount"].sum() == pytest.approx(6_244_678_924.61, abs=0.01)
    assert (columns["high"].max(), columns["low"].min()) == (1859.0, 1811.4)
    assert columns["close"][-1] == 1844.97
    assert whole.coverage.complete
    assert (early.columns.values["close"] == columns["close"][:3]).all()


async def test_windows_cut_the_minutes_and_others_keep_theirs(market):
    go(market, 10, 0)
    window = Window(start=at(START, time(9, 40)), end=at(START, time(9, 49)))
    replayed, other = await bars(market, window=window, symbols=(SYMBOL, OTHER))
    assert replayed.columns.length == other.columns.length == 10
    assert other.source is Source.SIMULATED
    (last,) = await bars(market, window=Window(last=2))
    assert last.columns.values["time"].tolist() == [at(START, time(9, n)) for n in (58, 59)]


async def test_a_follower_gets_replayed_quotes_and_after_the_day_generated_ones(market):
    go(market, 14, 59)
    quotes = market.follow(SYMBOL)
    assert (await anext(quotes)).source is Source.REPLAY
    assert market.state().last_event_time is not None
    go(market, 9, 30, day=date(2023, 2, 2))
    assert (await anext(quotes)).source is Source.SIMULATED
    await quotes.aclose()
