"""The way to one follower, which ends with a reason."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")
# Items on their way to one follower; a very slow one loses the oldest.
_BACKLOG = 256


class Lane(Generic[T]):
    """What waits for one follower; nothing here waits but `take`."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._items: deque[T] = deque(maxlen=_BACKLOG)
        self._some = asyncio.Event()
        self._end: Exception | None = None

    def put(self, item: T) -> None:
        """Lay something on it."""
        self._items.append(item)
        self._some.set()

    def end(self, error: Exception) -> None:
        """Tell the follower, after what waits, that nothing more comes."""
        self._end = error
        self._some.set()

    async def take(self) -> T:
        """Return the oldest, waiting for it; raise why nothing more comes."""
        while not self._items:
            if self._end is not None:
                raise self._end
            self._some.clear()
            await self._some.wait()
        return self._items.popleft()
