"""A quote subscriber's mailbox: bounded, conflating or buffering, paced per symbol."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice

from quantgraph.domain.errors import LimitReached
from quantgraph.domain.quotes import Quote, QuotePolicy
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import QuoteEvent, QuoteWatch, StreamKind
from quantgraph.domain.subscriptions import Tally
from quantgraph.services.pacing import ceiling, gathering, tick

# Members are looked up for each quote otherwise.
_FIRST, _NEXT = StreamKind.SNAPSHOT, StreamKind.UPDATE


@dataclass(slots=True)
class _Slot:
    """What waits for one symbol: the newest quote, or nothing."""

    quote: Quote | None = None
    sequence: int = 0
    delivered: int | None = None
    due: float = 0.0


class Mailbox:
    """Holds what one subscriber has not taken yet: one slot per symbol, or a bounded buffer.

    Either `take` waits for it, or `wake` is called and `due` takes it.
    """

    def __init__(
        self,
        watch: QuoteWatch,
        monotonic: Callable[[], float],
        wake: Callable[[float], None] | None = None,
    ) -> None:
        """Make an empty mailbox. Memory: O(symbols), plus `buffer_size` under BUFFER.

        `wake` is told when what has just come is due, as `monotonic` counts; 0 is at once.
        """
        self.watch = watch
        self._wake = wake or self._awake
        self._interval = watch.min_interval_ms / 1000
        self._least = gathering(self._interval)
        self._size = watch.buffer_size if watch.policy is QuotePolicy.BUFFER else 0
        self._monotonic = monotonic
        self._slots = {symbol: _Slot() for symbol in watch.symbols}
        self._waiting: dict[str, _Slot] = {}
        self._buffer: deque[tuple[Quote, int]] = deque()
        self._arrived = asyncio.Event()
        self._overflow = False
        self._pulsed = False
        self._failure: Exception | None = None
        self._delivered = 0
        self._conflated = 0

    def tally(self) -> Tally:
        """Return how its reader keeps up."""
        waiting = len(self._waiting) + len(self._buffer)
        return Tally(self._delivered, self._conflated, waiting, len(self._slots))

    @property
    def symbols(self) -> AbstractSet[str]:
        """Whose quotes it takes."""
        return self._slots.keys()

    def grow(self, symbols: Iterable[str]) -> None:
        """Take the quotes of more symbols."""
        self._slots |= {symbol: _Slot() for symbol in symbols}
        self.watch = replace(self.watch, symbols=tuple(self._slots))

    def shrink(self, symbols: Iterable[str]) -> None:
        """Take those of these symbols no more, and let go of what waits of them."""
        for symbol in symbols:
            del self._slots[symbol]
            self._waiting.pop(symbol, None)
        self._buffer = deque(each for each in self._buffer if each[0].symbol in self._slots)
        self.watch = replace(self.watch, symbols=tuple(self._slots))

    def put(self, quote: Quote, sequence: int) -> None:
        """Leave a quote for the subscriber; never blocks and never fails."""
        if self._size:
            self._overflow = self._overflow or len(self._buffer) >= self._size
            if not self._overflow:
                self._buffer.append((quote, sequence))
            self._wake(0.0)
        else:
            self.lay(quote, sequence)

    def lay(self, quote: Quote, sequence: int) -> None:
        """Leave a quote in its symbol's slot, whatever the policy: a snapshot waits there."""
        symbol = quote.symbol
        slot = self._slots[symbol]
        slot.quote, slot.sequence = quote, sequence
        if symbol not in self._waiting:
            self._waiting[symbol] = slot
            if self._interval and slot.delivered is not None:
                slot.due = max(slot.due, ceiling(self._monotonic(), self._least))
            self._wake(slot.due)

    def fail(self, error: Exception) -> None:
        """End the subscription with an error once what waits has been taken."""
        self._failure = error
        self._wake(0.0)

    def pulse(self) -> None:
        """Have the subscriber told at once how its source is."""
        self._pulsed = True
        self._wake(0.0)

    def take_pulse(self) -> bool:
        """Return whether there was a pulse since this was asked last."""
        pulsed, self._pulsed = self._pulsed, False
        return pulsed

    def check(self) -> None:
        """Raise what `fail` was given, if it was."""
        if self._failure is not None:
            raise self._failure

    async def take(self, patience: float) -> tuple[Quote, int] | None:
        """Wait up to `patience` s for the next quote that is due; None if there is none.

        None comes at once after a pulse.

        Errors: SLOW_CONSUMER where a buffer overflowed; what `fail` was given.
        """
        until = self._monotonic() + patience
        while True:
            found, next_due = self._next()
            if found is not None:
                return found
            self.check()
            if self._pulsed:
                return None
            wait = min(until, next_due) - self._monotonic()
            if wait <= 0 and until <= next_due:
                return None
            await self._rest(max(wait, 0.0))

    def event(self, kind: StreamKind, epoch: str, taken: tuple[Quote, int]) -> QuoteEvent:
        """Return the event of a taken quote, chained to the one delivered before it."""
        quote, sequence = taken
        slot = self._slots[quote.symbol]
        before, slot.delivered = slot.delivered, sequence
        if self._interval:
            slot.due = tick(self._monotonic(), self._interval)
        skipped = 0 if before is None else sequence - before - 1
        self._delivered += 1
        self._conflated += skipped
        return QuoteEvent(kind, epoch, quote, sequence, before, skipped)

    def due(self, epoch: str, most: int) -> list[QuoteEvent]:
        """Take up to `most` events that are due, a symbol's first one as its snapshot.

        Errors as `take`; the gateway's end or a new epoch does not wait for snapshots.
        """
        self._check_overflow()
        if self._failure is not None and self._is_beginning():
            raise self._failure
        events = self._from_slots(epoch, most)
        while self._buffer and len(events) < most:
            quote, sequence = self._buffer.popleft()
            if self._is_new(quote.symbol, sequence):
                events.append(self._event(epoch, quote, sequence))
        if not events:
            self.check()
        return events

    def next_due(self) -> float | None:
        """Return when something that waits is due; None where nothing waits."""
        if self._buffer or self._pulsed or self._failure is not None:
            return 0.0
        if not self._waiting:
            return None
        if not self._interval:
            return 0.0
        return min(slot.due for slot in self._waiting.values())

    def fork(self, wake: Callable[[float], None]) -> "Mailbox":
        """Return another mailbox with the same state: for a reader who falls behind."""
        other = Mailbox(self.watch, self._monotonic, wake)
        other._slots = {symbol: copy(slot) for symbol, slot in self._slots.items()}
        other._waiting = {symbol: other._slots[symbol] for symbol in self._waiting}
        other._buffer = deque(self._buffer)
        other._overflow, other._failure = self._overflow, self._failure
        other._delivered, other._conflated = self._delivered, self._conflated
        other._pulsed = self._pulsed
        return other

    def state(self) -> tuple[float, ...] | None:
        """Return what tells mailboxes of one watch apart; None while something waits.

        Where nothing waits all was delivered that was ever put: what is left is the pacing.
        """
        if self._waiting or self._buffer or self._overflow or self._pulsed or self._failure:
            return None
        if not self._interval:
            return ()
        now = self._monotonic()
        return tuple(slot.due if slot.due > now else 0.0 for slot in self._slots.values())

    def _is_beginning(self) -> bool:
        return any(slot.delivered is None for slot in self._waiting.values())

    def _from_slots(self, epoch: str, most: int) -> list[QuoteEvent]:
        """Take up to `most` quotes that are due: as `event`, for all at once."""
        now = self._monotonic() if self._interval else 0.0
        due = tick(now, self._interval) if self._interval else 0.0
        events: list[QuoteEvent] = []
        for symbol, slot in self._ripe(now, most):
            del self._waiting[symbol]
            quote, slot.quote = slot.quote, None
            before, sequence = slot.delivered, slot.sequence
            if quote is None or (before is not None and sequence <= before):
                continue
            skipped, kind = (0, _FIRST) if before is None else (sequence - before - 1, _NEXT)
            slot.delivered, slot.due = sequence, due
            self._conflated += skipped
            events.append(QuoteEvent(kind, epoch, quote, sequence, before, skipped))
        self._delivered += len(events)
        return events

    def _ripe(self, now: float, most: int) -> list[tuple[str, _Slot]]:
        """Return what is due of what waits, in the order in which it came."""
        waiting = self._waiting.items()
        ripe = (each for each in waiting if each[1].due <= now) if self._interval else waiting
        return list(islice(ripe, most))

    def _event(self, epoch: str, quote: Quote, sequence: int) -> QuoteEvent:
        first = self._slots[quote.symbol].delivered is None
        kind = StreamKind.SNAPSHOT if first else StreamKind.UPDATE
        return self.event(kind, epoch, (quote, sequence))

    def _awake(self, _: float) -> None:
        self._arrived.set()

    def _check_overflow(self) -> None:
        if self._overflow:
            text = f"More than {self._size} quotes waited for this reader; read faster or conflate."
            raise LimitReached(Reason.SLOW_CONSUMER, text)

    def _next(self) -> tuple[tuple[Quote, int] | None, float]:
        """Return the next due quote, or when the first waiting one becomes due."""
        self._check_overflow()
        while self._buffer:
            quote, sequence = self._buffer.popleft()
            if self._is_new(quote.symbol, sequence):
                return (quote, sequence), 0.0
        now, soonest = self._monotonic(), float("inf")
        # First come, first served: a symbol that is put again keeps its place in the line.
        for symbol, slot in self._waiting.items():
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
