"""What a terminal says about orders, in our words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from quantgraph.domain.errors import GatewayError, OrderRefused
from quantgraph.domain.orders import Fill, Order, OrderState, PriceType, Side


class FateUnknownError(Exception):
    """The terminal was asked, and did not say what became of it: -1, a timeout, a lost link.

    It is no `GatewayError`: no caller is told it. The order is UNKNOWN, and is never sent again.
    """


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """The terminal took the order under its own id."""

    broker_order_id: str


@dataclass(frozen=True, slots=True)
class Form:
    """What an order form says, as the terminal shows it: whoever filled it in."""

    symbol: str
    side: Side
    quantity: int
    limit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """One change of one order as the terminal tells it, found by the tag that was sent with it.

    `filled_quantity` and `average_price` are totals, so that a repeated or reordered report
    changes nothing; `fill` is the execution that caused it, if one did (its `order_id` is ours to
    fill in); `refusal` says why a REJECTED order was refused. Without `tag` and `broker_order_id`
    the terminal does not say which order it speaks of. `form`: what it says of the order itself.
    """

    tag: str | None
    account_id: str
    state: OrderState
    filled_quantity: int
    average_price: Decimal | None
    time: datetime
    fill: Fill | None = None
    refusal: GatewayError | None = None
    broker_order_id: str | None = None
    # Of our own making alone: the keys that approved the order, and that wrote it off.
    approved_by: str | None = None
    written_off_by: str | None = None
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class LinkChange:
    """The terminal went away or came back; what happened in between was not reported."""

    connected: bool
    time: datetime


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A mark between reports, which no incident holds up: its reader calls `reached` at it.

    All reports before it are recorded then. A simulated terminal asks so before it is kept.
    """

    reached: Callable[[], object]


@dataclass(frozen=True, slots=True)
class StrangeStatus:
    """An order of an account has a status that nobody has listed: `text` says which.

    The order itself is told as UNKNOWN. Said once per account and status while a gateway runs.
    """

    account_id: str
    text: str


# In the order in which a terminal says it.
TerminalEvent: TypeAlias = ExecutionReport | LinkChange | Checkpoint | StrangeStatus


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """One order of the terminal's own list, as it stands there.

    `tag` is what was sent with the order to find it again (`domain.tags`); where somebody else
    placed it, whatever was remarked there, or None. `broker_order_id` is the terminal's own and
    names no other order of the account on any day. `strategy` may have been lost and finds
    nothing. `fills` are all of its executions. `placed_at` is aware UTC.
    """

    tag: str | None
    broker_order_id: str
    account_id: str
    symbol: str
    side: Side
    quantity: int
    limit_price: Decimal | None
    state: OrderState
    filled_quantity: int
    average_price: Decimal | None
    time: datetime
    fills: tuple[Fill, ...] = ()
    strategy: str | None = None
    refusal: OrderRefused | None = None
    price_type: PriceType = PriceType.LIMIT
    placed_at: datetime | None = None

    @property
    def form(self) -> Form:
        """What its form says."""
        return Form(self.symbol, self.side, self.quantity, self.limit_price)


def is_told_of(order: Order, report: ExecutionReport) -> bool:
    """Return whether a report under the order's tag is about it, as far as it says.

    A remark is free text: somebody else's may be equal to our tag, and proves nothing alone.
    """
    named = report.broker_order_id
    if named is not None and order.broker_order_id is not None:
        return named == order.broker_order_id
    return report.form is None or _fits(order, report.form)


def is_row_of(order: Order, row: ListedOrder) -> bool:
    """Return whether a row of the list is the order: by account, tag, and its id or form."""
    tagged = row.tag is not None and (row.account_id, row.tag) == (order.account_id, order.tag)
    # The terminal's own id names no other order, whatever it shows of this one.
    return tagged and (row.broker_order_id == order.broker_order_id or _fits(order, row.form))


def _fits(order: Order, form: Form) -> bool:
    if (form.symbol, form.side, form.quantity) != (order.symbol, order.side, order.quantity):
        return False
    # A terminal shows what it likes as the price of an order that names none.
    return order.limit_price is None or order.limit_price == form.limit_price
