"""What level 2 tells beyond quotes: deep order books, and whose money moved a symbol today."""

from dataclasses import dataclass

from quantgraph.domain.quotes import Level
from quantgraph.domain.sources import Source

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
