from datetime import date, datetime, time

import numpy as np
import pytest

from quantgraph.domain.bars import BAR_FIELDS, Adjustment, BarRequest, Period, Window
from quantgraph.domain.calendar import SHANGHAI, at, dates_of, day_of, day_start
from quantgraph.domain.clock import SystemClock
from quantgraph.domain.sources import Source
from quantgraph.store.imports.importer import Importer
from quantgraph.store.imports.layouts import ImportKind

DAY = date(2023, 2, 1)
ALL = tuple(BAR_FIELDS)
LONG = [Period.WEEK_1, Period.MONTH_1, Period.QUARTER_1, Period.HALF_YEAR_1, Period.YEAR_1]
SHORT = [Period.MIN_5, Period.MIN_15, Period.MIN_30, Period.HOUR_1]


async def ask(chain, symbol, period, window, fields=ALL, adjustment=Adjustment.NONE):
    return (await chain.derived.bars(BarRequest((symbol,), period, window, adjustment, fields)))[0]


async def test_the_trades_of_a_day_are_its_daily_bar_in_every_period(full):
    window = Window(day_start(DAY), day_start(DAY) + 86_399_999)
    day = (await ask(full, "600519.SH", Period.DAY_1, window)).columns.values
    for period in (Period.MIN_1, *SHORT):
        bars = (await ask(full, "600519.SH", period, window)).columns.values
        assert (bars["open"][0], bars["close"][-1]) == (day["open"][0], day["close"][0])
        assert (bars["high"].max(), bars["low"].min()) == (day["high"][0], day["low"][0])
        assert bars["volume"].sum() == day["volume"][0] == 3_397_389
        assert np.rint(bars["amount"] * 100).astype(np.int64).sum() / 100 == day["amount"][0]


@pytest.mark.parametrize(
    ("period", "count"),
    [(Period.MIN_5, 48), (Period.MIN_15, 16), (Period.MIN_30, 8), (Period.HOUR_1, 4)],
)
async def test_a_full_day_has_as_many_bars_as_the_session_has_stretches(full, period, count):
    window = Window(start=day_start(date(2018, 1, 2)), end=day_start(date(2018, 1, 3)) - 1)
    series = await ask(full, "000001.SZ", period, window, ("time",))
    assert series.columns.length == count
    stamps = [
        datetime.fromtimestamp(ms / 1000, SHANGHAI).time() for ms in series.columns.values["time"]
    ]
    assert (stamps[0], stamps[count // 2]) == (time(9, 30), time(13, 0))


@pytest.mark.parametrize("period", [*SHORT, *LONG])
@pytest.mark.parametrize("last", [1, 3, 7])
async def test_the_last_bars_are_the_end_of_all_bars(full, period, last):
    symbol = "000001.SZ"
    whole = (await ask(full, symbol, period, Window(start=0))).columns
    tail = (await ask(full, symbol, period, Window(last=last))).columns
    assert tail.length == last
    for name in ("time", "open", "high", "low", "close", "volume", "amount"):
        assert tail.values[name].tolist() == whole.values[name][-last:].tolist()


@pytest.mark.parametrize("period", LONG)
async def test_a_window_bounds_the_stamps_and_never_cuts_a_bar(full, period):
    whole = (
        await ask(full, "600519.SH", period, Window(start=0), ("time", "close", "volume"))
    ).columns
    start, end = day_start(date(2015, 6, 10)), day_start(date(2019, 3, 14))
    part = (
        await ask(full, "600519.SH", period, Window(start, end), ("time", "close", "volume"))
    ).columns
    inside = (whole.values["time"] >= start) & (whole.values["time"] <= end)
    assert part.length == inside.sum() > 0
    for name in part.values:
        assert part.values[name].tolist() == whole.values[name][inside].tolist()


async def test_a_window_that_begins_within_a_session_keeps_whole_bars(full):
    start = at(date(2018, 1, 2), time(10, 7))
    series = await ask(
        full, "000001.SZ", Period.MIN_30, Window(start, start + 3_600_000), ("time", "volume")
    )
    stamps = [
        datetime.fromtimestamp(ms / 1000, SHANGHAI).time() for ms in series.columns.values["time"]
    ]
    assert stamps == [time(10, 30), time(11, 0)]
    end = at(date(2018, 1, 2), time(11, 0))
    same = await ask(full, "000001.SZ", Period.MIN_30, Window(end=end, last=1), ("time", "volume"))
    assert same.columns.values["volume"][0] == series.columns.values["volume"][1]


async def test_a_week_is_stamped_at_its_first_day_with_a_bar(full):
    window = Window(day_start(date(2024, 2, 5)), day_start(date(2024, 2, 23)))
    series = await ask(full, "600519.SH", Period.WEEK_1, window, ("time",))
    # 2024-02-12 to 02-18 was spring festival
    assert [day_of(stamp) for stamp in series.columns.values["time"].tolist()] == [
        date(2024, 2, 5),
        date(2024, 2, 19),
    ]


async def test_longer_bars_are_made_of_adjusted_ones(full):
    window = Window(day_start(date(2015, 5, 1)), day_start(date(2015, 5, 31)))
    # one share became three on 2015-05-05
    raw = await ask(full, "601012.SH", Period.MONTH_1, window, ("high", "low"))
    front = await ask(
        full, "601012.SH", Period.MONTH_1, window, ("high", "low"), Adjustment.FRONT_RATIO
    )
    assert raw.columns.values["high"][0] / raw.columns.values["low"][0] > 3
    assert front.columns.values["high"][0] / front.columns.values["low"][0] < 1.7
    assert front.anchor == day_start(date(2024, 8, 20))


async def test_only_what_the_aggregate_needs_is_read(full):
    await ask(full, "600519.SH", Period.MIN_5, Window(last=10), ("close",))
    assert full.store.counter.columns == {"time", "close"}
    full.store.counter.reset()
    await ask(full, "600519.SH", Period.WEEK_1, Window(last=10), ("volume",))
    assert full.store.counter.columns == {"time", "volume"}


async def test_coverage_speaks_of_the_answered_bars_only(chain, load):
    rows = [f"600519.SH,2023-02-{day:02d},1,1,1,1\n" for day in (1, 2, 6, 7, 8, 9, 10, 13, 14)]
    load("bars", "symbol,date,open,high,low,close\n" + "".join(rows))
    one = await ask(chain, "600519.SH", Period.WEEK_1, Window(last=1), ("close",))
    assert (one.columns.length, one.coverage.missing) == (1, 0)
    three = await ask(chain, "600519.SH", Period.WEEK_1, Window(last=3), ("close",))
    assert three.coverage.missing_dates == (date(2023, 2, 3),)


async def test_coverage_judges_no_day_before_the_start_though_its_week_is_read(chain, load):
    # Wednesday the 1st to Tuesday the 14th; nothing of Monday and Tuesday before is held
    rows = [f"600519.SH,2023-02-{day:02d},1,1,1,1\n" for day in (1, 2, 6, 7, 8, 9, 13, 14)]
    load("bars", "symbol,date,open,high,low,close\n" + "".join(rows))
    start, end = day_start(date(2023, 2, 1)), day_start(date(2023, 2, 14))
    series = await ask(chain, "600519.SH", Period.WEEK_1, Window(start, end), ("close",))
    assert series.columns.length == 3
    # to the end of the week, though: its bar stands for all of it
    assert series.coverage.missing_dates == tuple(date(2023, 2, day) for day in (3, 10, 15, 16, 17))
    assert series.coverage.missing == 5
    later = Window(day_start(date(2023, 2, 2)), day_start(date(2023, 2, 7)))
    series = await ask(chain, "600519.SH", Period.WEEK_1, later, ("close",))
    assert series.coverage.missing_dates == (date(2023, 2, 3), date(2023, 2, 10))


async def test_a_start_after_the_last_minute_judges_from_the_next_day(full):
    window = Window(start=at(date(2018, 1, 2), time(14, 59, 30)), last=None)
    series = await ask(full, "000001.SZ", Period.MIN_30, window, ("time",))
    assert date(2018, 1, 2) not in series.coverage.missing_dates


async def test_nothing_held_aggregates_to_nothing(chain, load):
    load("instruments", "symbol,name\n688999.SH,某某\n")
    series = await ask(chain, "688999.SH", Period.WEEK_1, Window(last=5))
    assert series.columns.length == 0
    assert series.period is Period.WEEK_1


async def test_errors_stay_in_their_places(full):
    request = BarRequest(("688999.SH", "600519.SH"), Period.WEEK_1, Window(last=2))
    error, series = await full.derived.bars(request)
    assert error.reason == "UNKNOWN_SYMBOL"
    assert series.columns.length == 2
    assert len(np.unique(dates_of(series.columns.values["time"]))) == 2


async def test_27135_trades_alone_are_exactly_the_daily_bar_of_the_exchange(
    shared, chain, calendar
):
    files = list(shared.glob("l2/*_trade.csv.gz"))
    importer = Importer(chain.store, calendar, SystemClock())
    report = importer.import_files(ImportKind.TRADES, files).files[0]
    assert report.outcome.rows == 27_135
    series = await ask(chain, "600519.SH", Period.DAY_1, Window())
    values = {name: column.tolist() for name, column in series.columns.values.items()}
    assert values["time"] == [day_start(DAY)]
    assert (values["open"], values["high"]) == ([1854.98], [1859.0])
    assert (values["low"], values["close"]) == ([1811.4], [1844.97])
    assert (values["volume"], values["amount"]) == ([3_397_389], [6_244_678_924.61])
    assert series.source is Source.IMPORTED
    assert series.coverage.complete
