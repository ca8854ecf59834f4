"""A durable log per account as a stream: replay or snapshot, then what happens."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar

from quantgraph.domain.errors import EpochChanged, Unavailable, bad_request
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor, SourceState, StreamKind
from quantgraph.domain.subscriptions import Tally, attach
from quantgraph.services.workers import Workers

HEARTBEAT_S = 5.0
_BATCH = 500


class Numbered(Protocol):
    """An entry of an account's log."""

    @property
    def sequence(self) -> int:
        """Its gapless number."""
        ...


Entry = TypeVar("Entry", bound=Numbered)
Event = TypeVar("Event")
Read_co = TypeVar("Read_co", bound=Numbered, covariant=True)


class Log(Protocol[Read_co]):
    """A log at rest. Every method blocks."""

    @property
    def epoch(self) -> str:
        """The log's identity: a cursor from another epoch means nothing here."""
        ...

    def newest(self, account_id: str) -> int:
        """Return the newest sequence of an account's log; 0 where it is empty."""
        ...

    def events(self, account_id: str, after: int, limit: int) -> Sequence[Read_co]:
        """Return up to `limit` entries of an account after a sequence, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Mark(Generic[Entry]):
    """One item of a log stream before it becomes an event."""

    kind: StreamKind
    epoch: str
    sequence: int | None = None
    entry: Entry | None = None
    source: SourceState | None = None


@dataclass(slots=True)
class _Place:
    """Where a reader is in an account's log; it lags there, and nothing is conflated."""

    account_id: str
    after: int
    delivered: int = 0

    def tally(self) -> Tally:
        """Return how it keeps up, as far as no log has to be read; see `subscriptions.Reader`."""
        return Tally(self.delivered, 0, 0, None, self.account_id)


class LogStream(ABC, Generic[Entry, Event]):
    """Reads a log by cursor: a slow reader lags in the file, not in memory."""

    # Where a reader whose epoch is over finds the present state.
    query: ClassVar[str]

    def __init__(
        self, log: Log[Entry], workers: Workers, source: Callable[[], SourceState]
    ) -> None:
        """Stream `log`; `source` tells whether the terminal still reports."""
        self._log = log
        self._workers = workers
        self._source = source
        self._news: dict[str, asyncio.Event] = {}
        self._pulses = 0
        self._closing = False

    @abstractmethod
    async def snapshot(self, account_id: str) -> tuple[Sequence[Entry], int]:
        """Return the present state as entries, and the newest sequence."""

    @abstractmethod
    def event(self, mark: Mark[Entry]) -> Event:
        """Return what a reader is told."""

    def close(self) -> None:
        """End every stream: the gateway is stopping."""
        self._closing = True
        self.announce_all()

    def announce(self, account_id: str) -> None:
        """Wake every reader of an account: its log has grown."""
        event = self._news.pop(account_id, None)
        if event is not None:
            event.set()

    def announce_all(self) -> None:
        """Wake every reader, whatever its account."""
        for account_id in list(self._news):
            self.announce(account_id)

    def pulse(self) -> None:
        """Send every reader a heartbeat at once: the source's state has changed."""
        self._pulses += 1
        self.announce_all()

    async def events(self, cursor: LogCursor) -> AsyncGenerator[Event, None]:
        """Replay or snapshot, say CAUGHT_UP, then follow the log; a heartbeat every 5 s."""
        epoch, after = await self._checked(cursor), cursor.after
        place = _Place(cursor.account_id, after or 0)
        attach(place, lambda: self._lag(place))
        if after is None:
            present, after = await self.snapshot(cursor.account_id)
            place.after = after
            for entry in present:
                place.delivered += 1
                yield self.event(Mark(StreamKind.SNAPSHOT, epoch, after, entry))
        caught_up, pulses = False, self._pulses
        while True:
            # Taken before the read: what is written in between still wakes this reader.
            news = self._news.setdefault(cursor.account_id, asyncio.Event())
            batch = await self._read(cursor.account_id, epoch, after)
            for entry in batch:
                after = place.after = entry.sequence
                place.delivered += 1
                yield self.event(Mark(StreamKind.UPDATE, epoch, after, entry))
            if not batch and not caught_up:
                caught_up = True
                yield self.event(Mark(StreamKind.CAUGHT_UP, epoch, after))
            elif not batch and (pulses != self._pulses or not await _happens(news)):
                pulses = self._pulses
                yield self.event(Mark(StreamKind.HEARTBEAT, epoch, source=self._source()))

    async def _lag(self, place: _Place) -> int:
        newest = await self._workers.run(self._log.newest, place.account_id)
        return max(newest - place.after, 0)

    async def _read(self, account_id: str, epoch: str, after: int) -> Sequence[Entry]:
        if self._closing:
            text = f"The gateway is stopping; go on later after sequence {after}."
            raise Unavailable(Reason.SHUTTING_DOWN, text, epoch=epoch, sequence=after)
        batch = await self._workers.run(self._log.events, account_id, after, _BATCH)
        # After the read: the log may start over before its turn comes, and has the same numbers.
        present = self._log.epoch
        if present != epoch:
            raise self._epoch_changed(epoch, present)
        return batch

    async def _checked(self, cursor: LogCursor) -> str:
        """Return the present epoch, unless the cursor is not of its log."""
        # Before the epoch: a log that starts over in between is then told as such.
        newest = await self._workers.run(self._log.newest, cursor.account_id)
        present = self._log.epoch
        if cursor.epoch is not None and cursor.epoch != present:
            raise self._epoch_changed(cursor.epoch, present)
        if cursor.after is not None and not 0 <= cursor.after <= newest:
            text = f"There is no sequence {cursor.after}: the log has those from 0 to {newest}."
            raise bad_request(text, field="after_sequence")
        if cursor.after and cursor.epoch is None:
            # Another log has the same numbers: what it says differently would not be noticed.
            text = f"Give the epoch of sequence {cursor.after} as well; every event tells it."
            raise bad_request(text, field="after_sequence")
        return present

    def _epoch_changed(self, found: str, present: str) -> EpochChanged:
        text = (
            f"Epoch {found[:60]!r} is over, the log is now {present!r}. Query `{self.query}` "
            "again, then subscribe without a cursor."
        )
        return EpochChanged(Reason.EPOCH_CHANGED, text, epoch=present)


async def _happens(news: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(HEARTBEAT_S):
            await news.wait()
    except TimeoutError:
        return False
    return True
