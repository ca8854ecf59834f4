"""What the rooms above may ask of accounts and orders, and what a terminal does for them."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol, TypeVar

from quantgraph.domain.accounts import Account, Asset, Connection, Means, Position
from quantgraph.domain.batches import Batch, CancelSweep, OrderOutcome
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.limits import Allowance
from quantgraph.domain.orders import (
    Fill,
    FillPage,
    FillQuery,
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
    OrderTicket,
    Submission,
)
from quantgraph.domain.portfolio import Risk, StrategyPage, StrategyQuery
from quantgraph.domain.previews import OrderPreview
from quantgraph.domain.streams import (
    AccountEvent,
    FillEvent,
    LogCursor,
    OrderEvent,
)
from quantgraph.domain.terminal import ListedOrder, PlacedOrder, TerminalEvent

T = TypeVar("T")


def given(answer: T | GatewayError) -> T:
    """Return one of many answers, or raise why there is none."""
    if isinstance(answer, GatewayError):
        raise answer
    return answer


class Accounts(Protocol):
    """Accounts as the terminal states them; who implements it is asked for many at once."""

    async def accounts(self) -> Sequence[Account]:
        """Return every account of the terminal."""
        ...

    async def asset(self, account_id: str) -> Asset:
        """Return the money of an account. Errors: UNKNOWN_ACCOUNT."""
        return given((await self.assets([account_id]))[0])

    async def positions(self, account_id: str) -> Sequence[Position]:
        """Return the holdings of an account, by symbol. Errors: UNKNOWN_ACCOUNT."""
        return given((await self.holdings([account_id]))[0])

    async def assets(self, account_ids: Sequence[str]) -> Sequence[Asset | GatewayError]:
        """Return the money per account. Errors per account: UNKNOWN_ACCOUNT."""
        ...

    async def holdings(
        self, account_ids: Sequence[str]
    ) -> Sequence[Sequence[Position] | GatewayError]:
        """Return the holdings per account, by symbol. Errors per account: UNKNOWN_ACCOUNT."""
        ...


class Purses(Protocol):
    """What the order rules ask of an account: no valuation, no quote, cheap enough per order."""

    async def means(self, account_id: str, symbol: str) -> Means:
        """Return what an order for the symbol may use.

        Errors: UNKNOWN_ACCOUNT; ACCOUNT_DISCONNECTED where it may use nothing.
        """
        ...


class Connections(Protocol):
    """Which accounts take orders. What is said here lasts, also across a restart.

    A disconnected account is read as before, its open orders live on, are reported and can be
    canceled; a submit is refused (ACCOUNT_DISCONNECTED), except the repeat of a known key.
    """

    async def connect(self, account_id: str) -> Connection:
        """Take orders for an account; nothing changes where they are taken already.

        Errors: UNKNOWN_ACCOUNT; SOURCE_UNAVAILABLE where the terminal does not serve the account.
        """
        ...

    async def disconnect(self, account_id: str) -> Connection:
        """Refuse orders for an account; nothing changes where they are refused already.

        Once this returns no submit that comes later is sent. Errors: UNKNOWN_ACCOUNT.
        """
        ...

    def events(self, cursor: LogCursor) -> AsyncGenerator[AccountEvent, None]:
        """Replay the status log after the cursor, say CAUGHT_UP, then yield what happens.

        Without a cursor: a SNAPSHOT of the account instead of the replay. Errors:
        UNKNOWN_ACCOUNT, EPOCH_CHANGED.
        """
        ...


class Trading(Protocol):
    """Orders, with every promise kept that lies below: guard, journal, terminal."""

    async def submit(self, ticket: OrderTicket) -> Submission:
        """Submit once per (account, client order id); a repeat is answered from the journal.

        The order comes back SENT where the disk does not take what became of it. Errors:
        OrderRefused, IdempotencyConflict, TradingDisabled, LimitReached.
        """
        ...

    async def cancel(self, key: OrderKey) -> Order:
        """Ask for a cancel; the order is then PENDING_CANCEL or CANCELED.

        An UNKNOWN order stays so where the terminal does not say whether it has it. Errors:
        ORDER_NOT_FOUND, ORDER_NOT_CANCELABLE, TradingDisabled, LimitReached; STORE_UNAVAILABLE
        where the terminal was asked, and the disk does not take what came of it yet.
        """
        ...

    async def approve(self, key: OrderKey) -> Order:
        """Send an order that waits for approval, judged anew; another key than its submitter's.

        Errors: ORDER_NOT_FOUND, APPROVER_IS_SUBMITTER, APPROVAL_NOT_POSSIBLE, ORDER_EXPIRED, and
        those of a submit; after one of those it waits on.
        """
        ...

    async def reject(self, key: OrderKey) -> Order:
        """End an order that waits for approval: REJECTED, never sent.

        Errors: ORDER_NOT_FOUND, APPROVAL_NOT_POSSIBLE.
        """
        ...

    async def write_off(self, key: OrderKey, reason: str) -> Order:
        """End an UNKNOWN order that the terminal, asked right then, does not list: EXPIRED.

        It no longer counts; who ended it and why stays with it. A repeat returns it as it is.
        Errors: ORDER_NOT_FOUND, WRITE_OFF_NOT_POSSIBLE, TERMINAL_DISCONNECTED, BAD_REQUEST;
        SOURCE_UNAVAILABLE where the terminal does not answer.
        """
        ...

    async def order(self, key: OrderKey) -> Order | None:
        """Return one order, or None. Errors: UNKNOWN_ACCOUNT."""
        ...

    async def orders(self, query: OrderQuery) -> OrderPage:
        """Return a page of orders, newest first. Errors: UNKNOWN_ACCOUNT, INVALID_CURSOR."""
        ...

    def events(self, cursor: LogCursor) -> AsyncGenerator[OrderEvent, None]:
        """Replay the log after the cursor, say CAUGHT_UP, then yield what happens.

        Without a cursor: a SNAPSHOT per open order instead of the replay. Errors:
        UNKNOWN_ACCOUNT, EPOCH_CHANGED.
        """
        ...


class Batches(Protocol):
    """Several orders at once. Each stands for itself: one refusal stops no other."""

    async def submit_all(self, batch: Batch) -> Sequence[OrderOutcome]:
        """Submit each once, as `Trading.submit` does; return what became of each, in order.

        Errors: BATCH_LIMIT, BAD_REQUEST for an order of another account; then nothing was
        submitted.
        """
        ...

    async def cancel_all(self, sweep: CancelSweep) -> Sequence[OrderOutcome]:
        """Ask for the cancel of every order that is open now, the oldest first.

        Those whose fate is unknown and those that a cancel was asked of before are asked again. It
        waits for room within the account's limit per second, up to 20 seconds; what is
        RATE_LIMITED then needs a repeat. Errors: UNKNOWN_ACCOUNT.
        """
        ...


class Previews(Protocol):
    """What would become of an order that is not sent."""

    async def preview(self, ticket: OrderTicket) -> OrderPreview:
        """Return every refusal that a submit would meet now, and what the order would cost.

        Nothing is journalled, reserved, counted or sent. Errors: BAD_REQUEST, UNKNOWN_ACCOUNT.
        """
        ...


class Allowances(Protocol):
    """What accounts may do."""

    async def allowance(self, account_id: str) -> Allowance:
        """Return an account's limits and what is used of them.

        Errors: UNKNOWN_ACCOUNT; PRICE_UNKNOWN where an open order cannot be valued.
        """
        ...


class Fills(Protocol):
    """Executions, out of the durable log of orders."""

    async def fills(self, query: FillQuery) -> FillPage:
        """Return a page of fills, newest first. Errors: UNKNOWN_ACCOUNT, INVALID_CURSOR."""
        ...

    async def order_fills(
        self, account_id: str, order_ids: Sequence[str]
    ) -> Sequence[Sequence[Fill]]:
        """Return the fills per order, oldest first; none for an order that is not there.

        Errors: UNKNOWN_ACCOUNT; ROW_LIMIT where they are more than 10,000 together.
        """
        ...

    def events(self, cursor: LogCursor) -> AsyncGenerator[FillEvent, None]:
        """Replay the fills of the log after the cursor, say CAUGHT_UP, then yield each new one.

        Without a cursor it begins at the log's end. Errors: UNKNOWN_ACCOUNT, EPOCH_CHANGED,
        BAD_REQUEST for a sequence that the log has not.
        """
        ...


class Portfolio(Protocol):
    """What an account risks and what its strategies earn."""

    async def risk(self, account_id: str) -> Risk:
        """Return the risk of an account now. Errors: UNKNOWN_ACCOUNT."""
        ...

    async def strategies(self, query: StrategyQuery) -> StrategyPage:
        """Return a page of an account's strategies, by name.

        Errors: UNKNOWN_ACCOUNT; ROW_LIMIT where it has traded under more names and symbols than
        can be kept apart (50,000 pairs).
        """
        ...


class Terminal(Protocol):
    """The terminal's own order functions, below the journal. Only the journal calls these."""

    async def place(self, order: Order) -> PlacedOrder:
        """Send an order once, with its tag.

        Errors: OrderRefused only on proof that it was not accepted (NOT_SENT: it was not even
        sent). After any other exception it may be live, or come alive later.
        """
        ...

    async def withdraw(self, order: Order) -> None:
        """Ask for a cancel.

        Errors: ORDER_NOT_CANCELABLE, TERMINAL_DISCONNECTED. After any other exception the
        terminal may have taken it.
        """
        ...

    async def find(self, account_id: str, tag: str) -> Sequence[ListedOrder]:
        """Return the orders that were sent under a tag: none, one, or more where it was misused.

        Asked of the terminal anew, which looks at today at least. Errors: as `orders_today`.
        """
        ...

    async def orders_today(self, account_id: str) -> Sequence[ListedOrder]:
        """Return the terminal's own list of an account's orders: those of today at least.

        What is not there may still come alive: a list proves nothing by its silence. Errors:
        UNKNOWN_ACCOUNT, SOURCE_UNAVAILABLE.
        """
        ...

    def reports(self) -> AsyncGenerator[TerminalEvent, None]:
        """Yield every change of every order and of the link until closed.

        It is connected until it says otherwise. Reports may come twice, out of order, or never.
        """
        ...
