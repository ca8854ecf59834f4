"""One symbol's bars of one period on their way to all who follow them."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from quantgraph.domain.errors import LimitReached
from quantgraph.domain.live_bars import Bar, BarEvent, BarWatch
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState, StreamKind
from quantgraph.domain.subscriptions import Tally
from quantgraph.services import lines

# Finals that are kept for a slow reader: 41 days of minutes, about 2 MB.
MOST_FINALS = 10_000


@dataclass(frozen=True, slots=True)
class Told:
    """A bar with its number."""

    sequence: int
    bar: Bar
    final: bool
    source: Source


class Line(lines.Line):
    """What one symbol and period has told: every final bar, and how the one under way stands."""

    def __init__(self, epoch: str, sequence: int) -> None:
        """Go on after the last number that was given in the epoch."""
        super().__init__(epoch, sequence)
        self._finals: deque[Told] = deque(maxlen=MOST_FINALS)
        self._forming: Told | None = None
        self._let_go = 0

    def publish(self, bar: Bar, source: Source, *, final: bool) -> None:
        """Tell everybody a bar; one that is under way takes the place of the last."""
        self.sequence += 1
        told = Told(self.sequence, bar, final, source)
        if not final:
            self._forming = told
        else:
            if len(self._finals) == MOST_FINALS:
                self._let_go = self._finals[0].sequence
            self._finals.append(told)
            self._forming = None
        self.wake()

    def newest(self) -> Told | None:
        """Return the bar under way, or the last final one."""
        if self._forming is not None:
            return self._forming
        return self._finals[-1] if self._finals else None

    def after(self, sequence: int) -> list[Told]:
        """Return the finals after a number, or else the bar under way if it is newer.

        Raises SLOW_CONSUMER where some of the finals are kept no longer.
        """
        if sequence < self._let_go:
            text = (
                f"More than {MOST_FINALS} bars waited for this reader. Query `bars` for those "
                "before, and subscribe again."
            )
            raise LimitReached(Reason.SLOW_CONSUMER, text)
        found = list(self._behind(sequence))[::-1]
        if not found and self._forming is not None and self._forming.sequence > sequence:
            return [self._forming]
        return found

    def waiting(self, sequence: int) -> int:
        """Return how many bars there are for a reader who is at a number."""
        late = self._forming is not None and self._forming.sequence > sequence
        return late + sum(1 for _ in self._behind(sequence))

    def _behind(self, sequence: int) -> Iterator[Told]:
        return takewhile(lambda told: told.sequence > sequence, reversed(self._finals))


class Reader(lines.Place[Line]):
    """Where one subscriber is on a line."""

    def __init__(self, line: Line, watch: BarWatch) -> None:
        """Begin at the newest bar."""
        super().__init__(line)
        self._watch = watch

    def tally(self) -> Tally:
        """Return how it keeps up; see `subscriptions.Reader`."""
        waiting = self._line.waiting(self._delivered or 0)
        return Tally(self._told_count, self._skipped_count, waiting, 1)

    def snapshot(self) -> BarEvent:
        """Return the present bar; without one where the source has none."""
        told = self._line.newest()
        if told is None:
            return self._event(StreamKind.SNAPSHOT)
        return self._told(StreamKind.SNAPSHOT, told)

    def news(self) -> Iterator[BarEvent]:
        """Yield what has come since. Raises what ends the stream, once nothing waits."""
        waiting = self._line.after(self._delivered or 0)
        if not waiting:
            self._line.check()
        for told in waiting:
            yield self._told(StreamKind.UPDATE, told)

    def beat(self, state: SourceState) -> BarEvent:
        """Return a heartbeat."""
        watch, kind = self._watch, StreamKind.HEARTBEAT
        return BarEvent(kind, self._line.epoch, watch.symbol, watch.period, source=state)

    def _told(self, kind: StreamKind, told: Told) -> BarEvent:
        return self._event(kind, told, self._go_to(told.sequence))

    def _event(
        self, kind: StreamKind, told: Told | None = None, chain: tuple[int | None, int] = (None, 0)
    ) -> BarEvent:
        watch, epoch = self._watch, self._line.epoch
        if told is None:
            return BarEvent(kind, epoch, watch.symbol, watch.period)
        bar = (told.bar, told.final, told.source, told.sequence, *chain)
        return BarEvent(kind, epoch, watch.symbol, watch.period, *bar)
