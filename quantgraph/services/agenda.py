"""When cohorts are looked at: at once, on ticks, and under load together."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from quantgraph.domain.rests import rested

# A turn takes no more of what is due after so many seconds, or after `_SHARE` times as many as
# others of the loop have just had: they come in between, but where both have more than there is
# time for, what is due comes first. With as long as others it fell behind what came in.
_TURN_S = 0.005
_SHARE = 3


class Planned(Protocol):
    """What is looked at when it is due, in seconds of `time.monotonic`; 0 is at once."""

    planned: float


Item = TypeVar("Item", bound=Planned)


class Agenda(Generic[Item]):
    """Calls `flush` with what is due: in the next turn of the loop where there is no load.

    A turn that cost something is followed by a rest of the same length, so that the loop has time
    for others and what happens meanwhile goes out in one write a socket. Turns do not begin more
    than `gather_s` apart because of it: after one that took as long there is no rest. What a turn
    leaves over is due in the next.
    """

    def __init__(self, flush: Callable[[Iterable[Item]], None], gather_s: float) -> None:
        """Plan nothing yet."""
        self._gather_s = gather_s
        self._flush = flush
        self._due: dict[Item, None] = {}
        self._ticks: dict[float, dict[Item, None]] = {}
        self._turn: asyncio.Handle | None = None
        self._rested = self._left = 0.0

    @property
    def busy(self) -> bool:
        """Whether something is due now."""
        return self._turn is not None

    def add(self, item: Item, due: float) -> None:
        """Look at an item when it is due."""
        now = time.monotonic()
        if due <= now:
            self._due[item] = None
            self._soon()
            return
        tick = self._ticks.get(due)
        if tick is None:
            tick = self._ticks[due] = {}
            # The loop's timers count in milliseconds and must not be early.
            asyncio.get_running_loop().call_later(due - now + 0.001, self._tick, due)
        tick[item] = None

    def _tick(self, due: float) -> None:
        # Who was planned anew meanwhile is on another tick.
        self._due |= {each: None for each in self._ticks.pop(due) if each.planned == due}
        self._soon()

    def _soon(self) -> None:
        if self._turn is not None or not self._due:
            return
        loop, left = asyncio.get_running_loop(), self._rested - time.monotonic()
        if left <= 0:
            self._turn = loop.call_soon(self._run)
        else:
            self._turn = loop.call_later(left, self._run)

    def _run(self) -> None:
        began = time.monotonic()
        due, self._due = self._due, {}
        # Sockets are written to at the end of this turn: what it cost is known in the next.
        self._turn = asyncio.get_running_loop().call_soon(self._settle, began)
        share = _SHARE * (began - self._left) if self._left else 0.0
        rest = iter(due)
        self._flush(_until(rest, began + max(share, _TURN_S)))
        self._due = dict.fromkeys(rest) | self._due
        self._left = time.monotonic() if self._due else 0.0

    def _settle(self, began: float) -> None:
        self._rested = rested(began, time.monotonic(), self._gather_s)
        self._turn = None
        self._soon()


def _until(items: Iterator[Item], end: float) -> Iterator[Item]:
    """Yield the first, and further ones until a moment of `time.monotonic`."""
    for item in items:
        yield item
        if time.monotonic() >= end:
            return
