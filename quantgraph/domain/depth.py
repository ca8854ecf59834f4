"""What level 2 tells beyond quotes: deep books, whose money moved a symbol, queues of orders."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from quantgraph.domain.orders import Side
from quantgraph.domain.quotes import Level
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState, StreamKind

T = TypeVar("T")
# Levels of a side that the vendor's quick books have at most.
BOOK_LEVELS = 20


@dataclass(frozen=True, slots=True)
class OrderBook:
    """The present book of a symbol, up to 20 levels each side, best first; time in epoch ms (UTC).

    `last_price` is None before the first trade of the day.
    """

    symbol: str
    time: int
    last_price: float | None
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Flow:
    """Money in yuan and shares since the opening, and how much of both came with the last update.

    None is what the terminal does not tell. Net flows may be below zero.
    """

    amount: float | None
    quantity: int | None
    amount_change: float | None
    quantity_change: int | None


@dataclass(frozen=True, slots=True)
class SizedFlow:
    """A flow by the size of the orders that made it, as the terminal draws the lines.

    `total` is all of them together.
    """

    extra_large: Flow
    large: Flow
    medium: Flow
    small: Flow
    total: Flow


@dataclass(frozen=True, slots=True)
class NetFlow:
    """What came in less what went out, by the size of the orders."""

    extra_large: Flow
    large: Flow
    medium: Flow
    small: Flow


@dataclass(frozen=True, slots=True)
class MoneyFlow:
    """Whose orders traded a symbol today, counted by the terminal; time in epoch ms (UTC).

    Active orders took, passive ones had waited. Counts are of orders or trades, quantities of
    shares. `ddx`, `ddy` and `ddz` are the terminal's indicators, in its own numbers.
    """

    symbol: str
    time: int
    active_buys: SizedFlow
    active_sells: SizedFlow
    passive_buys: SizedFlow
    passive_sells: SizedFlow
    net_inflow: NetFlow
    buy_count: int | None
    sell_count: int | None
    buy_count_change: int | None
    sell_count_change: int | None
    trade_count_change: int | None
    net_order_quantity: int | None
    net_withdrawn_quantity: int | None
    withdrawn_buy_quantity: int | None
    withdrawn_sell_quantity: int | None
    ddx: float | None
    ddy: float | None
    ddz: float | None
    source: Source


@dataclass(frozen=True, slots=True)
class QueueRequest:
    """Of which price levels: the best `levels` of each side, or those at `prices`, in yuan."""

    symbol: str
    levels: int | None = None
    prices: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderQueue:
    """The orders that wait at one price, in shares, the first one to trade first.

    `level` 1 is the best price; None where the terminal does not number it.
    """

    level: int | None
    price: float
    quantities: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OrderQueues:
    """The queues of a symbol, best price first; time in epoch ms (UTC)."""

    symbol: str
    time: int
    bids: tuple[OrderQueue, ...]
    asks: tuple[OrderQueue, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class RankRequest:
    """An order whose place is asked for: when it was sent (epoch ms), yuan, shares."""

    symbol: str
    side: Side
    time: int
    price: Decimal
    quantity: int
    open_quantity: int


@dataclass(frozen=True, slots=True)
class OrderRank:
    """Where an order stands in the book of a thousand levels; None where the terminal cannot tell.

    `price_rank` is the vendor's 价内排名, in its own count.
    """

    symbol: str
    price_rank: int | None
    source: Source


@dataclass(frozen=True, slots=True)
class DepthWatch:
    """What of a symbol is followed live: so many best levels of each side."""

    symbol: str
    levels: int


@dataclass(frozen=True, slots=True)
class DepthEvent(Generic[T]):
    """One item of a live stream of books or queues. The sequence is per watch, within an epoch.

    `told` is None in heartbeats, and in a snapshot before the first push. Only the newest counts:
    `conflated_count` were skipped since `previous_sequence`.
    """

    kind: StreamKind
    epoch: str
    symbol: str
    told: T | None = None
    sequence: int | None = None
    previous_sequence: int | None = None
    conflated_count: int | None = None
    source: SourceState | None = None
