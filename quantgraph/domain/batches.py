"""Several orders at once: what is asked, and what became of each."""

from dataclasses import dataclass

from quantgraph.domain.errors import GatewayError
from quantgraph.domain.orders import Order, OrderTicket, Side


@dataclass(frozen=True, slots=True)
class Batch:
    """Orders of one account, which each of them names too."""

    account_id: str
    tickets: tuple[OrderTicket, ...]


@dataclass(frozen=True, slots=True)
class CancelSweep:
    """Which open orders of an account to cancel; a filter None means all."""

    account_id: str
    symbol: str | None = None
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What became of one order of a batch.

    `order` None: nothing was journalled. `problem` None: it was taken. `replayed`: the key was
    known, nothing new was sent.
    """

    client_order_id: str | None
    order: Order | None = None
    replayed: bool = False
    problem: GatewayError | None = None
