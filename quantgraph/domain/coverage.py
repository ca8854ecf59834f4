"""Says whether what is held is whole, session by session."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from quantgraph.domain.bars import Coverage, Period, Window
from quantgraph.domain.calendar import DAY_MS, Dates, TradingCalendar, day_of
from quantgraph.domain.errors import Unsupported
from quantgraph.domain.instruments import Instrument

_HOUR_MS = 3_600_000
# The last minute bar of a day is stamped 14:59, the first 09:30.
_AFTER_LAST_MS = DAY_MS - 15 * _HOUR_MS + 60_000 - 1
_BEFORE_FIRST_MS = 9 * _HOUR_MS + _HOUR_MS // 2


@dataclass(frozen=True, slots=True)
class HeldDays:
    """One series as it is held: its first and last stamp, and the days of the answered rows."""

    period: Period
    first: int | None
    last: int | None
    days: Dates


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: the window, the market's day, and the instrument where it is known."""

    window: Window
    today: date
    instrument: Instrument | None = None


def judge(calendar: TradingCalendar, held: HeldDays, asked: Asked) -> Coverage:
    """Return the coverage of the window.

    The span runs from the window's start, or the first answered row, to its end, or the last
    held stamp, within the time that the instrument is listed. Days that have not ended yet are
    never missing. Where a bound lies beyond the calendar nobody can say what is missing.
    """
    first, last = _asked_span(held.period, asked)
    unknown = Coverage(held.first, held.last, complete=None, missing=None)
    if any(not calendar.first <= day <= calendar.last for day in (first, last) if day is not None):
        return unknown
    try:
        gaps = _gaps(calendar, held.days, _ended_span(held, asked, first, last))
    except Unsupported:
        return unknown
    return Coverage.of(held.first, held.last, gaps)


def first_day(period: Period, start: int) -> date:
    """Return the first day of which a window's start takes a whole bar of a base period."""
    return day_of(start + (_AFTER_LAST_MS if period.minutes else DAY_MS - 1))


def _asked_span(period: Period, asked: Asked) -> tuple[date | None, date | None]:
    """Return the first and last day asked for, None where that is open."""
    start, end = asked.window.start, asked.window.end
    first = None if start is None else first_day(period, start)
    last = None if end is None else day_of(end - (_BEFORE_FIRST_MS if period.minutes else 0))
    if asked.instrument is not None and first is not None:
        first = max(first, asked.instrument.list_date or first)
    if asked.instrument is not None and last is not None:
        last = min(last, asked.instrument.delist_date or last)
    return first, last


def _ended_span(
    held: HeldDays, asked: Asked, first: date | None, last: date | None
) -> tuple[date, date]:
    ended = asked.today - timedelta(days=1)
    newest = ended if held.last is None else day_of(held.last)
    until = newest if last is None else min(last, max(newest, ended))
    answered: list[date] = held.days[:1].tolist()
    since = first or (answered[0] if answered else until)
    if asked.instrument is not None:
        since = max(since, asked.instrument.list_date or since)
        until = min(until, asked.instrument.delist_date or until)
    return since, until


def _gaps(calendar: TradingCalendar, days: Dates, span: tuple[date, date]) -> Dates:
    """Return the sessions of the span without a row."""
    first, last = span
    if first > last:
        return np.empty(0, "datetime64[D]")
    return np.setdiff1d(calendar.between(first, last), days)
