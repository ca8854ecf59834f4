"""How live responses are framed: made once for all, but for an operation's id on a socket."""

from collections.abc import Sequence
from functools import lru_cache

import orjson

from api.sockets import text_head
from quantgraph.domain.members import Made

# Framings that are kept, so that one id is one object: nearly all clients use the same few ids.
_FRAMINGS = 1_024


class Messages:
    """Frames of graphql-transport-ws: an operation's id stands before each payload."""

    def __init__(self, operation_id: str) -> None:
        """Frame for the operation of this id."""
        self._head = b'{"id":' + orjson.dumps(operation_id) + b',"type":"next","payload":'

    def frames(self, texts: Sequence[bytes], made: Made) -> bytes:
        """Return a text frame for each response."""
        size = len(self._head)
        pieces = made.get(size)
        if pieces is None:
            pieces = made[size] = _pieces(texts, size)
        return self._head.join(pieces)


@lru_cache(maxsize=_FRAMINGS)
def messages(operation_id: str) -> Messages:
    """Return the framing of an operation's id."""
    return Messages(operation_id)


def _pieces(texts: Sequence[bytes], head_size: int) -> list[bytes]:
    """Return what stands between the heads of a socket's messages: a head joins them to frames."""
    pieces, end = list[bytes](), b""
    for text in texts:
        pieces.append(end + text_head(head_size + len(text) + 1))
        end = text + b"}"
    return [*pieces, end]


class Wrapped:
    """Frames of streams over HTTP: each response between the same bytes."""

    def __init__(self, head: bytes, tail: bytes) -> None:
        """Write `head` before each response and `tail` behind it."""
        self._head, self._tail = head, tail

    def frames(self, texts: Sequence[bytes], made: Made) -> bytes:
        """Return them, one after the other."""
        between = self._tail + self._head
        return self._head + between.join(texts) + self._tail
