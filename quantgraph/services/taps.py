"""A reader of shared quotes that is asked for events instead of being waited for."""

from collections.abc import Callable, Hashable
from typing import Protocol

from quantgraph.domain.streams import QuoteEvent
from quantgraph.services.mailbox import Mailbox


class Source(Protocol):
    """What a tap is opened on."""

    def open(self, box: Mailbox, epoch: str) -> "Tap":
        """Have a mailbox take part."""
        ...

    def shut(self, box: Mailbox) -> None:
        """Have a mailbox take part no longer."""
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

    def due(self, most: int) -> list[QuoteEvent]:
        """Take up to `most` events that are due. Errors as `QuoteStream.watch`."""
        events = self._box.due(self._epoch, most)
        return [*events, self.beat()] if self._box.take_pulse() else events

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
