"""What happens later, by the simulated clock."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from quantgraph.backends.sim.alarm import Alarm
from quantgraph.backends.sim.moments import MarketClock

_logger = structlog.get_logger(__name__)


class Waits:
    """Tasks that wait for simulated time, until they are cancelled together."""

    def __init__(self, clock: MarketClock, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Wait by `clock`; `sleep` takes real seconds."""
        self._alarm = Alarm(clock, sleep)
        self._tasks: set[asyncio.Task[None]] = set()

    async def pause(self, delay_ms: int) -> None:
        """Return when so many simulated ms of trading time have passed."""
        await self._alarm.run(delay_ms)

    def later(self, delay_ms: int, act: Callable[[], None]) -> None:
        """Call `act` after so many simulated ms."""

        async def wait() -> None:
            await self.pause(delay_ms)
            act()

        self.spawn(wait())

    async def until(self, event: asyncio.Event, longest_ms: int) -> None:
        """Return when the event is set, after so many simulated ms at the latest."""
        waits = (asyncio.ensure_future(event.wait()), asyncio.ensure_future(self.pause(longest_ms)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` beside the caller."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def cancel(self) -> list[asyncio.Task[None]]:
        """Let nothing of it happen any more; return what is being stopped."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        return tasks

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _logger.error("incident_failed", exc_info=error)
