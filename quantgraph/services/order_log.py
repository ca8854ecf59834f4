"""An account's order log as a stream: replay or snapshot, then what happens."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from quantgraph.domain.errors import EpochChanged, Unavailable, bad_request
from quantgraph.domain.journal import Journal, JournalEvent
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor, OrderEvent, SourceState, StreamKind
from quantgraph.services.workers import Workers

HEARTBEAT_S = 5.0
_BATCH = 500


class OrderLog:
    """Reads the journal by cursor: a slow reader lags in the file, not in memory."""

    def __init__(
        self, journal: Journal, workers: Workers, source: Callable[[], SourceState]
    ) -> None:
        """Stream `journal`; `source` tells whether the terminal still reports."""
        self._journal = journal
        self._workers = workers
        self._source = source
        self._news: dict[str, asyncio.Event] = {}
        self._closing = False

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

    async def events(self, cursor: LogCursor) -> AsyncGenerator[OrderEvent, None]:
        """Replay or snapshot, say CAUGHT_UP, then follow the log; a heartbeat every 5 s."""
        epoch, after = await self._checked(cursor), cursor.after
        if after is None:
            open_orders, after = await self._workers.run(
                self._journal.open_orders, cursor.account_id
            )
            for order in open_orders:
                yield OrderEvent(StreamKind.SNAPSHOT, epoch, after, order)
        caught_up = False
        while True:
            # Taken before the read: what is written in between still wakes this reader.
            news = self._news.setdefault(cursor.account_id, asyncio.Event())
            batch = await self._read(cursor.account_id, epoch, after)
            for entry in batch:
                after = entry.sequence
                yield OrderEvent(StreamKind.UPDATE, epoch, after, entry.order, entry.fill)
            if not batch and not caught_up:
                caught_up = True
                yield OrderEvent(StreamKind.CAUGHT_UP, epoch, after)
            elif not batch and not await _happens(news):
                yield OrderEvent(StreamKind.HEARTBEAT, epoch, source=self._source())

    async def _read(self, account_id: str, epoch: str, after: int) -> list[JournalEvent]:
        if self._closing:
            text = f"The gateway is stopping; go on later after sequence {after}."
            raise Unavailable(Reason.SHUTTING_DOWN, text, epoch=epoch, sequence=after)
        present = self._journal.epoch
        if present != epoch:
            raise _epoch_changed(epoch, present)
        return await self._workers.run(self._journal.events, account_id, after, _BATCH)

    async def _checked(self, cursor: LogCursor) -> str:
        """Return the present epoch, unless the cursor is not of its log."""
        # Before the epoch: a log that starts over in between is then told as such.
        newest = await self._workers.run(self._journal.newest, cursor.account_id)
        present = self._journal.epoch
        if cursor.epoch is not None and cursor.epoch != present:
            raise _epoch_changed(cursor.epoch, present)
        if cursor.after is not None and not 0 <= cursor.after <= newest:
            text = f"There is no sequence {cursor.after}: the log has those from 0 to {newest}."
            raise bad_request(text, field="after_sequence")
        if cursor.after and cursor.epoch is None:
            # Another log has the same numbers: what it says differently would not be noticed.
            text = f"Give the epoch of sequence {cursor.after} as well; every event tells it."
            raise bad_request(text, field="after_sequence")
        return present


def _epoch_changed(found: str, present: str) -> EpochChanged:
    text = (
        f"Epoch {found[:60]!r} is over, the log is now {present!r}. Query `orders` again, then "
        "subscribe without a cursor."
    )
    return EpochChanged(Reason.EPOCH_CHANGED, text, epoch=present)


async def _happens(news: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(HEARTBEAT_S):
            await news.wait()
    except TimeoutError:
        return False
    return True
