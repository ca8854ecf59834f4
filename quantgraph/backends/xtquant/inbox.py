"""What the SDK's threads push, on its way to the event loop: bounded, and one wake-up for all."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeAlias, cast

import structlog

from quantgraph.backends.xtquant.crossing import enter

_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
# A code and a period: what is subscribed, and what a push tells of.
Key: TypeAlias = tuple[str, str]
Row: TypeAlias = Mapping[str, Any]
# Rows of one key that wait at most: of a quote the newest count, and are kept.
_DEPTH = 16
# Seconds that rows are handled before the loop may do something else. Not a number of rows: while
# others want the interpreter, or the processor, each row takes many times as long.
_SLICE_S = 0.002


@dataclass(slots=True)
class _Box:
    """What waits of one key; `called`: its key stands among those that are to be looked at."""

    rows: deque[Row] = field(default_factory=lambda: deque[Row](maxlen=_DEPTH))
    called: bool = False


class Inbox:
    """Takes rows in any thread and hands them over on the loop, those of a key in their order.

    A wake-up per row would fill the loop's queue without bound in a storm: one is asked for when
    the first row comes, and the rest are found waiting. There is no lock: the loop would wait for
    it behind eight threads. Each flag is cleared before what it guards is looked at, so that a
    row is at worst looked for twice.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, take: Callable[[Key, Row], None]) -> None:
        """Call `take(key, row)` on `loop`."""
        self._loop = loop
        self._take = take
        self._boxes: dict[Key, _Box] = {}
        self._due: deque[Key] = deque()
        self._called = False
        self.overrun = 0
        # Rows that could not be read.
        self.broken = 0

    def put(self, period: str, told: Mapping[str, Any]) -> None:
        """Take what a push brought: a row per code, or a list of rows. From any thread."""
        for code, rows in told.items():
            key = (code, period)
            box = self._boxes.get(key) or self._boxes.setdefault(key, _Box())
            many = cast("list[Row]", rows) if isinstance(rows, list) else [rows]
            self.overrun += max(len(box.rows) + len(many) - _DEPTH, 0)
            box.rows.extend(many)
            if not box.called:
                box.called = True
                self._due.append(key)
        if not self._called and self._due:
            self._called = True
            enter(self._loop, self._drain)

    def _drain(self) -> None:
        end = monotonic() + _SLICE_S
        while self._due:
            self._empty(self._due.popleft())
            if monotonic() >= end:
                break
        self._called = False
        if self._due:
            self._called = True
            self._loop.call_soon(self._drain)

    def _empty(self, key: Key) -> None:
        box = self._boxes[key]
        box.called = False
        # Not one more than are there now: a thread that goes on pushing must not hold the loop.
        rows = [box.rows.popleft() for _ in range(len(box.rows))]
        for row in rows:
            try:
                self._take(key, row)
            except Exception as error:
                # One row that makes no sense must not silence all that come after it.
                self.broken += 1
                if self.broken.bit_count() == 1:  # the first, and ever fewer of a flood
                    _logger.warning("row_not_understood", error=repr(error), rows=self.broken)
