"""Quote events as bytes of `WatchQuotesResponse`: a quote is written once, whoever gets it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from quantgraph.domain.streams import QuoteEvent
from quantgraph.v1 import quotes_pb2
from quantgraph.wire.enums import STREAM_KIND
from quantgraph.wire.quotes import event_to_proto, quote_to_proto
from quantgraph.wire.received import written

# Symbols whose newest quote is kept: more than any exchange lists.
_KEPT = 20_000
# Tags of WatchQuotesResponse.events and QuoteEvent.quote.
_EVENTS, _QUOTE = 0x0A, 0x1A
_Own: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class _Known:
    """The newest quote of a symbol that was written, and its events by what differs in them."""

    event: QuoteEvent
    shared: bytes
    events: dict[_Own, bytes] = field(default_factory=dict[_Own, bytes])


class QuoteBytes:
    """Writes messages for any number of readers.

    Fields of a message may come in any order, and messages that follow each other are merged: what
    readers share stands before what is each one's own.
    """

    def __init__(self) -> None:
        """Know no quote yet."""
        self._newest: dict[str, _Known] = {}

    def message(self, events: Iterable[QuoteEvent]) -> bytes:
        """Return a `WatchQuotesResponse` of these events, in order."""
        return b"".join(map(self.text, events))

    def text(self, event: QuoteEvent) -> bytes:
        """Return an event as an element of a message: a message is its elements, joined."""
        quote = event.quote
        if quote is None:
            return _element(_EVENTS, event_to_proto(event).SerializeToString())
        known = self._newest.get(quote.symbol)
        if known is None or not _same(known.event, event):
            if len(self._newest) >= _KEPT:
                self._newest.clear()
            known = self._newest[quote.symbol] = _Known(event, _shared(event))
        own = (event.kind, event.previous_sequence, event.conflated_count)
        item = known.events.get(own)
        if item is None:
            item = known.events[own] = _element(_EVENTS, known.shared + _own(event))
        return item


def _same(before: QuoteEvent, event: QuoteEvent) -> bool:
    # By identity too: a quote fetched before its symbol was followed has no number of its own.
    same = before.quote is event.quote and before.sequence == event.sequence
    return same and before.epoch == event.epoch


def _shared(event: QuoteEvent) -> bytes:
    assert event.quote is not None  # noqa: S101 asked before
    data = written(event.quote) or quote_to_proto(event.quote).SerializeToString()
    rest = quotes_pb2.QuoteEvent(epoch=event.epoch, sequence=event.sequence)
    return rest.SerializeToString() + _element(_QUOTE, data)


def _own(event: QuoteEvent) -> bytes:
    return quotes_pb2.QuoteEvent(
        kind=STREAM_KIND.to_proto(event.kind),
        previous_sequence=event.previous_sequence,
        conflated_count=event.conflated_count,
    ).SerializeToString()


def _element(tag: int, data: bytes) -> bytes:
    """Return a field that is a message: its tag, its size and itself."""
    size, head = len(data), bytearray((tag,))
    while size > 127:
        head.append(size & 127 | 128)
        size >>= 7
    head.append(size)
    return bytes(head) + data
