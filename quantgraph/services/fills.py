"""Executions out of the journal, which remembers them across a restart."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from quantgraph.domain.errors import unknown_account
from quantgraph.domain.journal import Journal
from quantgraph.domain.orders import MOST_ORDER_FILLS, Fill, FillPage, FillQuery, too_many_fills
from quantgraph.domain.ports.trading import Accounts
from quantgraph.domain.streams import FillEvent, LogCursor, OrderEvent, StreamKind
from quantgraph.services.workers import Workers

_MARKS = frozenset({StreamKind.CAUGHT_UP, StreamKind.HEARTBEAT})


class JournalledFills:
    """Implements `Fills` over the journal."""

    def __init__(
        self,
        journal: Journal,
        accounts: Accounts,
        workers: Workers,
        log: Callable[[LogCursor], AsyncGenerator[OrderEvent, None]],
    ) -> None:
        """Read `journal` in `workers`, and live `log`; `accounts` says which accounts there are."""
        self._journal = journal
        self._accounts = accounts
        self._workers = workers
        self._log = log

    async def fills(self, query: FillQuery) -> FillPage:
        """Return a page of fills, newest first; see `ports.Fills`."""
        await self._require_account(query.account_id)
        return await self._workers.run(self._journal.fills, query)

    async def order_fills(
        self, account_id: str, order_ids: Sequence[str]
    ) -> Sequence[Sequence[Fill]]:
        """Return the fills per order, oldest first; see `ports.Fills`."""
        await self._require_account(account_id)
        # One more than is given tells whether there are more.
        found = await self._workers.run(
            self._journal.order_fills, account_id, tuple(order_ids), MOST_ORDER_FILLS + 1
        )
        if len(found) > MOST_ORDER_FILLS:
            raise too_many_fills(len(order_ids))
        of_order: dict[str, list[Fill]] = {each: [] for each in order_ids}
        for fill in found:
            of_order[fill.order_id].append(fill)
        return [of_order[each] for each in order_ids]

    async def events(self, cursor: LogCursor) -> AsyncGenerator[FillEvent, None]:
        """Yield what the order log says of fills; see `ports.Fills`."""
        async with aclosing(fills_of(self._log(cursor))) as events:
            async for event in events:
                yield event

    async def _require_account(self, account_id: str) -> None:
        if all(each.id != account_id for each in await self._accounts.accounts()):
            raise unknown_account(account_id)


async def fills_of(log: AsyncGenerator[OrderEvent, None]) -> AsyncGenerator[FillEvent, None]:
    """Yield what an order log says of fills, and close it."""
    async with aclosing(log) as events:
        async for event in events:
            told = event.fill is not None or event.kind in _MARKS
            if told and event.kind is not StreamKind.SNAPSHOT:
                yield FillEvent(event.kind, event.epoch, event.sequence, event.fill, event.source)
