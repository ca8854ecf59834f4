"""An account's order log as a stream: replay or the open orders, then what happens."""

from collections.abc import Callable, Sequence

from quantgraph.domain.journal import Journal, JournalEvent
from quantgraph.domain.streams import OrderEvent, SourceState
from quantgraph.services.log_stream import LogStream, Mark
from quantgraph.services.workers import Workers


class OrderLog(LogStream[JournalEvent, OrderEvent]):
    """Reads the journal by cursor."""

    query = "orders"

    def __init__(
        self, journal: Journal, workers: Workers, source: Callable[[], SourceState]
    ) -> None:
        """Stream `journal`; `source` tells whether the terminal still reports."""
        super().__init__(journal, workers, source)
        self._journal = journal

    async def snapshot(self, account_id: str) -> tuple[Sequence[JournalEvent], int]:
        """Return the open orders, and the newest sequence."""
        orders, newest = await self._workers.run(self._journal.open_orders, account_id)
        return [JournalEvent(newest, order, None) for order in orders], newest

    def event(self, mark: Mark[JournalEvent]) -> OrderEvent:
        """Return the event of an order, or one that has none."""
        order, fill = (None, None) if mark.entry is None else (mark.entry.order, mark.entry.fill)
        return OrderEvent(mark.kind, mark.epoch, mark.sequence, order, fill, mark.source)
