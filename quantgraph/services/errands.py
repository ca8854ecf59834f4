"""Work that goes on to its end though its caller gives up: no outcome stays unrecorded."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from quantgraph.services.answers import settle

T = TypeVar("T")
# Seconds for what is on its way when the gateway stops.
_GRACE_S = 3.0


class Errands:
    """Runs orders and cancels; can hold back those that come, and let the others end."""

    def __init__(self) -> None:
        """Begin with nothing on its way."""
        self._running: set[asyncio.Task[Any]] = set()
        self._open = asyncio.Event()
        self._open.set()

    async def run(self, make: Callable[["asyncio.Future[T]"], Coroutine[Any, Any, T]]) -> T:
        """Return the answer of work, which may give it before it ends."""
        await self._open.wait()
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.spawn(make(answer)).add_done_callback(lambda task: settle(answer, task))
        return await answer

    def spawn(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Run work that nobody waits for."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    @asynccontextmanager
    async def still(self) -> AsyncGenerator[None, None]:
        """Let what is on its way end, and what comes wait, inside."""
        self._open.clear()
        try:
            await self.finish()
            yield
        finally:
            self._open.set()

    async def finish(self) -> None:
        """Wait for what is on its way, but no longer than a stop may take."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=_GRACE_S)

    async def close(self) -> None:
        """End what has not ended."""
        for silent in self._running:
            silent.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
