"""Minutes of the present day out of the terminal's mirror of bars (K线全推), a paid feature of it.

The mirror has them of every symbol, whether or not anybody downloaded or followed it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from quantgraph.backends.xtquant.codes import lot_of, to_vendor
from quantgraph.backends.xtquant.columns import asked_fields, read_columns
from quantgraph.backends.xtquant.data import Data
from quantgraph.backends.xtquant.days import instant_digits, read_instant
from quantgraph.domain.bars import BarColumns, BarRequest, Period
from quantgraph.domain.calendar import TradingCalendar, day_of, day_start
from quantgraph.domain.errors import GatewayError

FUNCTION = "get_full_kline"


def reaches_today(request: BarRequest, calendar: TradingCalendar, now: int) -> bool:
    """Return whether a request asks for minutes of a trading day that has begun."""
    day, end = day_of(now), request.window.end
    if request.period is not Period.MIN_1 or (end is not None and end < day_start(day)):
        return False
    covered = calendar.first <= day <= calendar.last
    return not covered or calendar.is_session(day)


def read_mirror(data: Data, request: BarRequest, now: int) -> dict[str, BarColumns]:
    """Return today's minutes of those symbols that the mirror has, the one under way included.

    None where it has no mirror, or does not answer: what its cache holds has been told already.
    """
    if not request.symbols or FUNCTION in data.lacking:
        return {}
    asked = asked_fields(request.fields)
    codes = [to_vendor(symbol) for symbol in request.symbols]
    first = day_start(day_of(now))
    span = (instant_digits(first), "")
    try:
        frames: Mapping[str, Any] = data.call(
            FUNCTION, asked, codes, "1m", *span, -1, "none", False
        )
    except GatewayError:
        return {}
    read = {symbol: _read(frames, symbol, asked) for symbol in request.symbols}
    # Before a day opens the mirror has the day before, as the cache has.
    return {s: c.take(c.values["time"] >= first) for s, c in read.items() if c is not None}


def _read(frames: Mapping[str, Any], symbol: str, asked: Sequence[str]) -> BarColumns | None:
    """Return a symbol's row of each field's frame, whose columns are the vendor's stamps."""
    code = to_vendor(symbol)
    told = {name: frame for name, frame in frames.items() if name in asked and code in frame.index}
    if not told:
        return None
    labels = next(iter(told.values())).columns
    values: dict[str, Any] = {name: np.full(len(labels), np.nan) for name in asked}
    values |= {name: np.asarray(frame.loc[code], np.float64) for name, frame in told.items()}
    # Not the cells of `time`: where a symbol has no bar they are missing, too.
    values["time"] = np.array([read_instant(str(label)) or 0 for label in labels], np.int64)
    return read_columns(values, Period.MIN_1, lot_of(symbol))
