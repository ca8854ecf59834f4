"""Real time, as a simulated exchange asks for it: it runs at one speed, always."""

import time
from collections.abc import Callable
from datetime import datetime

from quantgraph.backends.sim.moments import Moment
from quantgraph.domain.calendar import day_of, day_start, to_ms
from quantgraph.domain.clock import DatedClock


class PaperClock:
    """Implements `domain.clock.Clock` and `LeashedClock` over a clock that nobody holds back."""

    def __init__(self, clock: DatedClock) -> None:
        """Read `clock`."""
        self._clock = clock
        self._began = time.monotonic_ns()

    @property
    def speed(self) -> float:
        """Return one."""
        return 1.0

    @property
    def paused(self) -> bool:
        """Return False."""
        return False

    @property
    def leaping(self) -> bool:
        """Return False."""
        return False

    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""
        return self._clock.now()

    def moment(self) -> Moment:
        """Return one reading. Errors: CALENDAR_NOT_COVERED."""
        told = self._clock.moment()
        return Moment(told.epoch, told.day, told.ms)

    def goal(self) -> Moment:
        """Return the same as `moment`."""
        return self.moment()

    def wait(self, step_ms: int) -> float:
        """Return the real seconds until the day's time is a multiple of `step_ms` again."""
        ms = to_ms(self._clock.now())
        return (step_ms - (ms - day_start(day_of(ms))) % step_ms) / 1_000

    def elapsed(self) -> int:
        """Return the ms since the clock was made, whatever is done to the machine's time."""
        return (time.monotonic_ns() - self._began) // 1_000_000

    def takes(self, run_ms: int) -> float:
        """Return the real seconds that so much time takes."""
        return run_ms / 1_000

    def listen(self, moved: Callable[[], object]) -> Callable[[], None]:
        """Call nobody: it never changes its way."""
        del moved
        return lambda: None

    def trail(self, due_ms: int) -> None:
        """Go on all the same: real time waits for nobody."""

    def lead(self, instant_ms: int, run_ms: float) -> None:
        """Go on all the same."""

    def free(self) -> None:
        """Go on all the same."""
