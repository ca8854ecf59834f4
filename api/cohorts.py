"""Cohorts: subscribers in step, what they are told by, and how it is framed for each."""

import asyncio
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Protocol

import orjson

from api.quote_texts import QuoteTexts
from api.sockets import Line, text_head
from quantgraph.domain.ports.market import QuoteTap
from quantgraph.domain.subscriptions import Tally

# Framings that are kept, so that one id is one object: nearly all clients use the same few ids.
_FRAMINGS = 1_024


class Framing(Protocol):
    """How responses stand on a connection; who shares the object shares the frames."""

    def frames(self, texts: Sequence[bytes], made: dict[Hashable, list[bytes]]) -> bytes:
        """Return whole frames; `made` is what other framings of these texts left to share."""
        ...


class Messages:
    """Frames of graphql-transport-ws: an operation's id stands before each payload."""

    def __init__(self, operation_id: str) -> None:
        """Frame for the operation of this id."""
        self._head = b'{"id":' + orjson.dumps(operation_id) + b',"type":"next","payload":'

    def frames(self, texts: Sequence[bytes], made: dict[Hashable, list[bytes]]) -> bytes:
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


@dataclass(eq=False, slots=True)
class Member:
    """One operation on one connection.

    `opening` stands before the last brace of its first payload.
    """

    line: Line
    framing: Framing
    ended: asyncio.Future[None]
    opening: bytes = b""
    cohort: "Cohort | None" = None
    # What it was told in cohorts before, less what the present one had told before it came.
    told: int = 0
    skipped: int = 0

    def tally(self) -> Tally:
        """Return how it keeps up; see `subscriptions.Reader`."""
        if self.cohort is None:
            return Tally(self.told, self.skipped, 0)
        tally = self.cohort.tap.tally()
        delivered, conflated = tally.delivered + self.told, tally.conflated + self.skipped
        return replace(tally, delivered=delivered, conflated=conflated)

    def move(self, cohort: "Cohort") -> None:
        """Go over to a cohort that it is in step with."""
        before, after = self.tally(), cohort.tap.tally()
        self.told, self.skipped = (
            before.delivered - after.delivered,
            before.conflated - after.conflated,
        )
        self.cohort = cohort

    def first(self, texts: Sequence[bytes]) -> bytes:
        """Return the frames of what it is told first."""
        opening, self.opening = self.opening, b""
        return self.framing.frames([texts[0][:-1] + opening + b"}", *texts[1:]], {})


def member(line: Line, framing: Framing, opening: bytes = b"") -> Member:
    """Return a member that takes part in nothing yet."""
    return Member(line, framing, asyncio.get_running_loop().create_future(), opening)


@dataclass(eq=False, slots=True)
class Cohort:
    """Members in step, and the one reader that reads for all of them."""

    key: Hashable
    texts: QuoteTexts
    members: dict[Member, None] = field(default_factory=dict[Member, None])
    tap: QuoteTap = field(init=False)
    # When it is looked at next, in seconds of `time.monotonic`; 0 in the next turn.
    planned: float = float("inf")
    stalled: bool = False
