"""What is told of one thing on its way to all who follow it, and where each of them is."""

import asyncio
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from quantgraph.domain.streams import SourceState
from quantgraph.domain.subscriptions import Tally


class Line:
    """Numbers what is told, and wakes who waits; what it keeps of that its kind decides."""

    def __init__(self, epoch: str, sequence: int) -> None:
        """Go on after the last number that was given in the epoch."""
        self.epoch: str = epoch
        self.sequence: int = sequence
        self.readers = 0
        self.lost = False
        self.task: asyncio.Task[None] | None = None
        self.ending: asyncio.TimerHandle | None = None
        self._failure: Exception | None = None
        self._ready = asyncio.Event()
        self._news = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether it is known what there is: a reader may have its snapshot."""
        return self._ready.is_set()

    def open(self) -> None:
        """Let those in who wait for their snapshot."""
        self._ready.set()

    async def opened(self) -> None:
        """Wait until there is a snapshot. Raises what the line failed with."""
        await self._ready.wait()
        self.check()

    def lose(self) -> None:
        """Have everybody know at once that the feed is away."""
        self.lost = True
        self.wake()

    def fail(self, error: Exception) -> None:
        """End every stream with an error, once what waits has been taken."""
        self._failure = error
        self._ready.set()
        self.wake()

    def check(self) -> None:
        """Raise what `fail` was given, if it was."""
        if self._failure is not None:
            raise self._failure

    async def rest(self, seconds: float) -> None:
        """Return at the next news, or when so many seconds have passed."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    def wake(self) -> None:
        """Have everybody look what is new."""
        # Who waits holds the one that is set: nobody has to clear it.
        self._news.set()
        self._news = asyncio.Event()


L = TypeVar("L", bound=Line)
E_co = TypeVar("E_co", covariant=True)


class Following(Protocol[E_co]):
    """One subscriber on a line, of whatever kind."""

    def tally(self) -> Tally:
        """Return how it keeps up; see `subscriptions.Reader`."""
        ...

    def snapshot(self) -> E_co:
        """Return how things stand; without anything where nothing was told yet."""
        ...

    def news(self) -> Iterator[E_co]:
        """Yield what has come since. Raises what ends the stream, once nothing waits."""
        ...

    def turned(self) -> bool:
        """Return whether the feed was lost or came back since this was last asked."""
        ...

    def beat(self, state: SourceState) -> E_co:
        """Return a heartbeat."""
        ...


class Place(Generic[L]):
    """Where one subscriber is on a line, and how it keeps up."""

    def __init__(self, line: L) -> None:
        """Begin at the newest."""
        self._line = line
        self._delivered: int | None = None
        self._lost = line.lost
        self._told_count = 0
        self._skipped_count = 0

    def turned(self) -> bool:
        """Return whether the feed was lost or came back since this was last asked."""
        before, self._lost = self._lost, self._line.lost
        return before != self._lost

    def _go_to(self, sequence: int) -> tuple[int | None, int]:
        """Go on to a number; return the one before, and how many were skipped between."""
        before, self._delivered = self._delivered, sequence
        skipped = 0 if before is None else sequence - before - 1
        self._told_count += 1
        self._skipped_count += skipped
        return before, skipped
