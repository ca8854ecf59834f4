"""Which sessions a generated series holds, so that an answer can say whether it is whole."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from quantgraph.domain.bars import Coverage
from quantgraph.domain.calendar import Dates, TradingCalendar
from quantgraph.domain.errors import Unsupported

_NAMED = 20


@dataclass(frozen=True, slots=True)
class Span:
    """The first and last day that were asked for, as far as they lie in the past."""

    first: date
    last: date


def cover(calendar: TradingCalendar, held: Dates, span: Span | None) -> Coverage:
    """Return the coverage of a span by held days (sorted), without the held stamps themselves.

    An empty span lacks nothing. Outside the calendar nobody can say what is missing.
    """
    if span is None or span.first > span.last:
        return Coverage(None, None, complete=True, missing=0)
    try:
        sessions = calendar.between(span.first, span.last)
    except Unsupported:
        return Coverage(None, None, complete=None, missing=None)
    missing = np.setdiff1d(sessions, held, assume_unique=True)
    names: list[date] = missing[:_NAMED].astype(object).tolist()
    return Coverage(None, None, len(missing) == 0, len(missing), tuple(names))
