"""One account's far log here: its newest events, and where each of its readers is."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Generic, TypeVar

from quantgraph.domain.streams import (
    AccountEvent,
    FillEvent,
    LogCursor,
    OrderEvent,
    SourceState,
    StreamKind,
)
from quantgraph.domain.subscriptions import Tally
from quantgraph.services.lines import Line

# Newest events that are kept of a log: who is further behind reads by itself until it is not.
RING = 1_000
# Events that one reader takes before it looks anew where the ring begins.
_BATCH = 100
_AWAY = SourceState(connected=False, last_event_time=None, lag_ms=None)

E = TypeVar("E", OrderEvent, FillEvent, AccountEvent)


class Gap(Exception):
    """What was told does not go on where the log stood: it is read anew from there."""


@dataclass(slots=True)
class LogReader:
    """Where one reader is; `after` None before it is behind anything."""

    account_id: str
    epoch: str | None
    after: int | None
    caught_up: bool = False
    delivered: int = 0
    newest: Callable[[], int] = int

    def took(self, event: Any) -> None:  # noqa: ANN401 one of three kinds
        """Be behind an event. Behind a snapshot nobody is: its rest may not be told yet."""
        self.delivered += 1
        if event.kind in {StreamKind.UPDATE, StreamKind.CAUGHT_UP}:
            self.epoch, self.after = event.epoch, event.sequence
            self.caught_up = self.caught_up or event.kind is StreamKind.CAUGHT_UP

    def cursor(self) -> LogCursor:
        """Return its place as a cursor."""
        return LogCursor(self.account_id, self.epoch, self.after)

    def tally(self) -> Tally:
        """Return how it keeps up; see `subscriptions.Reader`."""
        waiting = max(self.newest() - (self.after or 0), 0)
        return Tally(self.delivered, 0, waiting, None, self.account_id)


class LogLine(Line, Generic[E]):
    """The newest events of one account's log, and the last sign of its source."""

    def __init__(self, account_id: str, mark: E) -> None:
        """Go on behind `mark`, the CAUGHT_UP of somebody who read so far."""
        super().__init__(mark.epoch, mark.sequence or 0)
        self.account_id = account_id
        self.mark = mark
        self.beat: E | None = None
        self.beats = 0
        # Whether all that there is was told since the source was last asked.
        self.whole = False
        self._ring: deque[E] = deque(maxlen=RING)

    @property
    def low(self) -> int:
        """The number behind which the ring has everything."""
        return self.sequence - len(self._ring)

    def holds(self, reader: LogReader) -> bool:
        """Return whether a reader can go on from here, and is told no sooner that it has all."""
        if reader.epoch != self.epoch or reader.after is None or reader.after < self.low:
            return False
        return reader.caught_up or (self._live() and reader.after <= self.sequence)

    def behind(self, after: int) -> list[E]:
        """Return the next events of a reader that the ring has."""
        start = max(after - self.low, 0)
        return list(islice(self._ring, start, start + _BATCH))

    def take(self, event: E) -> None:
        """Keep what is new. Raises Gap where something is missing before it."""
        if event.kind is StreamKind.HEARTBEAT:
            self._tell(event)
        elif event.epoch != self.epoch:
            raise Gap
        elif event.kind is StreamKind.CAUGHT_UP:
            self._require(event, self.sequence)
            self.whole = True
        elif event.kind is StreamKind.UPDATE and (event.sequence or 0) > self.sequence:
            self._require(event, self.sequence + 1)
            self._ring.append(event)
            self.sequence += 1
            self.wake()

    def caught_up(self) -> E:
        """Return what tells a reader that it has all."""
        return replace(self.mark, sequence=self.sequence)

    def away(self) -> None:
        """Have every reader told that nobody can be asked."""
        self._tell(self.gone())

    def gone(self) -> E:
        """Return what tells that nobody can be asked."""
        return replace(self.mark, kind=StreamKind.HEARTBEAT, sequence=None, source=_AWAY)

    def _live(self) -> bool:
        source = None if self.beat is None else self.beat.source
        return self.whole and (source is None or source.connected)

    def _tell(self, beat: E) -> None:
        self.beat, self.beats = beat, self.beats + 1
        self.wake()

    def _require(self, event: E, sequence: int) -> None:
        if event.sequence != sequence:
            raise Gap
