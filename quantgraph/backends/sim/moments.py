"""Readings of the simulated clock, and what market and exchange need of one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from quantgraph.backends.sim.hours import day_offset, session_offset


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


class LeashedClock(MarketClock, Protocol):
    """A clock that whoever keeps the order books holds back where they cannot follow."""

    @property
    def speed(self) -> float:
        """Simulated seconds per real second that are wanted."""
        ...

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        ...

    def goal(self) -> Moment:
        """Return the moment that it would be, were it not held back."""
        ...

    @property
    def leaping(self) -> bool:
        """Whether a jump has not arrived yet."""
        ...

    def trail(self, due_ms: int) -> None:
        """Show nothing from an instant on, but what `lead` allowed before.

        Of the time that could not be kept all but half a second is let go, of a jump nothing is.
        """
        ...

    def lead(self, instant_ms: int, run_ms: float) -> None:
        """Run on from an instant, so many running ms at most, or those of 10 real ms less."""
        ...

    def free(self) -> None:
        """Be held by nobody."""
        ...
