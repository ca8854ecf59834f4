"""What a terminal says about orders, in our words."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import Fill, OrderState


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """The terminal took the order under its own id."""

    broker_order_id: str


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """One change of one order as the terminal tells it, found by our order id.

    `filled_quantity` and `average_price` are totals, so that a repeated or reordered report
    changes nothing; `fill` is the execution that caused it, if one did; `refusal`
    says why a REJECTED order was refused.
    """

    order_id: str
    account_id: str
    state: OrderState
    filled_quantity: int
    average_price: Decimal | None
    time: datetime
    fill: Fill | None = None
    refusal: OrderRefused | None = None
