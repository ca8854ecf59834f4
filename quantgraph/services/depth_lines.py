"""One watch's newest state on its way to all who follow it."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from quantgraph.domain.depth import DepthEvent, DepthWatch
from quantgraph.domain.streams import SourceState, StreamKind
from quantgraph.domain.subscriptions import Tally
from quantgraph.services import lines

T = TypeVar("T")


class Line(lines.Line, Generic[T]):
    """The newest state that was told, and its number."""

    def __init__(self, epoch: str, sequence: int) -> None:
        """Go on after the last number that was given in the epoch."""
        super().__init__(epoch, sequence)
        self.newest: T | None = None

    def publish(self, item: T | None) -> None:
        """Have everybody know the newest state; None says that there is none yet."""
        self.lost = False
        if item is not None:
            self.sequence += 1
            self.newest = item
        self.open()
        self.wake()


class Reader(lines.Place[Line[T]], Generic[T]):
    """Where one subscriber is on a line."""

    def __init__(self, line: Line[T], watch: DepthWatch) -> None:
        """Begin at the newest state."""
        super().__init__(line)
        self._symbol = watch.symbol

    def tally(self) -> Tally:
        """Return how it keeps up; see `subscriptions.Reader`."""
        return Tally(self._told_count, self._skipped_count, int(self._late()), 1)

    def snapshot(self) -> DepthEvent[T]:
        """Return the newest state; of none yet a bare event."""
        return self._event(StreamKind.SNAPSHOT)

    def news(self) -> Iterator[DepthEvent[T]]:
        """Yield the newest state where it is news. Raises what ends the stream."""
        self._line.check()
        if self._late():
            yield self._event(StreamKind.UPDATE)

    def beat(self, state: SourceState) -> DepthEvent[T]:
        """Return a heartbeat."""
        return DepthEvent(StreamKind.HEARTBEAT, self._line.epoch, self._symbol, source=state)

    def _event(self, kind: StreamKind) -> DepthEvent[T]:
        line = self._line
        if line.newest is None:
            return DepthEvent(kind, line.epoch, self._symbol)
        chain = self._go_to(line.sequence)
        return DepthEvent(kind, line.epoch, self._symbol, line.newest, line.sequence, *chain)

    def _late(self) -> bool:
        if self._line.newest is None:
            return False
        return self._delivered is None or self._delivered < self._line.sequence
