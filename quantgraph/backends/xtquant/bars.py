"""Bar history out of the terminal's cache: many symbols in one call, the asked columns alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from quantgraph.backends.xtquant.book import InstrumentBook
from quantgraph.backends.xtquant.codes import lot_of, period_name, to_vendor
from quantgraph.backends.xtquant.columns import asked_fields, read_columns
from quantgraph.backends.xtquant.data import Data
from quantgraph.backends.xtquant.days import instant_digits
from quantgraph.backends.xtquant.mirror import reaches_today, read_mirror
from quantgraph.domain.bars import (
    BAR_FIELDS,
    Adjustment,
    BarColumns,
    BarRequest,
    BarSeries,
    Period,
    join_rows,
)
from quantgraph.domain.calendar import TradingCalendar, dates_of, day_of, day_start
from quantgraph.domain.coverage import Asked, HeldDays, judge
from quantgraph.domain.errors import GatewayError, Unsupported, unknown_symbol
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source

_MINUTE_MS = 60_000
_LAST = 250
# Besides the asked rows: the unfinished bar, the auction's row of every day, days without trading.
_SPARE = 8
_TRIES = 4
_MORE = 8


@dataclass(frozen=True, slots=True)
class BarParts:
    """What reading bars needs besides the SDK."""

    book: InstrumentBook
    calendar: TradingCalendar


def read_bars(
    data: Data, parts: BarParts, request: BarRequest, now: int
) -> list[BarSeries | GatewayError]:
    """Return one series per symbol in order; nothing that is unfinished at `now` (epoch ms).

    Errors of all: UNSUPPORTED_PERIOD, ADJUSTMENT_UNAVAILABLE; per symbol UNKNOWN_SYMBOL.
    """
    period_name(request.period)
    if request.adjustment is not Adjustment.NONE:
        text = f"Bars are read unadjusted, not {request.adjustment}; ask the layers above."
        raise Unsupported(Reason.ADJUSTMENT_UNAVAILABLE, text, adjustment=request.adjustment)
    window = request.window
    if window.start is None and window.last is None:
        window = replace(window, last=_LAST)
    request = replace(request, window=window)
    today = day_of(now)
    known = parts.book.find(data, dict.fromkeys(request.symbols), today)
    wanted = [symbol for symbol, found in known.items() if found is not None]
    asked = replace(request, symbols=tuple(wanted))
    columns = _finished(data, asked, now) if wanted else {}
    if reaches_today(request, parts.calendar, now):
        columns |= _mirrored(data, asked, columns, now)
    return [
        unknown_symbol(symbol)
        if (found := known[symbol]) is None
        else _series(columns[symbol], request, (parts.calendar, today, found))
        for symbol in request.symbols
    ]


def _finished(data: Data, request: BarRequest, now: int) -> dict[str, BarColumns]:
    """Return the finished bars of the window, with their stamps, of symbols that exist."""
    last = request.window.last
    if last is None:
        answers = _ask(data, request, -1)
        return {symbol: _cut(each.columns, request, now) for symbol, each in answers.items()}
    found: dict[str, BarColumns] = {}
    waiting, count = list(request.symbols), last + last // 240 + _SPARE
    for _ in range(_TRIES):
        answers = _ask(data, replace(request, symbols=tuple(waiting)), count)
        found |= {symbol: _cut(each.columns, request, now) for symbol, each in answers.items()}
        # Where rows were left out and older ones may be left, more of them are asked for.
        waiting = [s for s in waiting if found[s].length < last and answers[s].given >= count]
        if not waiting:
            break
        count *= _MORE
    return found


def _mirrored(
    data: Data, request: BarRequest, held: Mapping[str, BarColumns], now: int
) -> dict[str, BarColumns]:
    """Return the series with today's minutes of those symbols whose cache has none of them."""
    first = day_start(day_of(now))
    lacking = tuple(s for s, each in held.items() if not (each.values["time"] >= first).any())
    told = read_mirror(data, replace(request, symbols=lacking), now)
    dtypes = {name: BAR_FIELDS[name].dtype for name in dict.fromkeys(("time", *request.fields))}
    return {
        symbol: _cut(join_rows([held[symbol], columns], dtypes), request, now)
        for symbol, columns in told.items()
    }


@dataclass(frozen=True, slots=True)
class _Answer:
    """The bars in what the terminal gave, and how many rows it gave."""

    columns: BarColumns
    given: int


def _ask(data: Data, request: BarRequest, count: int) -> dict[str, _Answer]:
    window, period = request.window, request.period
    # The vendor's stamp of a minute is its end, and bounds are compared with stamps.
    shift = _MINUTE_MS if period is Period.MIN_1 else 0
    # The auction's row is stamped a minute before the first bar's, and is a part of it.
    start = window.start
    end = None if window.end is None else window.end + shift
    codes = {to_vendor(symbol): symbol for symbol in request.symbols}
    frames: dict[str, Any] = data.call(
        "get_market_data_ex",
        asked_fields(request.fields),
        [*codes],
        period_name(period),
        instant_digits(start),
        instant_digits(end),
        count,
        "none",
        False,  # rows that nobody traded are not filled up with the price before
    )
    return {
        symbol: _read(frames.get(code), period, symbol, request.fields)
        for code, symbol in codes.items()
    }


def _read(
    frame: Any,  # noqa: ANN401 a DataFrame, or None
    period: Period,
    symbol: str,
    fields: tuple[str, ...],
) -> _Answer:
    if frame is None or not len(frame):
        names = dict.fromkeys(("time", *fields))
        none = {name: np.empty(0, BAR_FIELDS[name].dtype) for name in names}
        return _Answer(BarColumns(0, none), 0)
    return _Answer(read_columns(frame, period, lot_of(symbol)), len(frame))


def _cut(columns: BarColumns, request: BarRequest, now: int) -> BarColumns:
    window, times = request.window, columns.values["time"]
    # A day's bar is over when the day is: live bars say so at midnight, and both agree.
    unfinished = day_start(day_of(now)) if request.period is Period.DAY_1 else now - _MINUTE_MS + 1
    left = 0 if window.start is None else int(np.searchsorted(times, window.start))
    right = int(np.searchsorted(times, unfinished))
    if window.end is not None:
        right = min(right, int(np.searchsorted(times, window.end, side="right")))
    if window.last is not None:
        left = max(left, right - window.last)
    return columns.take(slice(left, max(left, right)))


def _series(
    columns: BarColumns,
    request: BarRequest,
    known: tuple[TradingCalendar, date, Instrument],
) -> BarSeries:
    calendar, today, instrument = known
    times = columns.values["time"]
    first, last = (int(times[0]), int(times[-1])) if len(times) else (None, None)
    held = HeldDays(request.period, first, last, np.unique(dates_of(times)))
    return BarSeries(
        symbol=instrument.symbol,
        period=request.period,
        adjustment=request.adjustment,
        source=Source.TERMINAL,
        columns=columns.pick(request.fields),
        coverage=judge(calendar, held, Asked(request.window, today, instrument)),
    )
