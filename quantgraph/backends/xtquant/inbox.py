"""What the SDK's threads push, on its way to the event loop: bounded, and one wake-up for all."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from quantgraph.backends.xtquant.crossing import enter

# A code and a period: what is subscribed, and what a push tells of.
Key: TypeAlias = tuple[str, str]
Row: TypeAlias = Mapping[str, Any]
# Rows of one key that wait at most: of a quote the newest count, and are kept.
_DEPTH = 16
# Rows handled before the loop may do something else: about 2 ms.
_SLICE = 200


class Inbox:
    """Takes rows in any thread and hands them over on the loop, those of a key in their order.

    A wake-up per row would fill the loop's queue without bound in a storm: one is asked for when
    the first row comes, and the rest are found waiting.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, take: Callable[[Key, Row], None]) -> None:
        """Call `take(key, row)` on `loop`."""
        self._loop = loop
        self._take = take
        self._lock = threading.Lock()
        self._rows: dict[Key, deque[Row]] = {}
        self._called = False
        self.overrun = 0

    def put(self, period: str, told: Mapping[str, Any]) -> None:
        """Take what a push brought: a row per code, or a list of rows. From any thread."""
        with self._lock:
            for code, rows in told.items():
                waiting = self._rows.setdefault((code, period), deque(maxlen=_DEPTH))
                many = cast("list[Row]", rows) if isinstance(rows, list) else [rows]
                self.overrun += max(len(waiting) + len(many) - _DEPTH, 0)
                waiting.extend(many)
            if self._called or not self._rows:
                return
            self._called = True
        enter(self._loop, self._drain)

    def _drain(self) -> None:
        for key, row in self._some():
            self._take(key, row)
        with self._lock:
            self._called = bool(self._rows)
        if self._called:
            self._loop.call_soon(self._drain)

    def _some(self) -> list[tuple[Key, Row]]:
        found: list[tuple[Key, Row]] = []
        with self._lock:
            while self._rows and len(found) < _SLICE:
                key = next(iter(self._rows))
                found += [(key, row) for row in self._rows.pop(key)]
        return found
