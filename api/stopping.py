"""A stop in steps: not ready any more, streams end, what is under way finishes, then the wires."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from quantgraph.watching import ShutdownConfig

# Seconds between two looks whether anything is under way still.
_LOOK_S = 0.05
# Seconds that requests have, once nothing listens any more.
GRACE_S = 3.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StopSteps:
    """What a stop does, in this order.

    `retire` says that the gateway is not ready; `drain` ends live streams, telling their readers to
    come back; `underway` counts what is still answered; `close` ends the listener, at once where
    it is told so.
    """

    retire: Callable[[], None]
    drain: Callable[[], None]
    underway: Callable[[], int]
    close: Callable[[bool], None]


class Stopper:
    """`ask` may be called from any thread: the first call begins, the second ends at once."""

    def __init__(self, config: ShutdownConfig, steps: StopSteps) -> None:
        """Stop nothing yet. Made in the running loop."""
        self._config, self._steps = config, steps
        self._loop = asyncio.get_running_loop()
        self._hurried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        """Begin to stop; asked again, wait for nothing any more."""
        with suppress(RuntimeError):  # the loop is closed: it has stopped
            self._loop.call_soon_threadsafe(self._asked)

    def _asked(self) -> None:
        if self._task is None:
            self._task = self._loop.create_task(self._stop())
        elif not self._hurried.is_set():
            self._hurried.set()
            self._steps.close(True)

    async def _stop(self) -> None:
        steps, config = self._steps, self._config
        steps.retire()
        _log.info("stopping", underway=steps.underway())
        # Whoever shares requests out among gateways hears of it by asking: until then all is done.
        await self._pause(config.notice_seconds)
        steps.drain()
        until = self._loop.time() + config.drain_seconds
        while steps.underway() and self._loop.time() < until and not self._hurried.is_set():
            await self._pause(_LOOK_S)
        if left := steps.underway():
            _log.warning("stopped_midway", requests=left, seconds=config.drain_seconds)
        steps.close(self._hurried.is_set())

    async def _pause(self, seconds: float) -> None:
        if seconds:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurried.wait(), seconds)

    async def closing(self, close: Callable[[float], Awaitable[None]]) -> None:
        """Close what has a grace of its own: none once somebody asked again, also meanwhile."""
        work = asyncio.ensure_future(close(0.0 if self._hurried.is_set() else GRACE_S))
        hurried = asyncio.create_task(self._hurried.wait())
        await asyncio.wait({work, hurried}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await close(0.0)
        hurried.cancel()
        await work
