"""Says whether what is held is whole, session by session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from quantgraph.domain.bars import Coverage, Period, Window
from quantgraph.domain.calendar import DAY_MS, Dates, TradingCalendar, day_of, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import Unsupported
from quantgraph.domain.instruments import Instrument

_NAMED = 20
_HOUR_MS = 3_600_000
# The last minute bar of a day is stamped 14:59, the first 09:30.
_AFTER_LAST_MS = DAY_MS - 15 * _HOUR_MS + 60_000 - 1
_BEFORE_FIRST_MS = 9 * _HOUR_MS + _HOUR_MS // 2


@dataclass(frozen=True, slots=True)
class HeldDays:
    """One series as it is held: its first and last stamp, and the days of the answered rows."""

    period: Period
    first: int
    last: int
    days: Dates


class CoverageJudge:
    """Compares held days with the calendar; days that have not ended yet are never missing."""

    def __init__(self, calendar: TradingCalendar, clock: Clock) -> None:
        """Judge against a calendar and the market's clock."""
        self._calendar = calendar
        self._clock = clock

    def judge(
        self, held: HeldDays, window: Window, instrument: Instrument | None = None
    ) -> Coverage:
        """Return the coverage of the window.

        The span runs from the window's start, or the first answered row, to its end, or the last
        held stamp, within the time that the instrument is listed.
        """
        first, last = self._span(held, window)
        if instrument is not None:
            first = max(first, instrument.list_date or first)
            last = min(last, instrument.delist_date or last)
        try:
            missing = self._missing(held.days, first, last)
        except Unsupported:
            return Coverage(held.first, held.last, complete=None, missing=None)
        return Coverage(
            held.first,
            held.last,
            complete=not missing,
            missing=len(missing),
            missing_dates=tuple(missing[:_NAMED]),
        )

    def _span(self, held: HeldDays, window: Window) -> tuple[date, date]:
        daily = not held.period.minutes
        last = day_of(held.last)
        if window.end is not None:
            ended = day_of(to_ms(self._clock.now())) - timedelta(days=1)
            asked = day_of(window.end if daily else window.end - _BEFORE_FIRST_MS)
            last = min(asked, max(last, ended))
        if window.start is not None:
            return day_of(window.start + (DAY_MS - 1 if daily else _AFTER_LAST_MS)), last
        first: date = held.days[0].astype(object) if len(held.days) else last
        return first, last

    def _missing(self, days: Dates, first: date, last: date) -> Sequence[date]:
        if first > last:
            return ()
        sessions = self._calendar.between(first, last)
        if len(sessions) == len(days):  # every stored day was checked to be a session at import
            return ()
        missing: list[date] = np.setdiff1d(sessions, days).tolist()
        return missing
