"""A quote subscriber's mailbox: bounded, conflating or buffering, paced per symbol."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from quantgraph.domain.errors import LimitReached
from quantgraph.domain.quotes import Quote, QuotePolicy
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import QuoteEvent, QuoteWatch, StreamKind


@dataclass(slots=True)
class _Slot:
    """What waits for one symbol: the newest quote, or nothing."""

    quote: Quote | None = None
    sequence: int = 0
    delivered: int | None = None
    due: float = 0.0


class Mailbox:
    """Holds what one subscriber has not taken yet: one slot per symbol, or a bounded buffer."""

    def __init__(self, watch: QuoteWatch, monotonic: Callable[[], float]) -> None:
        """Make an empty mailbox. Memory: O(symbols), plus `buffer_size` under BUFFER."""
        self._interval = watch.min_interval_ms / 1000
        self._size = watch.buffer_size if watch.policy is QuotePolicy.BUFFER else 0
        self._monotonic = monotonic
        self._slots = {symbol: _Slot() for symbol in watch.symbols}
        self._waiting: dict[str, None] = {}
        self._buffer: deque[tuple[Quote, int]] = deque()
        self._arrived = asyncio.Event()
        self._overflow = False
        self._failure: Exception | None = None

    def put(self, quote: Quote, sequence: int) -> None:
        """Leave a quote for the subscriber; never blocks and never fails."""
        if self._size:
            self._overflow = self._overflow or len(self._buffer) >= self._size
            if not self._overflow:
                self._buffer.append((quote, sequence))
        else:
            slot = self._slots[quote.symbol]
            slot.quote, slot.sequence = quote, sequence
            self._waiting.setdefault(quote.symbol)
        self._arrived.set()

    def fail(self, error: Exception) -> None:
        """End the subscription with an error once what waits has been taken."""
        self._failure = error
        self._arrived.set()

    def check(self) -> None:
        """Raise what `fail` was given, if it was."""
        if self._failure is not None:
            raise self._failure

    async def take(self, patience: float) -> tuple[Quote, int] | None:
        """Wait up to `patience` s for the next quote that is due; None if there is none.

        Errors: SLOW_CONSUMER where a buffer overflowed; what `fail` was given.
        """
        until = self._monotonic() + patience
        while True:
            found, next_due = self._next()
            if found is not None:
                return found
            self.check()
            wait = min(until, next_due) - self._monotonic()
            if wait <= 0 and until <= next_due:
                return None
            await self._rest(max(wait, 0.0))

    def event(self, kind: StreamKind, epoch: str, taken: tuple[Quote, int]) -> QuoteEvent:
        """Return the event of a taken quote, chained to the one delivered before it."""
        quote, sequence = taken
        slot = self._slots[quote.symbol]
        before, slot.delivered = slot.delivered, sequence
        slot.due = self._monotonic() + self._interval
        skipped = 0 if before is None else sequence - before - 1
        return QuoteEvent(kind, epoch, quote, sequence, before, skipped)

    def _next(self) -> tuple[tuple[Quote, int] | None, float]:
        """Return the next due quote, or when the first waiting one becomes due."""
        if self._overflow:
            text = f"More than {self._size} quotes waited for this reader; read faster or conflate."
            raise LimitReached(Reason.SLOW_CONSUMER, text)
        while self._buffer:
            quote, sequence = self._buffer.popleft()
            if self._is_new(quote.symbol, sequence):
                return (quote, sequence), 0.0
        now, soonest = self._monotonic(), float("inf")
        # First come, first served: a symbol that is put again keeps its place in the line.
        for symbol in self._waiting:
            slot = self._slots[symbol]
            if slot.due <= now and slot.quote is not None:
                del self._waiting[symbol]
                quote, slot.quote = slot.quote, None
                if self._is_new(symbol, slot.sequence):
                    return (quote, slot.sequence), now
                return self._next()
            soonest = min(soonest, slot.due)
        self._arrived.clear()
        return None, soonest

    def _is_new(self, symbol: str, sequence: int) -> bool:
        """Return whether a quote is newer than what was delivered: a snapshot may overtake one."""
        delivered = self._slots[symbol].delivered
        return delivered is None or sequence > delivered

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            return
