"""What is kept is given only while nothing has changed, and never differs from a fresh read."""

import asyncio
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantgraph.config import CalendarConfig, LimitsConfig
from quantgraph.domain.bars import Adjustment, BarColumns, BarRequest, BarSeries, Period, Window
from quantgraph.domain.budget import OperationBudget
from quantgraph.domain.calendar import starts_of
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import InvalidRequest
from quantgraph.services.adjusted import AdjustedBars
from quantgraph.services.cached import CachedBars
from quantgraph.services.calendar import load_calendar
from quantgraph.services.coverage import CoverageJudge
from quantgraph.services.derived import DerivedBars
from quantgraph.services.limited import LimitedBars
from quantgraph.services.recorded import InnerMarket, Recorded
from quantgraph.services.workers import Workers
from quantgraph.store.market import MarketStore
from quantgraph.store.version import FileVersion
from tests.services.conftest import FixedClock, SmallMarket

CALENDAR = load_calendar(CalendarConfig(), None)
DAYS = CALENDAR.between(date(2023, 1, 3), date(2023, 3, 31))
SYMBOLS = ("600519.SH", "000001.SZ")
FIELDS = ("time", "close", "volume")


class Chain:
    """The chain as it is assembled, with and without what is kept."""

    def __init__(self, folder, size=1_000_000):
        self.store = MarketStore(folder)
        self.workers = Workers(2, 16)
        self.market = SmallMarket()
        judge = CoverageJudge(CALENDAR, FixedClock())
        inner = InnerMarket(self.market, self.market, self.market, self.market)
        recorded = Recorded(self.store, inner, self.workers, judge)
        adjusted = AdjustedBars(recorded, recorded, self.workers)
        self.plain = DerivedBars(adjusted, self.workers)
        self.version = FileVersion(self.store.file)
        self.cached = CachedBars(self.plain, self.version.now, size)

    def put(self, symbol, first, closes):
        stamps = starts_of(DAYS[first : first + len(closes)])
        values = {
            "time": stamps,
            "close": np.array(closes, np.float64),
            "volume": np.arange(len(closes)),
            "previous_close": np.array(closes, np.float64),
        }
        with self.store.write(CALENDAR) as writer:
            writer.put_bars(symbol, Period.DAY_1, BarColumns(len(stamps), values))

    def pay(self, symbol, day, cash):
        event = Dividend(symbol, DAYS[day].astype(object), cash, 0.0, 0.0, 0.0, 0.0, 0.0)
        with self.store.write(CALENDAR) as writer:
            writer.put_dividends([event])

    def close(self):
        self.version.close()
        self.store.close()
        self.workers.close()


@pytest.fixture
def chain(tmp_path):
    found = Chain(tmp_path)
    yield found
    found.close()


def same(one, other):
    assert type(one) is type(other), (one, other)
    if not isinstance(one, BarSeries):
        assert one.reason is other.reason
        return
    assert replace(one, columns=None) == replace(other, columns=None)
    for name in FIELDS:
        np.testing.assert_array_equal(one.columns.values[name], other.columns.values[name])


def ask(*symbols, **window):
    return BarRequest(
        symbols or SYMBOLS, Period.DAY_1, Window(**window or {"last": 9}), fields=FIELDS
    )


steps = st.one_of(
    st.tuples(
        st.just("put"),
        st.sampled_from(SYMBOLS),
        st.integers(0, 40),
        st.lists(st.integers(100, 900).map(lambda cents: cents / 100), min_size=1, max_size=8),
    ),
    st.tuples(st.just("pay"), st.sampled_from(SYMBOLS), st.integers(1, 40), st.integers(1, 9)),
    st.tuples(
        st.just("ask"),
        st.lists(st.sampled_from(SYMBOLS), min_size=1, max_size=2, unique=True),
        st.sampled_from([1, 5, 30]),
        st.sampled_from([Period.DAY_1, Period.WEEK_1]),
        st.sampled_from(Adjustment),
    ),
)


@given(st.lists(steps, max_size=10))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
async def test_an_answer_is_right_the_moment_a_write_is_committed(tmp_path_factory, steps):
    chain = Chain(tmp_path_factory.mktemp("store"))
    asked = {request(SYMBOLS, 5, Period.DAY_1, Adjustment.FRONT)}
    try:
        chain.put(SYMBOLS[0], 0, [5.0] * 9)
        for name, *step in steps:
            if name == "ask":
                asked.add(request(*step))
            else:
                getattr(chain, name)(*step)
            for each in asked:
                fresh = await chain.plain.bars(each)
                for one, other in zip(await chain.cached.bars(each), fresh, strict=True):
                    same(one, other)
    finally:
        chain.close()


def request(symbols, last, period, adjustment):
    return BarRequest(tuple(symbols), period, Window(last=last), adjustment, FIELDS)


async def test_the_second_answer_is_at_hand_and_the_same_object(chain):
    chain.put("600519.SH", 0, [1.0, 2.0])
    asked = ask("600519.SH")
    assert chain.cached.ready(asked) is None
    (first,) = await chain.cached.bars(asked)
    (second,) = chain.cached.ready(asked)
    assert second is first
    assert first.columns.kept
    with pytest.raises(ValueError, match="read-only"):
        first.columns.values["close"][0] = 9.0


async def test_a_batch_reads_only_the_symbols_that_are_not_kept(chain):
    chain.put("600519.SH", 0, [1.0])
    chain.put("000001.SZ", 0, [2.0])
    read = []

    class Watched:
        async def bars(self, request):
            read.append(request.symbols)
            return await chain.plain.bars(request)

    cached = CachedBars(Watched(), chain.version.now, 1_000_000)
    await cached.bars(ask("600519.SH"))
    answers = await cached.bars(ask("000001.SZ", "600519.SH"))
    assert [each.symbol for each in answers] == ["000001.SZ", "600519.SH"]
    assert cached.ready(ask("600519.SH", "000001.SZ")) is not None
    assert read == [("600519.SH",), ("000001.SZ",)]


async def test_what_is_not_imported_is_never_kept(chain):
    asked = ask("300750.SZ")
    (found,) = await chain.cached.bars(asked)
    assert found.source.value == "SIMULATED"
    assert chain.cached.ready(asked) is None


async def test_what_was_read_while_a_write_came_is_not_kept(chain):
    chain.put("600519.SH", 0, [1.0])

    class Slow:
        async def bars(self, request):
            answer = await chain.plain.bars(request)
            chain.put("600519.SH", 0, [7.0])
            return answer

    cached = CachedBars(Slow(), chain.version.now, 1_000_000)
    await cached.bars(ask("600519.SH"))
    assert cached.ready(ask("600519.SH")) is None


async def test_memory_is_bounded(chain, tmp_path):
    chain.put("600519.SH", 0, [1.0] * 40)
    cached = CachedBars(chain.plain, chain.version.now, 10_000)
    for last in range(1, 30):
        await cached.bars(ask("600519.SH", last=last))
    kept = [last for last in range(1, 30) if cached.ready(ask("600519.SH", last=last))]
    assert kept == [27, 28, 29]
    nothing = CachedBars(chain.plain, chain.version.now, 0)
    await nothing.bars(ask("600519.SH"))
    assert nothing.ready(ask("600519.SH")) is None


async def test_a_ready_answer_counts_against_the_operation(chain):
    chain.put("600519.SH", 0, [1.0] * 40)
    limits = LimitsConfig(bar_rows=100, batch_symbols=2)
    limited = LimitedBars(chain.cached, limits, CALENDAR, chain.cached.ready)
    asked = ask("600519.SH", last=40)
    await limited.bars(asked)
    with OperationBudget():
        assert limited.ready(asked)
        assert limited.ready(asked)
        with pytest.raises(InvalidRequest) as caught:
            limited.ready(asked)
        assert caught.value.reason.value == "ROW_LIMIT"
    with pytest.raises(InvalidRequest):
        limited.ready(ask("600519.SH", last=40, start=0))
    with pytest.raises(InvalidRequest):
        limited.ready(ask("a", "b", "c"))


async def test_many_at_once_agree(chain):
    chain.put("600519.SH", 0, [1.0, 2.0])
    answers = await asyncio.gather(*(chain.cached.bars(ask("600519.SH")) for _ in range(8)))
    for (each,) in answers:
        same(each, answers[0][0])


async def test_a_symbol_asked_for_twice_is_answered_twice(chain):
    chain.put("600519.SH", 0, [1.0])
    request = ask("600519.SH", "000001.SZ", "600519.SH")
    for _ in range(2):
        answers = await chain.cached.bars(request)
        assert [getattr(each, "symbol", None) for each in answers][::2] == ["600519.SH"] * 2
        assert len(answers) == 3
