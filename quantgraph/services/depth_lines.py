"""One watch's newest state on its way to all who follow it."""

import asyncio
from typing import Generic, TypeVar

from quantgraph.domain.depth import DepthEvent, DepthWatch
from quantgraph.domain.streams import SourceState, StreamKind
from quantgraph.domain.subscriptions import Tally

T = TypeVar("T")


class Line(Generic[T]):
    """The newest state that was told, and its number."""

    def __init__(self, epoch: str, sequence: int) -> None:
        """Go on after the last number that was given in the epoch."""
        self.epoch = epoch
        self.sequence = sequence
        self.newest: T | None = None
        self.readers = 0
        self.lost = False
        self.task: asyncio.Task[None] | None = None
        self.ending: asyncio.TimerHandle | None = None
        self._failure: Exception | None = None
        self._ready = asyncio.Event()
        self._news = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether the terminal takes the watch: a reader may have its snapshot."""
        return self._ready.is_set()

    async def opened(self) -> None:
        """Wait until there is a snapshot. Raises what the line failed with."""
        await self._ready.wait()
        self.check()

    def publish(self, item: T | None) -> None:
        """Have everybody know the newest state; None says that there is none yet."""
        self.lost = False
        if item is not None:
            self.sequence += 1
            self.newest = item
        self._ready.set()
        self._wake()

    def lose(self) -> None:
        """Have everybody know at once that the feed is away."""
        self.lost = True
        self._wake()

    def fail(self, error: Exception) -> None:
        """End every stream with an error."""
        self._failure = error
        self._ready.set()
        self._wake()

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

    def _wake(self) -> None:
        # Who waits holds the one that is set: nobody has to clear it.
        self._news.set()
        self._news = asyncio.Event()


class Reader(Generic[T]):
    """Where one subscriber is on a line."""

    def __init__(self, line: Line[T], watch: DepthWatch) -> None:
        """Begin at the newest state."""
        self._line, self._watch = line, watch
        self._delivered: int | None = None
        self._lost = line.lost
        self._told_count = 0
        self._skipped_count = 0

    def tally(self) -> Tally:
        """Return how it keeps up; see `subscriptions.Reader`."""
        waiting = int(self._line.newest is not None and self._behind())
        return Tally(self._told_count, self._skipped_count, waiting, 1)

    def late(self) -> bool:
        """Return whether there is news. Raises what ends the stream."""
        self._line.check()
        return self._line.newest is not None and self._behind()

    def turned(self) -> bool:
        """Return whether the feed was lost or came back since this was last asked."""
        before, self._lost = self._lost, self._line.lost
        return before != self._lost

    def event(self, kind: StreamKind) -> DepthEvent[T]:
        """Return the newest state, chained to the one before; of none yet a bare event."""
        line, symbol = self._line, self._watch.symbol
        if line.newest is None:
            return DepthEvent(kind, line.epoch, symbol)
        before, self._delivered = self._delivered, line.sequence
        skipped = 0 if before is None else line.sequence - before - 1
        self._told_count += 1
        self._skipped_count += skipped
        return DepthEvent(kind, line.epoch, symbol, line.newest, line.sequence, before, skipped)

    def beat(self, state: SourceState) -> DepthEvent[T]:
        """Return a heartbeat."""
        kind = StreamKind.HEARTBEAT
        return DepthEvent(kind, self._line.epoch, self._watch.symbol, source=state)

    def _behind(self) -> bool:
        return self._delivered is None or self._delivered < self._line.sequence
