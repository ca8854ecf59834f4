"""A reader of shared quotes that is asked for events instead of being waited for."""

from collections.abc import Callable, Hashable, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from quantgraph.domain.errors import GatewayError
from quantgraph.domain.quotes import Quote
from quantgraph.domain.streams import QuoteEvent
from quantgraph.domain.subscriptions import Tally
from quantgraph.services.mailbox import Mailbox


class Source(Protocol):
    """What a tap is opened on."""

    def open(self, box: Mailbox, epoch: str) -> "Tap":
        """Have a mailbox take part."""
        ...

    def shut(self, box: Mailbox) -> None:
        """Have a mailbox take part no longer."""
        ...

    async def look(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        """Return the newest quotes."""
        ...

    def include(self, box: Mailbox, quotes: Sequence[Quote]) -> None:
        """Have a mailbox take part in more symbols, whose newest quotes these are."""
        ...

    def exclude(self, box: Mailbox, symbols: Sequence[str]) -> None:
        """Have a mailbox take part in these symbols no longer."""
        ...

    def beat(self, box: Mailbox, epoch: str) -> QuoteEvent:
        """Return a heartbeat of this moment."""
        ...


class Tap:
    """Implements `ports.QuoteTap`."""

    def __init__(self, source: Source, box: Mailbox, epoch: str) -> None:
        """Read a mailbox that takes part in `source`."""
        self._source = source
        self._box = box
        self._epoch = epoch
        self._open = True

    @property
    def symbols(self) -> AbstractSet[str]:
        """What is read now."""
        return self._box.symbols

    async def add(self, symbols: Sequence[str]) -> list[GatewayError | None]:
        """Read more symbols; return per symbol why not, None where it is read."""
        found = await self._source.look(symbols)
        if self._open:  # it may have been closed meanwhile
            known = [each for each in found if not isinstance(each, GatewayError)]
            self._source.include(self._box, known)
        return [each if isinstance(each, GatewayError) else None for each in found]

    def drop(self, symbols: Sequence[str]) -> None:
        """Read these symbols no more; of one that is not read nothing happens."""
        self._source.exclude(self._box, symbols)

    def due(self, most: int) -> list[QuoteEvent]:
        """Take up to `most` events that are due. Errors as `QuoteStream.watch`."""
        events = self._box.due(self._epoch, most)
        return [*events, self.beat()] if self._box.take_pulse() else events

    def tally(self) -> Tally:
        """Return how it keeps up; see `subscriptions.Reader`."""
        return self._box.tally()

    def next_due(self) -> float | None:
        """Return when something that waits is due; None where nothing waits."""
        return self._box.next_due()

    def beat(self) -> QuoteEvent:
        """Return a heartbeat of this moment."""
        return self._source.beat(self._box, self._epoch)

    def fork(self, wake: Callable[[float], None]) -> "Tap":
        """Return another reader who has what this one has, and waits for what it waits for."""
        return self._source.open(self._box.fork(wake), self._epoch)

    def state(self) -> Hashable | None:
        """Return what readers of one watch who have been told the same share.

        None while something waits.
        """
        state = self._box.state()
        return None if state is None else (self._epoch, state)

    def close(self) -> None:
        """Read no more. Closing again does nothing."""
        if self._open:
            self._open = False
            self._source.shut(self._box)
