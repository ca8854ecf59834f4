"""Changes of one thing, one after the other, each to its end though its caller may give up."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Turns:
    """Whoever comes while another change is under way waits; the order is that of coming."""

    def __init__(self) -> None:
        """Begin with nothing under way."""
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what the work returns; it goes on though the caller is cancelled."""
        task = asyncio.create_task(self._alone(work))
        self._running.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    async def _alone(self, work: Coroutine[Any, Any, T]) -> T:
        async with self._lock:
            return await work

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        # Asked in any case: an error that nobody fetches would be logged as forgotten.
        if not task.cancelled():
            task.exception()
