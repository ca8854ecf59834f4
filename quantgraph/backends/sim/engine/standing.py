"""A clock that only tells the day it was set to: what is listed there hangs on nothing else."""

import math
from collections.abc import Callable
from datetime import date

from quantgraph.backends.sim.hours import day_instant
from quantgraph.backends.sim.moments import Moment


class StandingClock:
    """Implements `MarketClock` for a market that is asked for the sources of a day."""

    def __init__(self, day: date) -> None:
        """Stand on a day, at its first instant."""
        self.day = day

    def moment(self) -> Moment:
        """Return the day's first instant."""
        return Moment("", self.day, day_instant(self.day, 0))

    def wait(self, step_ms: int) -> float:
        """Return infinity: it stands."""
        del step_ms
        return math.inf

    def elapsed(self) -> int:
        """Return nothing."""
        return 0

    def takes(self, run_ms: int) -> float:
        """Return infinity: it stands."""
        del run_ms
        return math.inf

    def listen(self, moved: Callable[[], object]) -> Callable[[], None]:
        """Never call."""
        del moved
        return lambda: None
