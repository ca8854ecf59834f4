"""Blocking work goes here, never on the event loop: one bounded pool for the whole process."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from quantgraph.domain.errors import LimitReached
from quantgraph.domain.reasons import Reason

P = ParamSpec("P")
R = TypeVar("R")


class Workers:
    """A thread pool with a bounded backlog; beyond it OVERLOADED is raised at once."""

    def __init__(self, threads: int, backlog: int) -> None:
        """Start no thread yet; the pool makes them on demand."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="quantgraph")
        self._threads, self._limit = threads, threads + backlog
        self._busy = 0
        self._lock = threading.Lock()

    def resize(self, backlog: int) -> None:
        """Let so many jobs wait from now on."""
        self._limit = self._threads + backlog

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run blocking `work` in a thread and return its result.

        Work that was started is never abandoned half-way: a cancelled caller stops waiting, the
        thread goes on to the end.
        """
        with self._lock:
            if self._busy >= self._limit:
                text = f"{self._busy} jobs are waiting already; try again later."
                raise LimitReached(Reason.OVERLOADED, text)
            self._busy += 1
        future = self._pool.submit(work, *args, **kwargs)
        future.add_done_callback(lambda _: self._done())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Finish what runs, drop what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _done(self) -> None:
        with self._lock:
            self._busy -= 1
