"""A bounded memory of what was computed, safe to share between threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Memo(Generic[K, V]):
    """Keeps the `limit` values used last; forgetting one costs time, never an answer."""

    def __init__(self, limit: int) -> None:
        """Start empty."""
        self._limit = limit
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return the value, or None where it was never put or is forgotten."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> V:
        """Keep and return the value."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._limit:
                self._values.popitem(last=False)
        return value

    def fetch(self, key: K, make: Callable[[], V]) -> V:
        """Return the value, made now if need be; two threads may both make an equal one."""
        found = self.get(key)
        return found if found is not None else self.put(key, make())
