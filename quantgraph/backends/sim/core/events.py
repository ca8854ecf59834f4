"""What a venue is told and what it tells: prices in ticks, quantities in shares.

Nobody changes one that was made. Of the five kinds that come by the million Python is not asked to
forbid it: a frozen one takes three times as long to make. Their `__init__` is written out, because
mypyc compiles what is written, and not what a dataclass makes up.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.sessions import Phase

_LIMIT: Final = PriceType.LIMIT


@dataclass(slots=True, init=False)
class Enter:
    """A new order. `key` is new in this venue; `limit` None where the price type finds its own."""

    key: int
    side: Side
    quantity: int
    price_type: PriceType
    limit: int | None

    def __init__(
        self,
        key: int,
        side: Side,
        quantity: int,
        price_type: PriceType = _LIMIT,
        limit: int | None = None,
    ) -> None:
        self.key = key
        self.side = side
        self.quantity = quantity
        self.price_type = price_type
        self.limit = limit


@dataclass(slots=True, init=False)
class Cancel:
    """Take what is open of an order out; one that is not open changes nothing."""

    key: int

    def __init__(self, key: int) -> None:
        self.key = key


@dataclass(slots=True, init=False)
class Lower:
    """Take some shares out of a waiting order, which keeps its place in the queue.

    No exchange does this for its members: it tells that some of the others, all in one order
    here, have left. An order with no more than that leaves; one that does not wait is unchanged.
    """

    key: int
    quantity: int

    def __init__(self, key: int, quantity: int) -> None:
        self.key = key
        self.quantity = quantity


@dataclass(frozen=True, slots=True)
class Turn:
    """Begin a phase of the day; what the one before leaves undone (an auction) is done first.

    `leaving`: keys of orders that are taken out before anything is matched in the new phase.
    """

    phase: Phase
    leaving: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Halt:
    """Stop matching and collect limit orders; `resumed` True matches them by an auction first."""

    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Expire:
    """End the day: whatever is still open leaves, in the order in which it came to wait."""


Command: TypeAlias = Enter | Cancel | Lower | Turn | Halt | Expire


class End(StrEnum):
    """Why an order left the book without being filled whole."""

    CANCELED = "CANCELED"
    UNFILLED = "UNFILLED"
    EXPIRED = "EXPIRED"


@dataclass(slots=True, init=False)
class Trade:
    """One execution between two orders. `taker` None: an auction."""

    buyer: int
    seller: int
    price: int
    quantity: int
    taker: Side | None

    def __init__(
        self, buyer: int, seller: int, price: int, quantity: int, taker: Side | None
    ) -> None:
        self.buyer = buyer
        self.seller = seller
        self.price = price
        self.quantity = quantity
        self.taker = taker


@dataclass(slots=True, init=False)
class Ended:
    """An order left the book with `open` shares unfilled (UNFILLED: its price type ends it)."""

    key: int
    open: int
    end: End

    def __init__(self, key: int, open: int, end: End) -> None:  # noqa: A002 the field's name
        self.key = key
        self.open = open
        self.end = end


@dataclass(frozen=True, slots=True)
class Refused:
    """The venue does not take the command now; nothing changed."""

    key: int
    reason: Reason


Event: TypeAlias = Trade | Ended | Refused
