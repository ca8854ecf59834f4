"""What the journal tells of orders to whoever asks."""

from quantgraph.domain.errors import bad_request, unknown_account, unknown_order
from quantgraph.domain.journal import Journal
from quantgraph.domain.orders import (
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
    OrderState,
    OrderTicket,
    Submission,
)
from quantgraph.domain.ports.trading import Accounts
from quantgraph.services.answers import replay
from quantgraph.services.workers import Workers


class OrderReader:
    """Reads the journal in `workers`; `accounts` says which accounts there are."""

    def __init__(self, journal: Journal, accounts: Accounts, workers: Workers) -> None:
        """Read `journal`."""
        self._journal = journal
        self._accounts = accounts
        self._workers = workers

    async def recall(self, ticket: OrderTicket) -> Submission | None:
        """Return the earlier order of the ticket's key, or None. Errors: IDEMPOTENCY_CONFLICT."""
        account_id, key = ticket.account_id, ticket.client_order_id
        known = await self._workers.run(self._journal.recall, account_id, key)
        return None if known is None else replay(ticket, *known)

    async def order(self, key: OrderKey) -> Order | None:
        """Return one order, or None. Errors: BAD_REQUEST, UNKNOWN_ACCOUNT."""
        if (key.id is None) == (key.client_order_id is None):
            raise bad_request("Give exactly one of the order's id and its client order id.")
        await self.require(key.account_id)
        return await self._workers.run(self._journal.find, key)

    async def known(self, key: OrderKey) -> Order:
        """Return one order. Errors: those of `order`, ORDER_NOT_FOUND."""
        order = await self.order(key)
        if order is None:
            raise unknown_order(key.account_id, key.client_order_id if key.id is None else key.id)
        return order

    async def page(self, query: OrderQuery) -> OrderPage:
        """Return a page of orders, newest first. Errors: UNKNOWN_ACCOUNT."""
        await self.require(query.account_id)
        return await self._workers.run(self._journal.page, query)

    async def waiting(self) -> list[Order]:
        """Return the orders that are recorded as waiting for approval."""
        found: list[Order] = []
        for account in await self._accounts.accounts():
            orders, _ = await self._workers.run(self._journal.open_orders, account.id)
            found += (each for each in orders if each.state is OrderState.PENDING_APPROVAL)
        return found

    async def require(self, account_id: str) -> None:
        """Refuse an account that there is not. Errors: UNKNOWN_ACCOUNT."""
        known = await self._accounts.accounts()
        if all(account.id != account_id for account in known):
            raise unknown_account(account_id)
