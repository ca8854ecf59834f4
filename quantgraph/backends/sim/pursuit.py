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
# Of a portion whoever wants to act does so much first, or waits for at most: enough for a few
# symbols to be brought to the clock's very instant.
_SOON = 0.1
# A turn of the event loop in which others do nothing takes less; theirs in a row at most.
_IDLE_S, _WAY_S = 0.000_05, 0.002


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
        """Give away the rest of a portion inside: somebody wants to act."""
        self._waiting += 1
        self._engine.hurry()
        try:
            yield
        finally:
            self._waiting -= 1

    async def follow(
        self, goal: Moment, publish: Callable[[Iterable[ExecutionReport]], None]
    ) -> bool:
        """Bring the books to a moment, or a portion of the way; return whether they are there."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while True:
            left = begun + self._share_s - loop.time()
            # nothing ends a portion that nobody keeps: it is one after the other
            progress = await self._engine.advance(goal.ms, left if left > 0 else self._share_s)
            publish(progress.reports)
            if progress.due is None:
                return True
            if self.kept and loop.time() - begun >= self._share_s:
                self.behind = True
                self.hold(progress.due)
                return False
            await self._give_way(loop)

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

    @property
    def _share_s(self) -> float:
        """Real seconds of work at once, as things are."""
        return self._portion_s * (_SOON if self._waiting else 1)

    async def _give_way(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let others have their turns: a request takes a dozen, and would wait at each of them."""
        end = loop.time() + _WAY_S
        while (begun := loop.time()) < end:
            await asyncio.sleep(0)
            if loop.time() - begun < _IDLE_S:
                return

    def give_up(self) -> None:
        """Let the clock run without the books: they are gone."""
        self.behind = False
        self._clock.free()
