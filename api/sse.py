"""Server-sent events as the graphql-sse protocol frames them, in both of its modes."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from api.frames import Wrapped
from api.negotiation import EVENTS
from api.responses import Event
from api.slots import Text
from quantgraph.domain.errors import bad_request
from quantgraph.domain.streams import LogPlace

_LONGEST_ID = 200


class DistinctEvents:
    """One operation a connection: each response an event, with the id to resume by if any."""

    media = f"{EVENTS}; charset=utf-8"
    opening = beat = b":\n\n"
    beat_seconds = 12.0
    ending = b"event: complete\ndata:\n\n"
    shared = Wrapped(b"event: next\ndata: ", b"\n\n")

    def frame(self, given: Event) -> Iterable[bytes]:
        """Return a `next` event."""
        if given.frames:
            return (given.frames,)
        place = given.place
        named = b"" if place is None else f"id: {place.epoch}:{place.sequence}\n".encode()
        return chain((b"event: next\n%bdata: " % named,), Text(given.response).pieces(), (b"\n\n",))


@dataclass(frozen=True, slots=True)
class Message:
    """What a stream of many operations says of one of them; no event is its end."""

    operation_id: str
    event: Event | None


class SharedEvents:
    """Many operations on one connection, told apart by their ids."""

    media = DistinctEvents.media
    opening = beat = DistinctEvents.beat
    beat_seconds = DistinctEvents.beat_seconds
    ending = b""

    def frame(self, given: Message) -> Iterable[bytes]:
        """Return a `next` event, or `complete`."""
        if given.event is None:
            head, shown = b"event: complete\ndata: ", {"id": given.operation_id}
        else:
            head = b"event: next\ndata: "
            shown = {"id": given.operation_id, "payload": given.event.response}
        return chain((head,), Text(shown).pieces(), (b"\n\n",))


def read_event_id(text: str | None) -> LogPlace | None:
    """Return the place that a Last-Event-ID names; None where there is none.

    Raises BAD_REQUEST: who goes on from a place that cannot be read would miss events silently.
    """
    if not text:
        return None
    epoch, _, sequence = text.rpartition(":")
    digits = sequence.isascii() and sequence.isdigit()
    if not epoch or not digits or len(text) > _LONGEST_ID:
        raise bad_request(
            f"Last-Event-ID {text[:60]!r} is no id of an event here; send the last one you got.",
            field="last-event-id",
        )
    return LogPlace(epoch, int(sequence))
