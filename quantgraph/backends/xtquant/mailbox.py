"""From foreign threads to one reader in the loop: what cannot be kept is looked up afterwards."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Generic, TypeVar

from quantgraph.backends.xtquant.crossing import enter

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Takes items from any thread, in their order; beyond `limit` it keeps none and says so."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: int) -> None:
        """Let the loop read; `limit` items wait for it at most."""
        self._loop = loop
        self._limit = limit
        self._items: deque[T] = deque()
        self._wake = asyncio.Event()
        self._asleep = True
        self._overflowed = self._ended = False

    def put(self, item: T) -> None:
        """Keep an item for the reader; one too many stands for all that it would have missed."""
        # Once one was not kept none is, until the reader has come to it: it must hear of the gap
        # before what came later, and soon, however fast more comes.
        if self._overflowed or len(self._items) >= self._limit:
            self._overflowed = True
        else:
            self._items.append(item)
        # One entry into the loop serves all that come until it is awake.
        if self._asleep:
            self._asleep = False
            enter(self._loop, self._wake.set)

    def end(self) -> None:
        """End the reader's stream, behind what waits; called in the loop."""
        self._ended = True
        self._wake.set()

    async def items(self) -> AsyncGenerator[T | None, None]:
        """Yield item after item; None where some were not kept, before those that came later."""
        while True:
            while self._items:
                yield self._items.popleft()
            if self._overflowed:
                self._overflowed = False
                yield None
            elif self._ended:
                return
            else:
                self._wake.clear()
                self._asleep = True
                # What came before the flag was seen rang for nobody.
                if not self._items and not self._overflowed and not self._ended:
                    await self._wake.wait()
