"""Who is told live quotes with others: what he wishes, and how it is written and framed for him."""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from quantgraph.domain.streams import QuoteEvent, QuoteWatch
from quantgraph.domain.subscriptions import Tally

Made = dict[Hashable, list[bytes]]


class Line(Protocol):
    """What a broadcast needs of a connection."""

    @property
    def paused(self) -> bool:
        """Whether more waits for the reader than his connection holds."""
        ...

    def write(self, frames: bytes) -> None:
        """Send whole frames; never waits. Nothing happens where the connection is closing."""
        ...

    def on_resume(self, call: Callable[[], None]) -> None:
        """Have `call` called once when the reader has taken nearly all."""
        ...


class Texts(Protocol):
    """How the events of one operation are written; nothing in it knows a reader."""

    def text(self, event: QuoteEvent) -> bytes:
        """Return an event's text: the same object for whoever is told the same."""
        ...


class Framing(Protocol):
    """How texts stand on a connection; who shares the object shares the frames."""

    def frames(self, texts: Sequence[bytes], made: Made) -> bytes:
        """Return whole frames; `made` is what other framings of these texts left to share."""
        ...


class Group(Protocol):
    """Members who are told the same."""

    def tally(self) -> Tally:
        """Return how they keep up."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody is to be told. Whoever differs in any of it shares nothing.

    `rights` is whatever of a caller an answer may depend on.
    """

    texts: Texts
    watch: QuoteWatch
    rights: Hashable


@dataclass(eq=False, slots=True)
class Member:
    """One operation on one connection.

    `opening` stands before the last character of its first text.
    """

    line: Line
    framing: Framing
    ended: asyncio.Future[None]
    opening: bytes = b""
    group: Group | None = None
    # What it was told in groups before, less what the present one had told before it came.
    told: int = 0
    skipped: int = 0

    def tally(self) -> Tally:
        """Return how it keeps up; see `subscriptions.Reader`."""
        if self.group is None:
            return Tally(self.told, self.skipped, 0)
        tally = self.group.tally()
        delivered, conflated = tally.delivered + self.told, tally.conflated + self.skipped
        return replace(tally, delivered=delivered, conflated=conflated)

    def move(self, group: Group) -> None:
        """Go over to a group that it is in step with."""
        before, after = self.tally(), group.tally()
        self.told, self.skipped = (
            before.delivered - after.delivered,
            before.conflated - after.conflated,
        )
        self.group = group

    def first(self, texts: Sequence[bytes]) -> bytes:
        """Return the frames of what it is told first."""
        opening, self.opening = self.opening, b""
        begun = texts[0][:-1] + opening + texts[0][-1:]
        return self.framing.frames([begun, *texts[1:]], {})


def member(line: Line, framing: Framing, opening: bytes = b"") -> Member:
    """Return a member that takes part in nothing yet."""
    return Member(line, framing, asyncio.get_running_loop().create_future(), opening)


class QuoteBroadcast(Protocol):
    """Tells members in step together: each event is read, written and framed once for all."""

    def joined(self, wish: Wish, one: Member) -> AbstractAsyncContextManager[None]:
        """Tell a member until the context is left; where the stream fails, `ended` says why.

        Errors: as `QuoteStream.tap`; SUBSCRIPTION_LIMIT.
        """
        ...

    def leave(self, one: Member) -> None:
        """Tell a member nothing from here on. Leaving again does nothing."""
        ...
