"""What is wanted, what became of it, and what may follow what."""

import hashlib
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any

from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.reasons import Reason
from quantgraph.domain.spans import ALL_TIME, Span

# Fills of one operation's orders: a page of 500 orders has 20 each, or few have many.
MOST_ORDER_FILLS = 10_000


class Side(StrEnum):
    """Buy or sell."""

    BUY = "BUY"
    SELL = "SELL"


class PriceType(StrEnum):
    """How the price is found; each where the exchange has it.

    AFTER_HOURS: at the closing price from 15:05 to 15:30; the limit is the worst close accepted.
    """

    LIMIT = "LIMIT"
    OWN_BEST = "OWN_BEST"
    OPPOSITE_BEST = "OPPOSITE_BEST"
    BEST_FIVE_CANCEL = "BEST_FIVE_CANCEL"
    BEST_FIVE_LIMIT = "BEST_FIVE_LIMIT"
    FILL_OR_KILL = "FILL_OR_KILL"
    AFTER_HOURS = "AFTER_HOURS"

    @property
    def priced(self) -> bool:
        """Whether the caller names a limit price; the others find their own."""
        return self in (PriceType.LIMIT, PriceType.AFTER_HOURS)


class OrderState(StrEnum):
    """Where an order stands. UNKNOWN: it may be live at the exchange; never sent again."""

    ACCEPTED = "ACCEPTED"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    SENT = "SENT"
    WORKING = "WORKING"
    UNKNOWN = "UNKNOWN"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"

    @property
    def final(self) -> bool:
        """Whether nothing can follow."""
        return self in _FINAL


_FINAL = frozenset(
    {OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED, OrderState.REJECTED}
)


class Destination(StrEnum):
    """Who matches the order: a label, not a state."""

    SIMULATED = "SIMULATED"
    INTERCEPTED = "INTERCEPTED"
    TERMINAL = "TERMINAL"


class Origin(StrEnum):
    """Whether this gateway made the order."""

    OURS = "OURS"
    EXTERNAL = "EXTERNAL"


def plain_price(price: Decimal) -> Decimal:
    """Return a price with two decimals, or as many more as it has: one text for equal prices."""
    whole, _, rest = format(price, "f").partition(".")
    return Decimal(f"{whole}.{rest.rstrip('0').ljust(2, '0')}")


@dataclass(frozen=True, slots=True)
class OrderTicket:
    """What the caller wants. Quantity in shares, price in yuan, `expires_at` aware UTC."""

    account_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: int
    price_type: PriceType = PriceType.LIMIT
    limit_price: Decimal | None = None
    expires_at: datetime | None = None
    strategy: str | None = None
    note: str | None = None
    # Set by the limits alone, and no part of what the caller asked for.
    held: bool = field(default=False, repr=False)
    # Its hash, once somebody asked: a repeat is the same ticket again.
    _hashed: list[str] = field(init=False, repr=False, compare=False, default_factory=list[str])

    def __post_init__(self) -> None:
        """Write the limit price as every equal one is written."""
        if self.limit_price is not None:
            object.__setattr__(self, "limit_price", plain_price(self.limit_price))

    def digest(self) -> str:
        """Return a hash of everything but the key: the same key with another body conflicts."""
        if not self._hashed:
            self._hashed.append(self._hash())
        return self._hashed[0]

    def _hash(self) -> str:
        price = None if self.limit_price is None else format(self.limit_price.normalize(), "f")
        body = (self.symbol, self.side, self.quantity, self.price_type, price)
        # One instant is one instant, whatever offset a wire or a client wrote it with.
        expiry = None if self.expires_at is None else self.expires_at.astimezone(UTC).isoformat()
        tail = (expiry, self.strategy, self.note)
        return hashlib.sha256(repr((*body, *tail)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Order:
    """What became of a ticket. Money in yuan; `average_price` is None before the first fill.

    `tag` is what the terminal finds it by (`domain.tags`); in an EXTERNAL order, what its maker
    remarked.
    """

    id: str
    account_id: str
    client_order_id: str | None
    broker_order_id: str | None
    symbol: str
    side: Side
    price_type: PriceType
    limit_price: Decimal | None
    quantity: int
    filled_quantity: int
    average_price: Decimal | None
    state: OrderState
    destination: Destination
    origin: Origin
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None
    strategy: str | None = None
    note: str | None = None
    reject_code: str | None = None
    reject_message: str | None = None
    reject_message_zh: str | None = None
    tag: str | None = None

    # The keys that submitted and approved it; when an unapproved one expires.
    submitted_by: str | None = None
    approved_by: str | None = None
    approval_until: datetime | None = None
    # The key that ended what nobody could tell the fate of.
    written_off_by: str | None = None

    def ticket(self) -> OrderTicket:
        """Return what was asked for, to judge it anew."""
        return OrderTicket(
            self.account_id,
            self.client_order_id or "",
            self.symbol,
            self.side,
            self.quantity,
            self.price_type,
            self.limit_price,
            self.expires_at,
        )

    @property
    def open_quantity(self) -> int:
        """Shares that may still trade."""
        return 0 if self.state.final else self.quantity - self.filled_quantity


_NAMES = tuple(each.name for each in fields(Order))
# Each slot's own setter: a frozen class's initializer looks every one of them up by name.
_PUTS = {name: getattr(Order, name).__set__ for name in _NAMES}
_SETTERS = tuple(_PUTS.values())
_values = attrgetter(*_NAMES)


def changed(order: Order, **values: Any) -> Order:  # noqa: ANN401 as `dataclasses.replace`
    """Return the order with other values: `replace` in a quarter of the time, for every event."""
    made = object.__new__(Order)
    for put, value in zip(_SETTERS, _values(order), strict=True):
        put(made, value)
    for name, value in values.items():
        _PUTS[name](made, value)
    return made


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. Price and money in yuan, `fee` is all that was charged."""

    id: str
    order_id: str
    account_id: str
    symbol: str
    side: Side
    quantity: int
    price: Decimal
    amount: Decimal
    fee: Decimal
    time: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """The answer to a submit. `replayed`: the key was known, nothing new was sent."""

    order: Order
    replayed: bool


@dataclass(frozen=True, slots=True)
class OrderKey:
    """Finds one order of an account by exactly one of its two ids."""

    account_id: str
    id: str | None = None
    client_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """A page of orders, newest first; `after` is the last order id of the page before.

    Every filter that is given must hold; `span` is about `created_at`.
    """

    account_id: str
    states: frozenset[OrderState] = frozenset()
    first: int = 50
    after: str | None = None
    symbol: str | None = None
    side: Side | None = None
    strategy: str | None = None
    span: Span = ALL_TIME

    def scope(self) -> str:
        """Return which list this is a page of: a cursor is good for that list only."""
        limits = (sorted(self.states), self.symbol, self.side, self.strategy, self.span)
        return repr(("orders", self.account_id, *limits))


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Orders, newest first, and whether more follow."""

    orders: tuple[Order, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class FillQuery:
    """A page of fills, newest first; `after` is the last fill id of the page before.

    Every filter that is given must hold; `span` is about the fill's `time`.
    """

    account_id: str
    symbol: str | None = None
    order_id: str | None = None
    span: Span = ALL_TIME
    first: int = 50
    after: str | None = None

    def scope(self) -> str:
        """Return which list this is a page of: a cursor is good for that list only."""
        return repr(("fills", self.account_id, self.symbol, self.order_id, self.span))


def too_many_fills(orders: int) -> InvalidRequest:
    """Say that so many orders have more fills together than one answer holds."""
    text = (
        f"These {orders} orders have more than {MOST_ORDER_FILLS} fills. Ask for fewer orders, "
        "or page through the list of fills."
    )
    return InvalidRequest(Reason.ROW_LIMIT, text, limit=MOST_ORDER_FILLS)


@dataclass(frozen=True, slots=True)
class FillPage:
    """Fills, newest first, and whether more follow."""

    fills: tuple[Fill, ...]
    more: bool
