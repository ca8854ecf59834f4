"""Waiting for what an event loop brings about, without a sleep: tests look when it has settled."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

_SECONDS = 20


class Watched(selectors.DefaultSelector):
    """A selector that wakes who waits for its loop to run out of work."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        super().__init__()
        self.waiting: list[asyncio.Future[None]] = []
        self._stirred = True

    def select(self, timeout: float | None = None) -> Any:
        """As any selector, but whoever waits has a look before the loop falls asleep."""
        asleep = timeout is None or timeout > 0
        if asleep and self._stirred and self.waiting:
            # Once only: a look that changes nothing is not repeated before something happens.
            self._stirred, timeout = False, 0
            waiting, self.waiting = self.waiting, []
            for each in waiting:
                if not each.done():
                    each.set_result(None)
            found = super().select(timeout)
            # What a thread brings just now is seen by nobody yet who was woken for a look.
            self._stirred = bool(found)
            return found
        found = super().select(timeout)
        self._stirred = True
        return found


class WatchedLoop(asyncio.SelectorEventLoop):
    """The loop of every coroutine test."""

    def __init__(self) -> None:
        """Make a loop over a selector of its own."""
        self.watched = Watched()
        super().__init__(self.watched)


async def settled() -> None:
    """Return when the loop has nothing left to do but to wait for a thread, a timer or a peer."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WatchedLoop)
    future = loop.create_future()
    loop.watched.waiting.append(future)
    await future


async def until(true: Callable[[], object]) -> None:
    """Wait until `true()`; threads and peers tell the loop what they did, so it alone is watched.

    Fails with TimeoutError after 20 s.
    """
    async with asyncio.timeout(_SECONDS):
        while not true():
            await settled()
