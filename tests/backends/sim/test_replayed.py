"""A market that lives 2023-02-01 of 600519 again: what it shows, when, and under which name."""

from datetime import date, time
from decimal import Decimal

import numpy as np
import pytest

from api.replays import StoreRecordings, plan_world
from quantgraph.backends.sim.clock import Pace, SimClock
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.market import MarketParts
from quantgraph.backends.sim.paths import World
from quantgraph.backends.sim.replayed import ReplayedMarket
from quantgraph.config import MockConfig
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.calendar import at
from quantgraph.domain.live_bars import rows_of
from quantgraph.domain.snapshots import QUOTE_FIELDS
from quantgraph.domain.sources import Source
from quantgraph.store.imports.draft import ImportOptions
from quantgraph.store.imports.importer import Importer
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.market import MarketStore

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


async def test_a_recorded_book_shows_the_levels_that_were_recorded(market):
    go(market, 10, 0)
    (deep,), short = await market.deep([SYMBOL]), await quote(market)
    assert (deep.bids[:5], deep.asks[:5]) == (short.bids, short.asks)
    assert len(deep.bids) == len(deep.asks) == 10
    (other,) = await market.deep([OTHER])
    assert len(other.bids) == 10


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


async def test_generated_days_lead_to_the_recorded_one_and_go_on_from_it(market):
    go(market, 9, 40, day=date(2023, 2, 2))
    (daily,) = await bars(market, Period.DAY_1, Window(last=2))
    columns = daily.columns.values
    assert (columns["close"][0], columns["previous_close"][1]) == (1845.76, 1845.76)
    day = [columns[name][1] for name in ("open", "high", "low", "close", "volume")]
    assert day == [1854.98, 1859.0, 1811.4, 1844.97, recorded.VOLUME]
    assert (await quote(market)).previous_close == 1844.97
    (minutes,) = await bars(market, window=Window(last=250))
    assert minutes.columns.values["open"][0] == 1854.98
    assert minutes.columns.values["volume"][:240].sum() == recorded.VOLUME


@pytest.fixture(scope="module")
def minutes_store(shared, tmp_path_factory, calendar):
    store = MarketStore(tmp_path_factory.mktemp("minutes"))
    importer = Importer(store, calendar, recorded.FixedClock())
    file = shared / "minute" / "000001.SZ_1m_201801.csv"
    assert not importer.import_files(ImportKind.BARS, [file], ImportOptions()).failures
    yield store
    store.close()


@pytest.fixture
def played(minutes_store, calendar, workers, hand):
    """A market that lives the minutes of 000001 in January 2018 again."""
    plan = plan_world(MockConfig(liquidity="replay"), minutes_store, calendar)
    clock = SimClock(plan.start, calendar, Pace(1.0, hand, CountedIds()))
    world = World(1, calendar, clock.start, NoListings())
    parts = MarketParts(clock, workers, 1_000)
    market = ReplayedMarket(world, parts, plan.recordings(minutes_store))
    market.clock = clock
    return market


async def test_a_day_of_minutes_is_lived_again_where_no_quotes_are_held(played):
    first = date(2018, 1, 2)
    go(played, 9, 31, day=first)
    found = await quote(played, OTHER)
    assert (found.source, found.open, found.suspended) == (Source.REPLAY, 13.35, False)
    board = await played.board((OTHER,), ("last_price", "volume"))
    assert (board.source, board.values["volume"][0]) == (Source.REPLAY, found.volume)
    both = await played.board((OTHER, SYMBOL), ("last_price",))
    assert both.source is Source.SIMULATED
    quotes = played.follow(OTHER)
    assert (await anext(quotes)).source is Source.REPLAY
    await quotes.aclose()
    go(played, 14, 59, 59, day=first)
    assert (await quote(played, OTHER)).last_price == 13.69


async def test_days_of_minutes_follow_each_other(played):
    go(played, 9, 31, day=date(2018, 1, 3))
    found = await quote(played, OTHER)
    assert (found.source, found.open, found.previous_close) == (Source.REPLAY, 13.73, 13.7)
    source = await played.source(OTHER, date(2018, 1, 3))
    assert (source.previous_close, source.so_far(at(date(2018, 1, 3), time(9, 31))).open) == (
        Decimal("13.7"),
        1373,
    )


async def test_the_day_after_the_last_minutes_goes_on_from_them(played):
    after = date(2018, 1, 31)
    go(played, 9, 40, day=after)
    found = await quote(played, OTHER)
    (daily,) = await bars(played, Period.DAY_1, Window(last=1), (OTHER,))
    assert found.source is Source.SIMULATED
    assert found.previous_close == daily.columns.values["close"][0]


async def test_a_recorded_minute_grows_into_its_bar(market):
    stages = []
    for second in (3, 30, 59):
        go(market, 10, 0, second)
        stages.append((await market.forming(SYMBOL, Period.MIN_1)).bar)
    whole = (await market.forming(SYMBOL, Period.DAY_1)).bar
    quoted = await quote(market)
    go(market, 10, 1, 1)
    request = BarRequest((SYMBOL,), Period.MIN_1, Window(last=1))
    (final,) = rows_of((await market.bars(request))[0].columns)
    assert {(each.time, each.open, each.previous_close) for each in stages} == {
        (final.time, final.open, final.previous_close)
    }
    volumes = [each.volume for each in (*stages, final)]
    assert volumes == sorted(volumes)
    assert volumes[0] < volumes[-1]
    assert (whole.open, whole.high, whole.low, whole.close, whole.volume) == (
        quoted.open,
        quoted.high,
        quoted.low,
        quoted.last_price,
        quoted.volume,
    )
    assert (await market.forming(SYMBOL, Period.MIN_1)).source is Source.REPLAY
