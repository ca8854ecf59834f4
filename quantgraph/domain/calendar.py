"""Trading days in Asia/Shanghai: which dates are sessions, and what instants they hold."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone

import numpy as np
import numpy.typing as npt

from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import Unsupported
from quantgraph.domain.reasons import Reason

# Fixed: clocks stood at +09:00 in the summers until 1991, and 00:00 of a trading day then would be
# written as 01:00. Market time is +08:00 always, on every day and on every wire.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
DAY_MS = 86_400_000
OFFSET_MS = 8 * 3_600_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = _EPOCH.toordinal()
_MS = timedelta(milliseconds=1)

Dates = npt.NDArray[np.datetime64]
Times = npt.NDArray[np.int64]


def day_start(day: date) -> int:
    """Return the epoch milliseconds of 00:00 Asia/Shanghai on `day`."""
    return (day.toordinal() - _FIRST) * DAY_MS - OFFSET_MS


def day_of(instant_ms: int) -> date:
    """Return the date in Asia/Shanghai of an instant in epoch milliseconds."""
    return date.fromordinal(_FIRST + day_number(instant_ms))


def day_number(instant_ms: int) -> int:
    """Return the days from 1970-01-01 to that date: the same day or not costs no date object."""
    return (instant_ms + OFFSET_MS) // DAY_MS


def to_ms(instant: datetime) -> int:
    """Return epoch milliseconds of an aware instant, exactly (floats would round)."""
    return (instant - _EPOCH) // _MS


def from_ms(instant_ms: int) -> datetime:
    """Return the aware UTC instant of epoch milliseconds."""
    return _EPOCH + timedelta(milliseconds=instant_ms)


def shown_instant(instant_ms: int) -> datetime:
    """Return an instant as messages show it, in the exchanges' time."""
    return from_ms(instant_ms).astimezone(SHANGHAI)


def at(day: date, clock: time) -> int:
    """Return the epoch milliseconds of a wall-clock time in Shanghai."""
    spent = ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1000
    return day_start(day) + spent + clock.microsecond // 1000


def today(clock: Clock) -> date:
    """Return the present date in Asia/Shanghai."""
    return day_of(to_ms(clock.now()))


class TradingCalendar:
    """The sessions of the Shanghai and Shenzhen exchanges, over a stated range of dates.

    Outside that range every question raises `CALENDAR_NOT_COVERED`: nothing is guessed.
    """

    def __init__(
        self,
        sessions: Dates,
        *,
        first: date,
        last: date,
        source: str,
        names: Mapping[date, str] | None = None,
    ) -> None:
        """Hold sorted session dates (datetime64[D]) that are complete from first to last.

        `names` are the Chinese names of the holidays that close weekdays, as far as known.
        """
        self.sessions = sessions
        # An order asks a dozen times which day it is: numpy takes 20 times as long for one date.
        self._dates: list[date] = sessions.astype("datetime64[D]").tolist()
        self.first = first
        self.last = last
        self.source = source
        self.names = names or {}

    def is_session(self, day: date) -> bool:
        """Return whether `day` is a trading day."""
        self._check(day)
        index = self._index(day)
        return index < len(self._dates) and self._dates[index] == day

    def next_session(self, day: date) -> date:
        """Return the first trading day after `day`."""
        self._check(day)
        index = bisect_right(self._dates, day)
        if index >= len(self._dates):
            raise self._uncovered(day + timedelta(days=1))
        return self._dates[index]

    def previous_session(self, day: date) -> date:
        """Return the last trading day before `day`."""
        self._check(day)
        index = self._index(day) - 1
        if index < 0:
            raise self._uncovered(day - timedelta(days=1))
        return self._dates[index]

    def between(self, start: date, end: date) -> Dates:
        """Return the trading days from start to end, both included."""
        self._check(start)
        self._check(end)
        return self.sessions[self._index(start) : bisect_right(self._dates, end)]

    def closures(self, start: date, end: date) -> Dates:
        """Return the weekdays without a session from start to end, both included."""
        sessions = self.between(start, end)
        days = np.arange(
            np.datetime64(start, "D"), np.datetime64(end, "D") + np.timedelta64(1, "D")
        )
        return days[np.is_busday(days) & ~np.isin(days, sessions)]

    def offset(self, session: date, count: int) -> date:
        """Return the trading day `count` sessions after (before, if negative) a session."""
        self._check(session)
        index = self._index(session) + count
        if not 0 <= index < len(self._dates):
            raise self._uncovered(self.last if count > 0 else self.first)
        return self._dates[index]

    def _index(self, day: date) -> int:
        return bisect_left(self._dates, day)

    def _check(self, day: date) -> None:
        if not self.first <= day <= self.last:
            raise self._uncovered(day)

    def _uncovered(self, day: date) -> Unsupported:
        text = (
            f"The trading calendar ({self.source}) covers {self.first} to {self.last}, not {day}. "
            "Set calendar.covered_until and calendar.closures in config.toml to extend it."
        )
        return Unsupported(Reason.CALENDAR_NOT_COVERED, text, date=day.isoformat())


def dates_of(times: Times) -> Dates:
    """Return the Shanghai date of each instant (epoch milliseconds)."""
    return ((times + OFFSET_MS) // DAY_MS).astype("datetime64[D]")


def starts_of(days: Dates | Sequence[date]) -> Times:
    """Return 00:00 Asia/Shanghai of each date, in epoch milliseconds."""
    return np.asarray(days, dtype="datetime64[D]").astype(np.int64) * DAY_MS - OFFSET_MS
