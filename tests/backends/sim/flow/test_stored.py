"""Stored minutes as a day of deals: each minute comes to its bar, and the venue to the screen."""

from collections import defaultdict
from datetime import date, time

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from api.replays import StoreRecordings
from quantgraph.backends.sim.block import Block
from quantgraph.backends.sim.flow.stored import (
    STORED_FIELDS,
    LivedDay,
    before_call,
    stored_minutes,
)
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.paths import Paths, World
from quantgraph.backends.sim.quoting import Quoter
from quantgraph.backends.sim.recordings import Replays
from quantgraph.domain.bars import BarColumns
from quantgraph.domain.calendar import at, day_start
from quantgraph.store.imports.draft import ImportOptions
from quantgraph.store.imports.importer import Importer
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.market import MarketStore

from ..conftest import make_calendar
from . import recorded
from .venues import Floor, check_frame

SYMBOL, DAY = "000001.SZ", date(2018, 1, 2)
LATER = date(2018, 1, 3)
CALENDAR = make_calendar(date(2027, 12, 31))


@pytest.fixture(scope="module")
def store(shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("minutes")
    store = MarketStore(folder)
    importer = Importer(store, CALENDAR, recorded.FixedClock())
    file = shared / "minute" / "000001.SZ_1m_201801.csv"
    assert not importer.import_files(ImportKind.BARS, [file], ImportOptions()).failures
    yield store
    store.close()


@pytest.fixture(scope="module")
def replays(store):
    return Replays(StoreRecordings(store, {SYMBOL: date(2018, 1, 30)}), CALENDAR, DAY)


@pytest.fixture(scope="module")
def quoter(replays):
    return Quoter(Paths(World(1, CALENDAR, DAY, NoListings(), replays.days)), 1_000)


def stored(store, day=DAY):
    held, _ = StoreRecordings(store, {}).minutes(SYMBOL, day)
    return stored_minutes(held, day, 100)


def frames_of(quoter, day=DAY, symbol=SYMBOL):
    return quoter.frames(quoter._paths.load([symbol], day)[symbol], day)


def deals_by_minute(frames):
    plan, found = frames._plan, defaultdict(list)
    for frame in frames.between(plan.spans[0].start, plan.close):
        if frame.deals:
            found[max(plan.second(frame.at), 0) // 60] += frame.deals
    return found


def check_minutes(frames, bars, accuracy=1e-4):
    """Every minute's deals make its bar; its money as far as the shares of its seconds allow."""
    deals = deals_by_minute(frames)
    for minute in range(240):
        bar = bars.take(minute)
        prices = [deal.price for deal in deals[minute]]
        assert sum(deal.quantity for deal in deals[minute]) == bar.volume
        if prices:
            told = prices[0], max(prices), min(prices), prices[-1]
            assert told == (bar.open, bar.high, bar.low, bar.close), minute
            money = sum(deal.price * deal.quantity for deal in deals[minute])
            wanted = bar.amount * 100
            # some stored minutes tell more money than their shares cost at the high, or too little
            if bar.low * bar.volume <= wanted <= bar.high * bar.volume:
                assert abs(money - wanted) <= wanted * accuracy, minute


@pytest.mark.parametrize("day", [DAY, LATER])
def test_the_deals_of_every_minute_make_its_stored_bar(store, quoter, day):
    bars = stored(store, day)
    check_minutes(frames_of(quoter, day), before_call(bars))
    assert before_call(bars).volume.sum() == bars.volume.sum()


def test_what_is_stamped_while_the_closing_auction_collects_was_traded_just_before(store):
    bars = stored(store)
    played = before_call(bars)
    assert bars.volume[237] == 96_000
    assert played.volume[236:].tolist() == [469_300 + 96_000, 0, 0, 1_413_900]
    assert (played.close[236], played.close[238], played.open[239]) == (1369, 1369, 1370)
    assert (bars.take(slice(0, 236)).high == played.take(slice(0, 236)).high).all()


@pytest.mark.parametrize("start", [(9, 16), (11, 25), (14, 50)])
def test_a_venue_without_us_is_the_screen(quoter, start):
    begins = at(DAY, time(*start))
    frames = frames_of(quoter)
    floor = Floor.over(frames, SYMBOL, begins)
    seen = 0
    for frame, _, events in floor.run(begins + 16 * 60_000):
        check_frame(floor, frame, events)
        seen += len(frame.deals)
    assert seen > 50


MINUTE = st.tuples(
    st.integers(900, 1_000),
    st.lists(st.integers(-5, 5), min_size=3, max_size=3),
    st.integers(2_000, 90_000),
    st.integers(30, 70),
)


def block_of(rows):
    """A day of which some minutes traded, from rows of (middle, offsets, shares, lean)."""
    bars = {name: [] for name in STORED_FIELDS}
    for place, (middle, offsets, shares, lean) in sorted(rows.items()):
        prices = [middle + each for each in offsets]
        high, low = max(prices), min(prices)
        minute = place * 60_000 + (570 if place < 120 else 660) * 60_000
        # inside of what opening, closing and both extremes leave to choose
        least = low * shares + sum(price - low for price in (*prices, high))
        most = high * shares - sum(high - price for price in (*prices, low))
        amount = (least + (most - least) * lean // 100) / 100
        row = (day_start(DAY) + minute, prices[0], high, low, prices[1], shares, amount)
        for name, cell in zip(STORED_FIELDS, row, strict=True):
            bars[name].append(cell / 100 if name in STORED_FIELDS[1:5] else cell)
    columns = {name: np.array(cells) for name, cells in bars.items()}
    return stored_minutes(BarColumns(len(rows), columns), DAY, 100)


# without shrinking: a day takes a second
@settings(max_examples=12, phases=(Phase.explicit, Phase.generate))
@given(rows=st.dictionaries(st.integers(0, 236), MINUTE, min_size=1, max_size=12))
def test_any_minutes_are_met(rows):
    bars = block_of(rows)
    world = World(1, CALENDAR, DAY, NoListings(), lambda *_: {DAY: LivedDay(bars, 950)})
    check_minutes(frames_of(Quoter(Paths(world), 1_000)), bars, 0.01)


def test_a_day_without_a_trade_is_none():
    nothing = BarColumns(0, {name: np.zeros(0, np.int64) for name in STORED_FIELDS})
    assert stored_minutes(nothing, DAY, 100) is None


def test_the_quotes_of_the_day_say_replay_and_what_had_traded(store, quoter):
    bars: Block = stored(store)
    path = quoter._paths.load([SYMBOL], DAY)[SYMBOL]
    state = frames_of(quoter).so_far(at(DAY, time(10, 0)) - 1)
    assert path.source(DAY) == "REPLAY"
    assert state.volume == bars.volume[:30].sum()
    assert (state.open, state.high) == (bars.open[0], bars.high[:30].max())
