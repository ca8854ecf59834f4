"""Virtual time: it runs through the trading hours of trading days and leaps over the rest."""

import math
import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import accumulate
from typing import Protocol

from quantgraph.backends.sim.hours import (
    AUCTION_MS,
    day_instant,
    day_length,
    day_offset,
    session_offset,
)
from quantgraph.domain.calendar import TradingCalendar, day_of, from_ms, shown_instant
from quantgraph.domain.clock import Ids, RandomIds
from quantgraph.domain.errors import ChangeRefused, Unsupported, bad_request
from quantgraph.domain.reasons import Reason

# Simulated seconds per real one, at most. Config says the same.
FASTEST = 1_000.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading: the world's epoch, its trading day, the instant in epoch ms."""

    epoch: str
    day: date
    ms: int

    @property
    def session_ms(self) -> int:
        """Continuous trading ms since 09:30, lunch left out; 0 before and 4 h after the session."""
        return session_offset(self.ms)

    @property
    def running_ms(self) -> int:
        """Running ms of the day since 09:15, lunch left out."""
        return day_offset(self.ms)


class MarketClock(Protocol):
    """What the simulated market and exchange need of a clock."""

    def moment(self) -> Moment:
        """Return one consistent reading."""
        ...

    def wait(self, step_ms: int) -> float:
        """Return the real seconds until the day's running time is a multiple of `step_ms` again.

        A day's end is one as well; while the clock is paused it is infinity.
        """
        ...

    def elapsed(self) -> int:
        """Return the running ms since the clock was made: never less than before."""
        ...

    def takes(self, run_ms: int) -> float:
        """Return the real seconds that so much running time takes; infinity while paused."""
        ...

    def listen(self, moved: Callable[[], object]) -> Callable[[], None]:
        """Call `moved` after every change of speed, pause and jump; returns how to stop that.

        It is called in the thread that made the change, and must not block.
        """
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast virtual time runs, by which real clock (seconds), and how epochs are named."""

    speed: float = 1.0
    monotonic: Callable[[], float] = time.monotonic
    ids: Ids = field(default_factory=RandomIds)


@dataclass(frozen=True, slots=True)
class _Course:
    """How time runs from a real instant on: `elapsed` running ms had passed at `since`.

    A lap through all days began at `origin`; `worlds` counts the restarts.
    """

    since: float
    elapsed: float
    speed: float
    paused: bool = False
    origin: int = 0
    worlds: int = 0

    def at(self, real: float) -> float:
        """Return the running ms that have passed at a real instant."""
        if self.paused:
            return self.elapsed
        return self.elapsed + (real - self.since) * 1000 * self.speed


class SimClock:
    """Running time from 09:30 of `start` on, `speed` simulated seconds per real one.

    After 11:30 comes 13:00, after 15:30 (15:00 on days without after-hours trading) comes 09:15 of
    the next trading day. One trading day before the calendar ends a new epoch begins at `start`.
    Readings and changes may come from any thread: within an epoch no reading is earlier than one
    before. Implements `domain.clock.Clock` and `MarketClock`. Raises CALENDAR_NOT_COVERED where no
    covered session is left to start at.
    """

    def __init__(self, start: date, calendar: TradingCalendar, pace: Pace | None = None) -> None:
        """Start now; a `start` that is no trading day moves to the next one."""
        pace = pace or Pace()
        self._monotonic = pace.monotonic
        self._ids = pace.ids
        first = start if calendar.is_session(start) else calendar.next_session(start)
        self.days: list[date] = calendar.between(first, calendar.last)[:-1].tolist()
        if not self.days:
            raise _no_session(start, calendar)
        self.start = first
        lengths = [day_length(day) for day in self.days]
        # Where each day's 09:15 lies in a lap; the first day's lies before the lap begins.
        self._begins = list(accumulate(lengths, initial=-AUCTION_MS))
        self._course = _Course(self._monotonic(), 0.0, pace.speed)
        self._epochs: dict[tuple[int, int], str] = {}
        self._listeners: dict[object, Callable[[], object]] = {}
        # Without it a reader could pair the old course with a later instant than the new one's.
        self._lock = threading.Lock()
        # One order asks a dozen times within a millisecond.
        self._last: tuple[int, int, Moment] | None = None

    @property
    def speed(self) -> float:
        """Simulated seconds per real second while it runs."""
        return self._course.speed

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return self._course.paused

    def now(self) -> datetime:
        """Return the virtual instant, aware, UTC."""
        return from_ms(self.moment().ms)

    def moment(self) -> Moment:
        """Return epoch, trading day and instant of one reading of the real clock."""
        with self._lock:
            course, spent = self._course, int(self._course.at(self._monotonic()))
            last = self._last
            if last is not None and last[:2] == (course.worlds, spent):
                return last[2]
            lap, day, offset = self._place(course, spent)
            instant = day_instant(self.days[day], offset)
            moment = Moment(self._epoch(course.worlds, lap), self.days[day], instant)
            self._last = course.worlds, spent, moment
            return moment

    def elapsed(self) -> int:
        """Return the running ms since the clock was made, jumps included."""
        with self._lock:
            return int(self._course.at(self._monotonic()))

    def takes(self, run_ms: int) -> float:
        """Return the real seconds that so much running time takes; infinity while paused."""
        course = self._course
        return math.inf if course.paused else run_ms / (1000 * course.speed)

    def wait(self, step_ms: int) -> float:
        """Return the real seconds until the day's running time is a multiple of `step_ms` again."""
        with self._lock:
            course, spent = self._course, int(self._course.at(self._monotonic()))
        if course.paused:
            return math.inf
        _, day, offset = self._place(course, spent)
        length = self._begins[day + 1] - self._begins[day]
        left = min(step_ms - offset % step_ms, length - offset)
        return left / (1000 * course.speed)

    def set_speed(self, speed: float) -> None:
        """Go on at another speed; a paused clock will when it resumes. Errors: BAD_REQUEST."""
        if not 0 < speed <= FASTEST:
            text = f"speed is {speed}; it must be above 0 and at most {FASTEST:g}."
            raise bad_request(text, field="speed")
        self._change(lambda course: replace(course, speed=float(speed)))

    def pause(self) -> None:
        """Stand still until `resume`."""
        self._change(lambda course: replace(course, paused=True))

    def resume(self) -> None:
        """Run on from where it stands."""
        self._change(lambda course: replace(course, paused=False))

    def jump(self, instant_ms: int) -> None:
        """Go forward to an instant at once; where time does not run, to when it runs next.

        Errors: CLOCK_BACKWARD, CALENDAR_NOT_COVERED past the last day of the epoch.
        """

        def forward(course: _Course) -> _Course:
            spent = int(course.elapsed)
            goal = spent - self._inside(course, spent)[1] + self._position(instant_ms)
            if goal < spent:
                raise _backward(instant_ms)
            return replace(course, elapsed=max(course.elapsed, goal))

        self._change(forward)

    def restart(self, instant_ms: int) -> tuple[str, Callable[[], None]]:
        """Return a new epoch's id, and what begins it at an instant, also an earlier one.

        Until then nothing has changed. Errors: CALENDAR_NOT_COVERED.
        """
        position, epoch = max(self._position(instant_ms), 0), self._ids.new("epoch_")

        def again(course: _Course) -> _Course:
            # Whole from here on: half a millisecond left over would show the one before.
            spent = math.ceil(course.elapsed)
            worlds = course.worlds + 1
            self._epochs[worlds, 0] = epoch
            return replace(course, elapsed=float(spent), origin=spent - position, worlds=worlds)

        return epoch, lambda: self._change(again)

    def listen(self, moved: Callable[[], object]) -> Callable[[], None]:
        """Call `moved` after every change; returns how to stop that."""
        key = object()
        self._listeners[key] = moved

        def stop() -> None:
            self._listeners.pop(key, None)

        return stop

    def _change(self, make: Callable[[_Course], _Course]) -> None:
        with self._lock:
            real = self._monotonic()
            self._course = make(replace(self._course, since=real, elapsed=self._course.at(real)))
        for moved in list(self._listeners.values()):
            moved()

    def _place(self, course: _Course, spent: int) -> tuple[int, int, int]:
        """Return the lap, the index of the day, and its running ms."""
        lap, inside = self._inside(course, spent)
        day = bisect_right(self._begins, inside) - 1
        return lap, day, inside - self._begins[day]

    def _inside(self, course: _Course, spent: int) -> tuple[int, int]:
        """Return the lap, and the running ms of it."""
        return divmod(spent - course.origin, self._begins[-1])

    def _position(self, instant_ms: int) -> int:
        """Return the running ms of a lap before an instant; of the next day's where none runs."""
        day = day_of(instant_ms)
        index = bisect_right(self.days, day) - 1
        if index < 0:
            return self._begins[0]
        held = self.days[index] == day
        found = self._begins[index] + day_offset(instant_ms) if held else self._begins[index + 1]
        if found >= self._begins[-1]:
            raise _past_the_end(instant_ms, self.days[-1])
        return found

    def _epoch(self, world: int, lap: int) -> str:
        # Ids are fresh in every process, so that a stored order log never mistakes one world
        # for the other though both start on the same day.
        if (world, lap) not in self._epochs:
            self._epochs[world, lap] = self._ids.new("epoch_")
        return self._epochs[world, lap]


def latest_start(calendar: TradingCalendar) -> date:
    """Return the last trading day at which a clock can start: another one follows it.

    Raises CALENDAR_NOT_COVERED where the calendar has no two trading days.
    """
    if len(calendar.sessions) < 2:
        raise _no_session(calendar.last, calendar)
    found: date = calendar.sessions[-2].astype(object)
    return found


def _no_session(start: date, calendar: TradingCalendar) -> Unsupported:
    text = (
        f"The simulated clock cannot start on {start}: the trading calendar ends on "
        f"{calendar.last}. Set calendar.covered_until and calendar.closures in config.toml."
    )
    return Unsupported(Reason.CALENDAR_NOT_COVERED, text, date=start.isoformat())


def _backward(instant_ms: int) -> ChangeRefused:
    shown = shown_instant(instant_ms).isoformat()
    text = f"{shown} is before the simulated clock's time; it only jumps forward."
    return ChangeRefused(Reason.CLOCK_BACKWARD, text, instant=shown)


def _past_the_end(instant_ms: int, last: date) -> Unsupported:
    shown = shown_instant(instant_ms).isoformat()
    text = f"{shown} is after {last}, the last trading day of this simulated world."
    return Unsupported(Reason.CALENDAR_NOT_COVERED, text, instant=shown)
