"""Waiting for virtual time: whoever waits wakes at once when somebody moves the clock."""

import asyncio
import math
from collections.abc import Awaitable, Callable

from quantgraph.backends.sim.moments import MarketClock

# Real seconds; no event loop wakes anybody earlier.
_FINEST_S = 0.001


class Alarm:
    """Sleeps by a clock, for one task of an event loop."""

    def __init__(
        self, clock: MarketClock, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Wait by `clock`; `sleep` takes real seconds."""
        self._clock = clock
        self._sleep = sleep
        self._moved: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wake who waits now, as a change of the clock does."""
        if self._moved is not None:
            _wake(self._moved)

    async def step(self, step_ms: int, shortest_s: float = 0.0) -> float:
        """Return at the next multiple of `step_ms` of the day's running time, or at a change.

        Not before `shortest_s` real seconds, unless the clock is changed. Gives the real seconds
        that were to be slept; 0 where the clock stood still.
        """
        return await self._until(lambda: max(self._clock.wait(step_ms), shortest_s))

    async def run(self, run_ms: int) -> None:
        """Return when so much running time has passed, whatever happens to the clock meanwhile."""
        goal = self._clock.elapsed() + run_ms
        while (left := goal - self._clock.elapsed()) > 0:
            # A clock that is held back may stand just before the goal for a while.
            await self._until(lambda left=left: max(self._clock.takes(left), _FINEST_S))

    async def _until(self, seconds: Callable[[], float]) -> float:
        loop = asyncio.get_running_loop()
        moved = self._moved = loop.create_future()
        # Listening comes first: a change between the two would be slept over.
        stop = self._clock.listen(lambda: loop.call_soon_threadsafe(_wake, moved))
        try:
            wait = seconds()
            if math.isinf(wait):
                await moved
                return 0.0
            await self._race(wait, moved)
            return wait
        finally:
            stop()

    async def _race(self, wait: float, moved: asyncio.Future[None]) -> None:
        sleeper = asyncio.ensure_future(self._sleep(wait))
        try:
            await asyncio.wait((sleeper, moved), return_when=asyncio.FIRST_COMPLETED)
            if sleeper.done():
                sleeper.result()
        finally:
            sleeper.cancel()


def _wake(moved: asyncio.Future[None]) -> None:
    if not moved.done():
        moved.set_result(None)
