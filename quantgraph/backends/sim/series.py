"""Bar series of the simulated market, cut off where its clock stands."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from quantgraph.backends.sim.block import Block, stack
from quantgraph.backends.sim.daily import Path
from quantgraph.backends.sim.days import MINUTES, Days, join, of_columns, of_path
from quantgraph.backends.sim.moments import Moment
from quantgraph.backends.sim.paths import Paths
from quantgraph.backends.sim.split import split
from quantgraph.backends.sim.streams import Ints
from quantgraph.domain.bars import (
    Adjustment,
    BarColumns,
    BarRequest,
    BarSeries,
    Column,
    Period,
    Window,
)
from quantgraph.domain.calendar import Dates, dates_of, day_of, starts_of
from quantgraph.domain.coverage import Asked, HeldDays, judge
from quantgraph.domain.errors import GatewayError, InvalidRequest, Unsupported, unknown_symbol
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source

_MINUTE_MS = 60_000
_STAMPS = np.concatenate([np.arange(570, 690), np.arange(780, 900)]) * _MINUTE_MS
_CHUNK = 128  # days split at once: bounds the memory of a request for years of minutes
_LAST = 250


@dataclass(frozen=True, slots=True)
class _Rows:
    """Bars one below the other, in ticks."""

    times: Ints
    bars: Block
    previous: Ints
    scale: Ints

    def take(self, rows: slice) -> "_Rows":
        return _Rows(self.times[rows], self.bars.take(rows), self.previous[rows], self.scale[rows])

    def column(self, name: str) -> Column:
        """Return one bar field in its own unit."""
        if name == "time":
            return self.times
        if name == "suspended":
            return np.zeros(len(self.times), dtype=np.bool_)
        if name == "previous_close":
            return self.previous / self.scale
        values: Column = getattr(self.bars, name)
        return values if name in ("volume", "amount") else values / self.scale


@dataclass(frozen=True, slots=True)
class _Held:
    """The days that bars can be made of, and all days held, suspended ones as well.

    `first` and `last` are the stamps of the first and the last finished bar.
    """

    days: Days
    dates: Dates
    first: int | None
    last: int | None

    def answered(self, period: Period, times: Ints, window: Window) -> HeldDays:
        """Return the held days, without a start only those from the first answered row on."""
        dates = self.dates
        if window.start is None:
            first = dates_of(times[:1])
            dates = dates[dates >= first[0]] if len(first) else dates[:0]
        return HeldDays(period, self.first, self.last, dates)


class SeriesReader:
    """Answers requests for MIN_1 and DAY_1 without adjustment. Blocking: call it in a worker."""

    def __init__(self, paths: Paths) -> None:
        """Read from `paths` and, for minutes inside imported days, from its listings."""
        self._paths = paths

    def read(self, request: BarRequest, now: Moment) -> list[BarSeries | GatewayError]:
        """Return one series per symbol, in order; nothing unfinished at `now` is shown."""
        wrong = _unanswerable(request)
        if wrong is not None:
            return [wrong] * len(request.symbols)
        known = self._paths.load(request.symbols, now.day)
        return [
            self._series(known[symbol], request, now) if symbol in known else unknown_symbol(symbol)
            for symbol in request.symbols
        ]

    def _series(self, path: Path, request: BarRequest, now: Moment) -> BarSeries:
        window = request.window
        if window.start is None and window.last is None:
            window = replace(window, last=_LAST)
        if request.period is Period.DAY_1:
            held = _finished_days(path, now)
            rows = _cut(_daily(held.days), window)
        else:
            held = self._minute_days(path, now)
            rows = self._minutes(path, _narrow(held.days, window), request.fields)
            done = int(np.searchsorted(rows.times, now.ms - _MINUTE_MS, side="right"))
            rows = _cut(rows.take(slice(done)), window)
        columns = {name: rows.column(name) for name in request.fields}
        return BarSeries(
            symbol=path.instrument.symbol,
            period=request.period,
            adjustment=request.adjustment,
            source=_source(path, rows),
            columns=BarColumns(len(rows.times), columns),
            coverage=judge(
                self._paths.world.calendar,
                held.answered(request.period, rows.times, window),
                Asked(window, now.day, path.instrument),
            ),
        )

    def _minute_days(self, path: Path, now: Moment) -> _Held:
        """Return today and what lies before it; imported days come before generated ones."""
        days = of_path(path).between(None, now.day)
        imported = self._imported(path.instrument.symbol, now.day - timedelta(days=1))
        dates = days.days
        if imported is not None:
            dates = dates_of(imported.values["time"])
            newest: date = dates[-1].astype(object)
            days = days.between(newest + timedelta(days=1), None)
            dates = np.concatenate([dates, days.days])
            days = join(of_columns(imported), days)
        return _Held(days, dates, _edge(dates, 0), _newest_minute(dates, now))

    def _imported(self, symbol: str, end: date) -> BarColumns | None:
        columns = self._paths.world.listings.daily(symbol, None, end)
        return None if columns is None or columns.length == 0 else columns

    def _minutes(self, path: Path, days: Days, fields: tuple[str, ...]) -> _Rows:
        """Return the minutes of the days; volumes and amounts only where they are asked for."""
        seed, instrument = self._paths.world.seed, path.instrument
        money = not {"volume", "amount"}.isdisjoint(fields)
        pieces = [days.take(slice(start, start + _CHUNK)) for start in _starts(days)]
        bars = stack(
            [split(piece.bars, piece.minute_cut(seed, instrument), money=money) for piece in pieces]
        )
        _relive(bars, path, days)
        previous = np.roll(bars.close, 1)
        previous[::MINUTES] = days.previous
        stamps = (starts_of(days.days)[:, None] + _STAMPS).reshape(-1)
        return _Rows(stamps, bars, previous, np.repeat(days.scale, MINUTES))


def _relive(bars: Block, path: Path, days: Days) -> None:
    """Put the minutes of days that were lived again in their places."""
    for day, minutes in path.minutes.items():
        row = int(np.searchsorted(days.days, np.datetime64(day)))
        if row < len(days.days) and days.days[row] == np.datetime64(day):
            place = slice(row * MINUTES, (row + 1) * MINUTES)
            for name in ("open", "high", "low", "close", "volume", "amount"):
                getattr(bars, name)[place] = getattr(minutes, name)


def _source(path: Path, rows: _Rows) -> Source:
    """Return REPLAY where every answered row is of a day that was lived again."""
    if not path.minutes or not len(rows.times):
        return Source.SIMULATED
    lived = np.array(list(path.minutes), "datetime64[D]")
    recorded = np.isin(dates_of(rows.times), lived).all()
    return Source.REPLAY if recorded else Source.SIMULATED


def _finished_days(path: Path, now: Moment) -> _Held:
    days = of_path(path).between(None, now.day - timedelta(days=1))
    stamps: list[int] = starts_of(days.days[[0, -1]]).tolist() if len(days.days) else []
    return _Held(days, days.days, min(stamps, default=None), max(stamps, default=None))


def _unanswerable(request: BarRequest) -> GatewayError | None:
    if request.period is not request.period.base:
        text = f"The simulated market makes MIN_1 and DAY_1 bars, not {request.period}."
        return InvalidRequest(Reason.UNSUPPORTED_PERIOD, text, period=request.period)
    if request.adjustment is not Adjustment.NONE:
        text = f"The simulated market makes unadjusted bars, not {request.adjustment}."
        return Unsupported(Reason.ADJUSTMENT_UNAVAILABLE, text, adjustment=request.adjustment)
    return None


def _daily(days: Days) -> _Rows:
    return _Rows(starts_of(days.days), days.bars, days.previous, days.scale)


def _edge(dates: Dates, index: int) -> int | None:
    """Return the first minute of the first day, or the last one of the last (index -1)."""
    return int(starts_of(dates[[index]])[0] + _STAMPS[index]) if len(dates) else None


def _newest_minute(dates: Dates, now: Moment) -> int | None:
    finished = now.session_ms // _MINUTE_MS
    today = len(dates) > 0 and dates[-1] == np.datetime64(now.day)
    if today and finished < MINUTES:
        dates = dates[:-1] if finished == 0 else dates
        if finished:
            return int(starts_of(dates[[-1]])[0] + _STAMPS[finished - 1])
    return _edge(dates, -1)


def _starts(days: Days) -> range:
    return range(0, max(len(days.days), 1), _CHUNK)


def _narrow(days: Days, window: Window) -> Days:
    """Return the days whose minutes can lie in the window."""
    start = None if window.start is None else day_of(window.start)
    end = None if window.end is None else day_of(window.end)
    days = days.between(start, end)
    if window.last is None:
        return days
    # Two days more than full ones are needed: the window may end inside one, today may be young.
    return days.take(slice(max(len(days.days) - window.last // MINUTES - 2, 0), None))


def _cut(rows: _Rows, window: Window) -> _Rows:
    left, right = 0, len(rows.times)
    if window.start is not None:
        left = int(np.searchsorted(rows.times, window.start))
    if window.end is not None:
        right = int(np.searchsorted(rows.times, window.end, side="right"))
    if window.last is not None:
        left = max(left, right - window.last)
    return rows.take(slice(left, max(left, right)))
