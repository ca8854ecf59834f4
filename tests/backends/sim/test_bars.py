"""Bars, dividends and coverage through the ports of the simulated market."""

import csv
import os
import subprocess
import sys
from datetime import date, time
from pathlib import Path

import numpy as np
import pytest

from quantgraph.backends.sim.universe import INDEX, UNIVERSE
from quantgraph.domain.bars import BAR_FIELDS, Adjustment, BarColumns, BarRequest, Period, Window
from quantgraph.domain.calendar import at, dates_of, day_start, starts_of
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instruments import Board, Instrument, classify
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source

from .conftest import START, Stage
from .listings import Shelf

MINUTE = 60_000


async def read(stage: Stage, symbol: str, period: Period, window: Window, *fields: str):
    request = BarRequest((symbol,), period, window, fields=fields or tuple(BAR_FIELDS))
    found = (await stage.market.bars(request))[0]
    assert not isinstance(found, GatewayError), found
    return found


def same_day(columns: BarColumns, day: date) -> BarColumns:
    return columns.take(dates_of(columns.values["time"]) == np.datetime64(day))


async def test_daily_bars_reach_from_2015_to_the_day_before_the_clock(stage: Stage) -> None:
    series = await read(stage, "600519.SH", Period.DAY_1, Window(start=day_start(date(2015, 1, 5))))
    sessions = stage.calendar.between(date(2015, 1, 5), date(2023, 1, 31))
    assert (series.columns.values["time"] == starts_of(sessions)).all()
    assert series.source is Source.SIMULATED
    assert series.coverage.complete is True
    stage.move_to(1, 0)
    series = await read(stage, "600519.SH", Period.DAY_1, Window(last=1))
    assert series.columns.values["time"].tolist() == [day_start(START)]


async def test_a_later_listing_begins_on_its_list_date(stage: Stage) -> None:
    series = await read(stage, "688981.SH", Period.DAY_1, Window(start=0), "time")
    assert series.columns.values["time"][0] == day_start(date(2020, 7, 16))
    assert series.coverage.complete is True  # nothing can be missing before the listing


async def test_minutes_of_every_symbol_add_up_to_its_days(stage: Stage) -> None:
    window = Window(day_start(date(2023, 1, 16)), day_start(START) - 1)
    for symbol in UNIVERSE:
        days = (await read(stage, symbol, Period.DAY_1, window)).columns.values
        minutes = (await read(stage, symbol, Period.MIN_1, window)).columns
        parts = {n: c.reshape(-1, 240) for n, c in minutes.values.items()}
        assert (parts["open"][:, 0] == days["open"]).all()
        assert (parts["high"].max(axis=1) == days["high"]).all()
        assert (parts["low"].min(axis=1) == days["low"]).all()
        assert (parts["close"][:, -1] == days["close"]).all()
        assert (parts["volume"].sum(axis=1) == days["volume"]).all()
        assert (parts["amount"].sum(axis=1) == days["amount"]).all()
        assert (parts["previous_close"][:, 0] == days["previous_close"]).all()
        assert (parts["previous_close"][:, 1:] == parts["close"][:, :-1]).all()


async def test_minutes_are_stamped_at_their_start_and_leave_lunch_out(stage: Stage) -> None:
    window = Window(day_start(date(2023, 1, 31)), day_start(START) - 1)
    stamps = (await read(stage, "000001.SZ", Period.MIN_1, window, "time")).columns.values["time"]
    day = date(2023, 1, 31)
    places = (0, 119, 120, 239)
    clocks = (time(9, 30), time(11, 29), time(13, 0), time(14, 59))
    assert [int(stamps[place]) for place in places] == [at(day, clock) for clock in clocks]


@pytest.mark.parametrize(
    ("seconds", "finished"),
    [(0, 0), (59.999, 0), (60, 1), (7_199, 119), (7_200, 120), (7_261, 121)],
)
async def test_a_minute_shows_once_it_is_over(stage: Stage, seconds: float, finished: int) -> None:
    stage.move_to(0, seconds)
    window = Window(start=day_start(START))
    series = await read(stage, "600519.SH", Period.MIN_1, window)
    assert series.columns.length == finished
    newest = await read(stage, "600519.SH", Period.MIN_1, Window(last=1), "time")
    assert series.coverage.held_to == newest.columns.values["time"][0]


async def test_what_was_shown_as_it_happened_stays_as_it_was(stage: Stage) -> None:
    stage.move_to(0, 10_000)
    seen = await read(stage, "600519.SH", Period.MIN_1, Window(start=day_start(START)))
    stage.move_to(1, 0)
    later = await read(stage, "600519.SH", Period.MIN_1, Window(start=day_start(START)))
    count = seen.columns.length
    assert count == 166
    for name in BAR_FIELDS:
        assert (seen.columns.values[name] == later.columns.values[name][:count]).all()
    day = await read(stage, "600519.SH", Period.DAY_1, Window(last=1), "close", "volume")
    assert day.columns.values["close"][0] == later.columns.values["close"][-1]
    assert day.columns.values["volume"][0] == later.columns.values["volume"].sum()


@pytest.mark.parametrize("period", [Period.DAY_1, Period.MIN_1])
async def test_a_series_ends_with_its_last_bars(stage: Stage, period: Period) -> None:
    stage.move_to(0, 300)
    whole = await read(stage, "300750.SZ", period, Window(start=day_start(date(2022, 12, 1))))
    for last in (1, 5, 239, 240, 241, 600):
        part = await read(stage, "300750.SZ", period, Window(last=last))
        some = min(last, whole.columns.length)
        assert part.columns.length == last
        for name in BAR_FIELDS:
            assert (part.columns.values[name][-some:] == whole.columns.values[name][-some:]).all()
    fallback = await read(stage, "300750.SZ", period, Window())
    assert fallback.columns.length == 250


async def test_both_ends_of_a_window_are_inside_it(stage: Stage) -> None:
    start, end = at(date(2023, 1, 31), time(13, 1)), at(date(2023, 1, 31), time(13, 3))
    series = await read(stage, "600519.SH", Period.MIN_1, Window(start, end), "time")
    assert series.columns.values["time"].tolist() == [start, start + MINUTE, end]
    empty = await read(stage, "600519.SH", Period.MIN_1, Window(start + 1, start + 2))
    assert empty.columns.length == 0


async def test_only_the_asked_fields_come_back(stage: Stage) -> None:
    for period in (Period.DAY_1, Period.MIN_1):
        series = await read(stage, "600519.SH", period, Window(last=3), "close", "suspended")
        assert list(series.columns.values) == ["close", "suspended"]
        assert not series.columns.values["suspended"].any()
        whole = await read(stage, "600519.SH", period, Window(last=3))
        assert (whole.columns.values["close"] == series.columns.values["close"]).all()


async def test_columns_have_the_types_of_the_contract(stage: Stage) -> None:
    for period in (Period.DAY_1, Period.MIN_1):
        columns = (await read(stage, INDEX, period, Window(last=2))).columns
        assert {n: str(c.dtype) for n, c in columns.values.items()} == {
            field.name: field.dtype for field in BAR_FIELDS.values()
        }


async def test_one_unknown_symbol_does_not_cost_the_others_their_answer(stage: Stage) -> None:
    request = BarRequest(("600519.SH", "999999.SH", "000001.SZ"), Period.DAY_1, Window(last=1))
    good, bad, fine = await stage.market.bars(request)
    assert isinstance(bad, GatewayError)
    assert bad.reason is Reason.UNKNOWN_SYMBOL
    assert [good.symbol, fine.symbol] == ["600519.SH", "000001.SZ"]


@pytest.mark.parametrize(
    ("period", "adjustment", "reason"),
    [
        (Period.MIN_5, Adjustment.NONE, Reason.UNSUPPORTED_PERIOD),
        (Period.DAY_1, Adjustment.FRONT, Reason.ADJUSTMENT_UNAVAILABLE),
    ],
)
async def test_what_it_cannot_make_it_refuses(stage, period, adjustment, reason) -> None:
    request = BarRequest(("600519.SH",), period, Window(last=1), adjustment)
    error = (await stage.market.bars(request))[0]
    assert isinstance(error, GatewayError)
    assert error.reason is reason


async def test_sessions_before_the_first_bar_are_named_as_missing(stage: Stage) -> None:
    window = Window(day_start(date(2014, 12, 29)), day_start(date(2015, 1, 6)))
    coverage = (await read(stage, "600519.SH", Period.DAY_1, window)).coverage
    assert coverage.complete is False
    assert coverage.missing == 5
    assert coverage.missing_dates[0] == date(2014, 12, 29)
    assert coverage.held_from == day_start(date(2015, 1, 5))


async def test_before_the_calendar_nobody_says_what_is_missing(make_stage) -> None:
    stage = make_stage(Shelf({"600999.SH": _instrument("600999.SH")}))  # no list date known
    window = Window(day_start(date(1980, 1, 1)), day_start(date(2015, 1, 6)))
    coverage = (await read(stage, "600999.SH", Period.DAY_1, window)).coverage
    assert coverage.complete is None
    assert coverage.missing is None


async def test_dividends_are_told_from_their_ex_day_on(stage: Stage) -> None:
    paid, none, unknown = await stage.market.dividends(
        ["600519.SH", INDEX, "999999.SH"], Period.DAY_1
    )
    assert paid is not None
    assert [each.ex_date.year for each in paid] == list(range(2015, 2023))
    assert all(each.itemised for each in paid)
    assert list(none) == []
    assert unknown is None


_SCRIPT = """
import sys
sys.path.insert(0, {root!r})
from quantgraph.backends.sim.paths import Paths, World
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.quoting import Quoter
from quantgraph.backends.sim.series import SeriesReader
from quantgraph.backends.sim.moments import Moment
from quantgraph.backends.sim.hours import session_instant
from quantgraph.domain.bars import BarRequest, Period, Window
import datetime, hashlib, numpy
days = numpy.arange(numpy.datetime64("2014-01-01"), numpy.datetime64("2025-01-01"))
from quantgraph.domain.calendar import TradingCalendar
calendar = TradingCalendar(days[numpy.is_busday(days)], first=datetime.date(2014, 1, 1),
                           last=datetime.date(2024, 12, 31), source="x")
day = datetime.date(2023, 2, 1)
paths = Paths(World(7, calendar, day, NoListings()))
now = Moment("e", day, session_instant(day, 5_000_000))
digest = hashlib.sha256()
for symbol in {symbols!r}:
    for period in (Period.DAY_1, Period.MIN_1):
        request = BarRequest((symbol,), period, Window(last=2_000))
        series = SeriesReader(paths).read(request, now)[0]
        for name, column in sorted(series.columns.values.items()):
            digest.update(name.encode() + column.tobytes())
    digest.update(repr(Quoter(paths, 1_000).read([symbol], now)[symbol]).encode())
print(digest.hexdigest())
"""


def _run(symbols: list[str], hash_seed: str, python: str) -> str:
    root = str(Path(__file__).parents[3])
    script = _SCRIPT.format(root=root, symbols=symbols)
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [python, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_every_process_makes_the_same_market() -> None:
    symbols = ["600519.SH", "300274.SZ", INDEX]
    digests = {_run(symbols, seed, sys.executable) for seed in ("0", "1", "4242")}
    assert len(digests) == 1
    # Held here so that no platform, Python or numpy may silently change the market of a seed.
    assert digests == {"0ae9ee65f71715e70dd7846243c75afdf960437fb0b81076e38f4241d8550a3e"}


def _imported(days: list[date], rows: list[tuple[float, ...]]) -> BarColumns:
    columns = np.array(rows, dtype=np.float64).T
    names = ("open", "high", "low", "close", "volume", "amount")
    values = dict(zip(names, columns, strict=True))
    values["volume"] = values["volume"].astype(np.int64)
    values["time"] = starts_of(days)
    return BarColumns(len(days), values)


def _instrument(symbol: str) -> Instrument:
    market, kind, board = classify(symbol)
    return Instrument(symbol, "测试", market, kind, board, None, None, None, False, Source.IMPORTED)


@pytest.fixture
def shelf() -> Shelf:
    days = [date(2023, 1, 20), date(2023, 1, 30), date(2023, 1, 31)]
    rows = [
        (10.0, 10.5, 9.9, 10.2, 123_456, 1_259_251.20),
        (10.2, 10.2, 10.2, 10.2, 0, 0.0),  # suspended
        (10.3, 11.22, 10.3, 11.22, 9_876_543, 108_641_973.45),
    ]
    return Shelf({"601999.SH": _instrument("601999.SH")}, {"601999.SH": _imported(days, rows)})


async def test_minutes_inside_imported_days_add_up_to_those(make_stage, shelf: Shelf) -> None:
    stage = make_stage(shelf)
    series = await read(stage, "601999.SH", Period.MIN_1, Window(start=0))
    assert series.source is Source.SIMULATED
    for day in (date(2023, 1, 20), date(2023, 1, 31)):
        part = same_day(series.columns, day).values
        row = shelf.daily("601999.SH", day, day).values
        assert part["open"][0] == row["open"][0]
        assert part["high"].max() == row["high"][0]
        assert part["low"].min() == row["low"][0]
        assert part["close"][-1] == row["close"][0]
        assert part["volume"].sum() == row["volume"][0]
        assert part["amount"].sum() == row["amount"][0]
    assert same_day(series.columns, date(2023, 1, 30)).length == 0


async def test_an_imported_symbol_goes_on_from_its_last_close(make_stage, shelf: Shelf) -> None:
    stage = make_stage(shelf)
    quote = (await stage.market.quotes(["601999.SH"]))[0]
    assert quote.previous_close == 11.22
    assert abs(quote.last_price / 11.22 - 1) < 0.1
    first = await read(stage, "601999.SH", Period.DAY_1, Window(last=5))
    assert first.columns.length == 0  # imported days are the store's to tell
    stage.move_to(1, 0)
    day = await read(stage, "601999.SH", Period.DAY_1, Window(last=5))
    assert day.columns.values["previous_close"].tolist() == [11.22]
    assert (await stage.market.dividends(["601999.SH"], Period.DAY_1))[0] is None
    assert (await stage.market.instruments(["601999.SH"]))[0].source is Source.IMPORTED


async def test_bars_without_an_instrument_are_what_their_code_says(make_stage, shelf) -> None:
    shelf.held.clear()
    stage = make_stage(shelf)
    found = (await stage.market.instruments(["601999.SH"]))[0]
    assert (found.board, found.name, found.source) == (Board.MAIN, None, Source.IMPORTED)
    assert (await stage.market.quotes(["601999.SH"]))[0].previous_close == 11.22


async def test_an_instrument_without_bars_gets_a_whole_series(make_stage) -> None:
    stage = make_stage(Shelf({"600999.SH": _instrument("600999.SH")}))
    series = await read(stage, "600999.SH", Period.DAY_1, Window(start=0))
    assert series.columns.length == len(stage.calendar.between(date(2015, 1, 5), date(2023, 1, 31)))
    paid = (await stage.market.dividends(["600999.SH"], Period.DAY_1))[0]
    assert paid is not None


async def test_imports_are_asked_once_for_many_symbols(make_stage) -> None:
    codes = [f"60{number:04d}.SH" for number in range(100, 400)]
    shelf = Shelf({code: _instrument(code) for code in codes})
    stage = make_stage(shelf)
    found = await stage.market.quotes(codes)
    assert not any(isinstance(each, GatewayError) for each in found)
    assert shelf.asked == 1


async def test_minutes_inside_600519_of_the_recorded_file_add_up_exactly(
    make_stage, shared: Path
) -> None:
    with (shared / "daily" / "baostock_unadj_600519.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if "2022-10-01" < row["date"] < "2023-02-01"]
    names = ("open", "high", "low", "close", "volume", "amount")
    days = [date.fromisoformat(row["date"]) for row in rows]
    imported = _imported(days, [tuple(float(row[name]) for name in names) for row in rows])
    stage = make_stage(Shelf({"600519.SH": _instrument("600519.SH")}, {"600519.SH": imported}))
    end = day_start(START) - 1
    series = await read(stage, "600519.SH", Period.MIN_1, Window(day_start(days[0]), end))
    parts = {n: c.reshape(-1, 240) for n, c in series.columns.values.items()}
    assert len(parts["time"]) == len(days) > 70
    assert (parts["high"].max(axis=1) == imported.values["high"]).all()
    assert (parts["low"].min(axis=1) == imported.values["low"]).all()
    assert (parts["volume"].sum(axis=1) == imported.values["volume"]).all()
    assert (parts["amount"].sum(axis=1) == imported.values["amount"]).all()
    # Nothing trades while the closing auction collects orders; it prints in the last minute.
    assert (parts["volume"][:, 237:239] == 0).all()
    assert (parts["high"][:, 239] == parts["low"][:, 239]).all()
    assert (parts["close"][:, 239] == imported.values["close"]).all()
    traded = parts["volume"] > 0
    mean = parts["amount"][traded] / parts["volume"][traded]
    low, high = parts["low"][traded], parts["high"][traded]
    assert ((mean >= low - 0.01) & (mean <= high + 0.01)).mean() > 0.999


async def test_an_import_while_it_runs_gives_a_symbol_its_new_path(
    make_stage, shelf: Shelf
) -> None:
    bars, shelf.bars = shelf.bars, {}
    stage = make_stage(shelf)
    follower = stage.market.follow("601999.SH")
    invented = await anext(follower)
    other = (await stage.market.quotes(["600519.SH"]))[0]
    shelf.bars, shelf.imports = bars, 1
    recorded = (await stage.market.quotes(["601999.SH"]))[0]
    assert invented.previous_close != recorded.previous_close == 11.22
    assert recorded == (await make_stage(shelf).market.quotes(["601999.SH"]))[0]
    assert (await stage.market.dividends(["601999.SH"], Period.DAY_1))[0] is None
    # what nobody imported goes on as it was
    assert (await stage.market.quotes(["600519.SH"]))[0] == other
    await follower.aclose()


async def test_bars_later_than_the_clock_are_no_anchor(make_stage, shelf: Shelf) -> None:
    days = [date(2023, 1, 31), START, date(2023, 2, 2)]
    rows = [(close, close, close, close, 1_000, 1_000.0 * close) for close in (11.0, 12.0, 13.0)]
    shelf.bars["601999.SH"] = _imported(days, rows)
    stage = make_stage(shelf)
    assert (await stage.market.quotes(["601999.SH"]))[0].previous_close == 11.0
