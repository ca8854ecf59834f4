"""Virtual time: it runs through the trading hours of trading days and leaps over the rest."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from quantgraph.backends.sim.course import Course, Odometer
from quantgraph.backends.sim.hours import day_instant, half_day
from quantgraph.backends.sim.laps import Laps
from quantgraph.backends.sim.moments import Moment
from quantgraph.domain.calendar import TradingCalendar, from_ms, shown_instant
from quantgraph.domain.clock import Ids, RandomIds
from quantgraph.domain.errors import ChangeRefused, bad_request
from quantgraph.domain.reasons import Reason

# Simulated seconds per real one, at most. Config says the same.
FASTEST = 1_000.0
# Real seconds of running time that a leash may be short of: half of what its keeper may be late.
_SPARE_S = 0.01


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast virtual time runs, by which real clock (seconds), and how epochs are named."""

    speed: float = 1.0
    monotonic: Callable[[], float] = time.monotonic
    ids: Ids = field(default_factory=RandomIds)


class SimClock:
    """Running time from 09:30 of `start` on, `speed` simulated seconds per real one.

    After 11:30 comes 13:00, after 15:30 (15:00 on days without after-hours trading) comes 09:15 of
    the next trading day. One trading day before the calendar ends a new epoch begins at `start`.
    Where order books cannot follow it is held back, and shows how far they came: a jump is then on
    its way until they have arrived. Readings and changes may come from any thread: within an epoch
    no reading is earlier than one before. Implements `domain.clock.Clock` and `LeashedClock`.
    Raises CALENDAR_NOT_COVERED where no covered session is left to start at.
    """

    def __init__(self, start: date, calendar: TradingCalendar, pace: Pace | None = None) -> None:
        """Start now; a `start` that is no trading day moves to the next one."""
        pace = pace or Pace()
        self._monotonic = pace.monotonic
        self._ids = pace.ids
        self._laps = Laps(start, calendar)
        self.days, self.start = self._laps.days, self._laps.start
        self._course = Course(self._monotonic(), 0.0, pace.speed)
        self._odometer = Odometer(self._course.since, 0.0)
        self._epochs: dict[tuple[int, int], str] = {}
        self._listeners: dict[object, Callable[[], object]] = {}
        # Without it a reader could pair the old course with a later instant than the new one's.
        self._lock = threading.Lock()
        # One order asks a dozen times within a millisecond.
        self._last: tuple[int, int, Moment] | None = None
        self._told: tuple[Moment, datetime] | None = None
        self._run: _Run | None = None

    @property
    def speed(self) -> float:
        """Simulated seconds per real second that are wanted while it runs."""
        return self._course.speed

    @property
    def paused(self) -> bool:
        """Whether it stands still; a jump goes on all the same."""
        return self._course.paused

    @property
    def lagging(self) -> bool:
        """Whether it is held back: order books cannot follow, or not yet after a jump."""
        with self._lock:
            return self._course.lagging(self._monotonic())

    @property
    def leaping(self) -> bool:
        """Whether a jump has not arrived yet."""
        with self._lock:
            return self._course.shown(self._monotonic()) < self._course.leap

    @property
    def effective_speed(self) -> float:
        """Simulated seconds per real one, as they are shown: measured where it is held back."""
        with self._lock:
            real, course = self._monotonic(), self._course
            if course.lagging(real):
                return self._odometer.speed(real, course.shown(real))
            return 0.0 if course.paused else course.speed

    def now(self) -> datetime:
        """Return the virtual instant, aware, UTC."""
        moment, told = self.moment(), self._told
        if told is None or told[0] is not moment:
            told = self._told = moment, from_ms(moment.ms)
        return told[1]

    def moment(self) -> Moment:
        """Return epoch, trading day and instant of one reading of the real clock."""
        with self._lock:
            return self._moment(int(self._course.shown(self._monotonic())))

    def goal(self) -> Moment:
        """Return the moment that it would be, were it not held back."""
        with self._lock:
            return self._moment(int(self._course.wanted(self._monotonic())))

    def elapsed(self) -> int:
        """Return the running ms since the clock was made, jumps included."""
        with self._lock:
            return int(self._course.shown(self._monotonic()))

    def takes(self, run_ms: int) -> float:
        """Return the real seconds that so much running time takes; infinity while paused."""
        course = self._course
        return math.inf if course.paused else run_ms / (1000 * course.speed)

    def wait(self, step_ms: int) -> float:
        """Return the real seconds until the day's running time is a multiple of `step_ms` again."""
        with self._lock:
            course, spent = self._course, int(self._course.shown(self._monotonic()))
        if course.paused:
            return math.inf
        inside = self._inside(course, spent)[1]
        offset = self._laps.place(inside)[1]
        left = min(step_ms - offset % step_ms, self._laps.left(inside))
        return left / (1000 * course.speed)

    def set_speed(self, speed: float) -> None:
        """Go on at another speed; a paused clock will when it resumes. Errors: BAD_REQUEST."""
        if not 0 < speed <= FASTEST:
            text = f"speed is {speed}; it must be above 0 and at most {FASTEST:g}."
            raise bad_request(text, field="speed")
        self._change(lambda course: replace(course, speed=float(speed)))

    def pause(self) -> None:
        """Stand still until `resume`; what is left of a jump is dropped."""

        def still(course: Course) -> Course:
            elapsed = min(course.elapsed, course.leash)
            return replace(course, elapsed=elapsed, leap=elapsed, paused=True)

        self._change(still)

    def resume(self) -> None:
        """Run on from where it stands."""
        self._change(lambda course: replace(course, paused=False))

    def jump(self, instant_ms: int) -> None:
        """Go forward to an instant; where time does not run, to when it runs next.

        At once, or as fast as the order books follow. Errors: CLOCK_BACKWARD, CALENDAR_NOT_COVERED
        past the last day of the epoch.
        """

        def forward(course: Course) -> Course:
            shown = min(course.elapsed, course.leash)
            goal = self._base(course, int(shown)) + self._laps.within(instant_ms)
            if goal < int(shown):
                raise _backward(instant_ms)
            # Books that are kept hold it where it is until they have moved.
            leash = course.leash if math.isinf(course.leash) else shown
            leap = max(shown, goal)
            return replace(course, elapsed=leap, leap=leap, leash=leash)

        self._change(forward)

    def restart(self, instant_ms: int) -> tuple[str, Callable[[], None]]:
        """Return a new epoch's id, and what begins it at an instant, also an earlier one.

        Until then nothing has changed. Errors: CALENDAR_NOT_COVERED.
        """
        position, epoch = max(self._laps.within(instant_ms), 0), self._ids.new("epoch_")

        def again(course: Course) -> Course:
            # Whole from here on: half a millisecond left over would show the one before.
            spent = math.ceil(course.elapsed)
            worlds = course.worlds + 1
            self._epochs[worlds, 0] = epoch
            elapsed, origin = float(spent), spent - position
            return replace(
                course, elapsed=elapsed, origin=origin, worlds=worlds, leap=elapsed, leash=math.inf
            )

        return epoch, lambda: self._change(again)

    def trail(self, due_ms: int) -> None:
        """Show nothing from an instant on, but what `lead` allowed; see `LeashedClock`."""

        def eased(course: Course, real: float) -> Course:
            shown = course.shown(real)
            allowed = shown if math.isinf(course.leash) else course.leash
            limit = self._until(course, int(shown), due_ms) - 1
            return replace(course.eased(real), leash=max(allowed, limit))

        self._hold(eased)

    def lead(self, instant_ms: int, run_ms: float) -> None:
        """Run on from an instant, so many running ms at most; see `LeashedClock`."""
        if self._leads(instant_ms, run_ms):
            return

        def led(course: Course, real: float) -> Course:
            shown = course.shown(real)
            limit = self._until(course, int(shown), instant_ms) + run_ms
            return replace(course, leash=max(shown, limit))

        self._hold(led)

    def _leads(self, instant_ms: int, run_ms: float) -> bool:
        """Return whether it may run on nearly so far already: orders come between two steps."""
        with self._lock:
            course, run = self._course, self._run
            spent = 0 if run is None else instant_ms - run.shift
            if run is None or run.world != course.worlds or not run.first <= spent < run.end:
                return False
            spare = _SPARE_S * 1_000 * course.speed
            return spent + run_ms - spare <= course.leash < math.inf

    def free(self) -> None:
        """Be held by nobody."""
        if not math.isinf(self._course.leash):
            self._hold(lambda course, _: replace(course, leash=math.inf))

    def listen(self, moved: Callable[[], object]) -> Callable[[], None]:
        """Call `moved` after every change; returns how to stop that."""
        key = object()
        self._listeners[key] = moved

        def stop() -> None:
            self._listeners.pop(key, None)

        return stop

    def _change(self, make: Callable[[Course], Course]) -> None:
        with self._lock:
            real = self._monotonic()
            self._course = make(self._course.anew(real))
            self._odometer = Odometer(real, self._course.shown(real))
        self._tell()

    def _hold(self, make: Callable[[Course, float], Course]) -> None:
        """Let out the leash: nobody is told an earlier instant than before, ever."""
        with self._lock:
            real, course = self._monotonic(), self._course
            held = course.held(real)
            self._course = make(course, real)
            self._odometer.note(real, self._course.shown(real))
        if held:  # whoever waits for time reckons with its speed: it came later than that
            self._tell()

    def _tell(self) -> None:
        for moved in list(self._listeners.values()):
            moved()

    def _moment(self, spent: int) -> Moment:
        course, last = self._course, self._last
        if last is not None and last[:2] == (course.worlds, spent):
            return last[2]
        run = self._run
        if run is None or run.world != course.worlds or not run.first <= spent < run.end:
            run = self._run = self._begin(course, spent)
        moment = Moment(run.epoch, run.day, spent + run.shift)
        self._last = course.worlds, spent, moment
        return moment

    def _begin(self, course: Course, spent: int) -> "_Run":
        """Return the half of a day that is run through after so many running ms."""
        lap, inside = self._inside(course, spent)
        day, offset = self._laps.place(inside)
        start, end = half_day(day, offset)
        first = spent - min(offset - start, inside)  # a lap does not begin at 09:15
        told = self._epoch(course.worlds, lap), day, day_instant(day, offset) - spent
        return _Run(course.worlds, first, spent + end - offset, *told)

    def _until(self, course: Course, spent: int, instant_ms: int) -> int:
        return self._base(course, spent) + self._laps.find(instant_ms)

    def _base(self, course: Course, spent: int) -> int:
        """Return the running ms before the lap that is run through."""
        return spent - self._inside(course, spent)[1]

    def _inside(self, course: Course, spent: int) -> tuple[int, int]:
        """Return the lap, and the running ms of it."""
        return divmod(spent - course.origin, self._laps.length)

    def _epoch(self, world: int, lap: int) -> str:
        # Ids are fresh in every process, so that a stored order log never mistakes one world
        # for the other though both start on the same day.
        if (world, lap) not in self._epochs:
            self._epochs[world, lap] = self._ids.new("epoch_")
        return self._epochs[world, lap]


@dataclass(frozen=True, slots=True)
class _Run:
    """Running ms, from `first` up to `end`, in which all clocks go on: instants lie `shift` on."""

    world: int
    first: int
    end: int
    epoch: str
    day: date
    shift: int


def _backward(instant_ms: int) -> ChangeRefused:
    shown = shown_instant(instant_ms).isoformat()
    text = f"{shown} is before the simulated clock's time; it only jumps forward."
    return ChangeRefused(Reason.CLOCK_BACKWARD, text, instant=shown)
