"""Whoever follows something, and what is on its way to them."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from quantgraph.backends.xtquant.inbox import Key

T = TypeVar("T")
# Items on their way to one follower; a very slow one loses the oldest.
_BACKLOG = 64


class Lane(Generic[T]):
    """The way to one follower."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._items: deque[T] = deque(maxlen=_BACKLOG)
        self._some = asyncio.Event()

    @property
    def waiting(self) -> bool:
        """Whether something lies on it."""
        return bool(self._items)

    def put(self, item: T) -> None:
        """Lay something on it; never waits."""
        self._items.append(item)
        self._some.set()

    async def take(self) -> T:
        """Return the oldest, waiting for it."""
        while not self._items:
            self._some.clear()
            await self._some.wait()
        return self._items.popleft()


class Lanes(Generic[T]):
    """All ways by what is followed; `changed` is told whenever another key is followed, or none."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """Know nobody."""
        self._changed = changed
        self._lanes: dict[Key, set[Lane[T]]] = {}

    @property
    def keys(self) -> frozenset[Key]:
        """What is followed."""
        return frozenset(self._lanes)

    def join(self, key: Key) -> Lane[T]:
        """Return a new way to a follower."""
        lane = Lane[T]()
        if key not in self._lanes:
            self._lanes[key] = set()
            self._changed()
        self._lanes[key].add(lane)
        return lane

    def leave(self, key: Key, lane: Lane[T]) -> None:
        """Let a follower go."""
        followers = self._lanes[key]
        followers.discard(lane)
        if not followers:
            del self._lanes[key]
            self._changed()

    def put(self, key: Key, item: T) -> None:
        """Lay something on every way of a key; nothing where nobody follows it any more."""
        for lane in self._lanes.get(key, ()):
            lane.put(item)
