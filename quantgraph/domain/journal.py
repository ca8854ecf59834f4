"""What the order journal holds, and how a service asks it."""

from dataclasses import dataclass
from typing import Protocol

from quantgraph.domain.orders import Fill, Order, OrderKey, OrderPage, OrderQuery


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """One entry of an account's log: the order after it, and the fill if it is one."""

    sequence: int
    order: Order
    fill: Fill | None


class Journal(Protocol):
    """Every change of every order, durable when a call returns. Every method blocks.

    Call it through `Workers`. Errors: Unavailable STORE_UNAVAILABLE where it cannot be written.
    """

    @property
    def epoch(self) -> str:
        """The log's identity: a cursor from another epoch means nothing here."""
        ...

    def accept(self, order: Order, digest: str) -> tuple[Order, str, bool]:
        """Record a new order durably, or find the one that has its key already.

        Returns the recorded order, the digest it was recorded with, and whether it is new.
        """
        ...

    def recall(self, account_id: str, client_order_id: str) -> tuple[Order, str] | None:
        """Return the order recorded under a client order id and its digest, or None."""
        ...

    def change(self, order: Order, fill: Fill | None) -> bool:
        """Record what became of an order; False where the fill was recorded before."""
        ...

    def find(self, key: OrderKey) -> Order | None:
        """Return one order of an account by either id."""
        ...

    def page(self, query: OrderQuery) -> OrderPage:
        """Return a page of an account's orders, newest first. Errors: INVALID_CURSOR."""
        ...

    def events(self, account_id: str, after: int, limit: int) -> list[JournalEvent]:
        """Return up to `limit` events of an account after a sequence, in order."""
        ...

    def open_orders(self, account_id: str) -> tuple[list[Order], int]:
        """Return an account's orders that are not final, and the newest sequence."""
        ...

    def newest(self, account_id: str) -> int:
        """Return the newest sequence of an account's log; 0 where it is empty."""
        ...

    def start_over(self, epoch: str) -> None:
        """Forget everything and begin a new log."""
        ...
