"""One symbol's bars of one period on their way to all who follow them."""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from quantgraph.domain.errors import LimitReached
from quantgraph.domain.live_bars import Bar, BarEvent, BarWatch
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import StreamKind
from quantgraph.domain.subscriptions import Tally

# Finals that are kept for a slow reader: 41 days of minutes, about 2 MB.
MOST_FINALS = 10_000


@dataclass(frozen=True, slots=True)
class Told:
    """A bar with its number."""

    sequence: int
    bar: Bar
    final: bool
    source: Source


class Line:
    """What one symbol and period has told: every final bar, and how the one under way stands."""

    def __init__(self, epoch: str, sequence: int) -> None:
        """Go on after the last number that was given in the epoch."""
        self.epoch = epoch
        self.sequence = sequence
        self.readers = 0
        self.lost = False
        self.failure: Exception | None = None
        self.task: asyncio.Task[None] | None = None
        self.ending: asyncio.TimerHandle | None = None
        self._finals: deque[Told] = deque(maxlen=MOST_FINALS)
        self._forming: Told | None = None
        self._let_go = 0
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
        self._wake()

    def lose(self) -> None:
        """Have everybody know at once that the feed is away."""
        self.lost = True
        self._wake()

    def fail(self, error: Exception) -> None:
        """End every stream with an error, once what waits has been taken."""
        self.failure = error
        self._ready.set()
        self._wake()

    def check(self) -> None:
        """Raise what `fail` was given, if it was."""
        if self.failure is not None:
            raise self.failure

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


class Reader:
    """Where one subscriber is on a line."""

    def __init__(self, line: Line, watch: BarWatch) -> None:
        """Begin at the newest bar."""
        self._line = line
        self._watch = watch
        self._delivered: int | None = None
        self._lost = line.lost
        self._told_count = 0
        self._skipped_count = 0

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

    def updates(self) -> list[Told]:
        """Return what has come since. Raises what ends the stream."""
        waiting = self._line.after(self._delivered or 0)
        if not waiting:
            self._line.check()
        return waiting

    def update(self, told: Told) -> BarEvent:
        """Return the event of a bar, chained to the one before."""
        return self._told(StreamKind.UPDATE, told)

    def turned(self) -> bool:
        """Return whether the feed was lost or came back since this was last asked."""
        before, self._lost = self._lost, self._line.lost
        return before != self._lost

    def _told(self, kind: StreamKind, told: Told) -> BarEvent:
        before, self._delivered = self._delivered, told.sequence
        skipped = 0 if before is None else told.sequence - before - 1
        self._told_count += 1
        self._skipped_count += skipped
        return self._event(kind, told, (before, skipped))

    def _event(
        self, kind: StreamKind, told: Told | None = None, chain: tuple[int | None, int] = (None, 0)
    ) -> BarEvent:
        watch, epoch = self._watch, self._line.epoch
        if told is None:
            return BarEvent(kind, epoch, watch.symbol, watch.period)
        bar = (told.bar, told.final, told.source, told.sequence, *chain)
        return BarEvent(kind, epoch, watch.symbol, watch.period, *bar)
