"""Order books on the clock's heels: brought on in portions, the clock held back meanwhile."""

import asyncio
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager

from quantgraph.backends.sim.engine.port import Engine
from quantgraph.backends.sim.moments import LeashedClock, Moment
from quantgraph.domain.terminal import ExecutionReport

# What the clock runs on while its keeper is on the way: a step of the market and some real time.
_STEP_MS = 1_000
_LATE_S = 0.02


class Pursuit:
    """Brings order books to where the clock wants to be, and lets it show no later instant.

    While nobody keeps them (`kept` is False) books move when somebody asks, and the clock is free:
    nobody would let it go on.
    """

    def __init__(self, clock: LeashedClock, engine: Engine, portion_s: float) -> None:
        """Work at most about `portion_s` real seconds at once."""
        self._clock = clock
        self._engine = engine
        self._portion_s = portion_s
        self.kept = False
        self._waiting = 0
        # Whether the last portion did not reach the clock's goal.
        self.behind = False
        self.reached = clock.moment()

    @contextmanager
    def hurried(self) -> Generator[None]:
        """Give away most of a portion inside: somebody wants to act."""
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def follow(
        self, goal: Moment, publish: Callable[[Iterable[ExecutionReport]], None]
    ) -> bool:
        """Bring the books to a moment, or a portion of the way; return whether they are there."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._portion_s
        soon = until - 0.8 * self._portion_s
        while True:
            progress = await self._engine.advance(goal.ms)
            publish(progress.reports)
            if progress.due is None:
                return True
            if self.kept and loop.time() >= (soon if self._waiting else until):
                self.behind = True
                self.hold(progress.due)
                return False
            await asyncio.sleep(0)

    def hold(self, due_ms: int) -> None:
        """Take note that all before an instant (epoch ms) has happened, and no more."""
        self._clock.trail(due_ms)
        shown = self._clock.moment()
        # What is done at a later instant than the books have reached would wait for them.
        self.reached = Moment(shown.epoch, shown.day, min(shown.ms, due_ms - 1))

    def arrive(self, goal: Moment, *, live: bool) -> None:
        """Take note that all until a moment has happened; `live`: order books are open."""
        self.behind, self.reached = False, goal
        if live and self.kept:
            self._clock.lead(goal.ms, _STEP_MS + _LATE_S * 1_000 * self._clock.speed)
        else:
            self._clock.free()

    def give_up(self) -> None:
        """Let the clock run without the books: they are gone."""
        self.behind = False
        self._clock.free()
