"""Virtual time that is always in session: it runs through trading hours and leaps over the rest."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from quantgraph.domain.calendar import TradingCalendar, day_of, day_start, from_ms
from quantgraph.domain.clock import Ids, RandomIds
from quantgraph.domain.errors import Unsupported
from quantgraph.domain.reasons import Reason

HALF_MS = 2 * 3_600_000
SESSION_MS = 2 * HALF_MS
_MORNING_MS = (9 * 60 + 30) * 60_000
_AFTERNOON_MS = 13 * 3_600_000


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading: the world's epoch, its trading day, the instant in epoch ms."""

    epoch: str
    day: date
    ms: int

    @property
    def session_ms(self) -> int:
        """Trading milliseconds since 09:30, lunch left out; 0 before and 4 h after the session."""
        return session_offset(self.ms)


class MarketClock(Protocol):
    """What the simulated market and exchange need of a clock."""

    def moment(self) -> Moment:
        """Return one consistent reading."""
        ...

    def wait(self, step_ms: int) -> float:
        """Return the real seconds until trading time is a multiple of `step_ms` again."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast virtual time runs, by which real clock (seconds), and how epochs are named."""

    speed: float = 1.0
    monotonic: Callable[[], float] = time.monotonic
    ids: Ids = field(default_factory=RandomIds)


class SimClock:
    """Trading time from 09:30 of `start` on, `speed` simulated seconds per real one.

    After 11:30 comes 13:00, after 15:00 comes 09:30 of the next trading day. One session before
    the calendar ends a new epoch begins at `start`. Implements `domain.clock.Clock`. Raises
    CALENDAR_NOT_COVERED where no covered session is left to start at.
    """

    def __init__(self, start: date, calendar: TradingCalendar, pace: Pace | None = None) -> None:
        """Start now; a `start` that is no trading day moves to the next one."""
        pace = pace or Pace()
        self.speed = pace.speed
        self._monotonic = pace.monotonic
        self._ids = pace.ids
        first = start if calendar.is_session(start) else calendar.next_session(start)
        self._sessions: list[date] = calendar.between(first, calendar.last)[:-1].tolist()
        if not self._sessions:
            raise _no_session(start, calendar)
        self.start = first
        self._born = self._monotonic()
        self._epochs: dict[int, str] = {}
        # One order asks a dozen times within a millisecond; any thread may replace the pair.
        self._last: tuple[int, Moment] | None = None

    def now(self) -> datetime:
        """Return the virtual instant, aware, UTC."""
        return from_ms(self.moment().ms)

    def moment(self) -> Moment:
        """Return epoch, trading day and instant of one reading of the real clock."""
        spent, last = self._spent(), self._last
        if last is not None and last[0] == spent:
            return last[1]
        number, inside = divmod(spent, len(self._sessions) * SESSION_MS)
        index, offset = divmod(inside, SESSION_MS)
        day = self._sessions[index]
        moment = Moment(self._epoch(number), day, session_instant(day, offset))
        self._last = spent, moment
        return moment

    def wait(self, step_ms: int) -> float:
        """Return the real seconds until trading time is a multiple of `step_ms` again."""
        left = step_ms - self._spent() % step_ms
        return left / (1000 * self.speed)

    def _spent(self) -> int:
        return int((self._monotonic() - self._born) * 1000 * self.speed)

    def _epoch(self, number: int) -> str:
        # Ids are fresh in every process, so that a stored order log never mistakes one world
        # for the other though both start on the same day.
        if number not in self._epochs:
            self._epochs[number] = self._ids.new("epoch_")
        return self._epochs[number]


def latest_start(calendar: TradingCalendar) -> date:
    """Return the last trading day at which a clock can start: another one follows it.

    Raises CALENDAR_NOT_COVERED where the calendar has no two trading days.
    """
    if len(calendar.sessions) < 2:
        raise _no_session(calendar.last, calendar)
    found: date = calendar.sessions[-2].astype(object)
    return found


def session_instant(day: date, offset_ms: int) -> int:
    """Return the epoch ms after `offset_ms` of trading time since 09:30 of the day."""
    if offset_ms < HALF_MS:
        return day_start(day) + _MORNING_MS + offset_ms
    return day_start(day) + _AFTERNOON_MS + offset_ms - HALF_MS


def session_offset(instant_ms: int) -> int:
    """Return the trading milliseconds of its day before an instant, from 0 to 4 hours."""
    clock = instant_ms - day_start(day_of(instant_ms))
    morning = min(max(clock - _MORNING_MS, 0), HALF_MS)
    afternoon = min(max(clock - _AFTERNOON_MS, 0), HALF_MS)
    return morning + afternoon


def _no_session(start: date, calendar: TradingCalendar) -> Unsupported:
    text = (
        f"The simulated clock cannot start on {start}: the trading calendar ends on "
        f"{calendar.last}. Set calendar.covered_until and calendar.closures in config.toml."
    )
    return Unsupported(Reason.CALENDAR_NOT_COVERED, text, date=start.isoformat())
