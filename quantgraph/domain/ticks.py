"""Recorded market data finer than bars: snapshots and single trades, as columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from quantgraph.domain import level2
from quantgraph.domain.bars import Column, Mask
from quantgraph.domain.sources import Source


class TickKind(StrEnum):
    """Which recording: SNAPSHOT is the exchange's periodic state, TRADE each single deal.

    The level-2 ones have more columns: ten levels, orders, and the orders behind each deal.
    """

    SNAPSHOT = "SNAPSHOT"
    TRADE = "TRADE"
    LEVEL2_QUOTE = "LEVEL2_QUOTE"
    LEVEL2_ORDER = "LEVEL2_ORDER"
    LEVEL2_TRANSACTION = "LEVEL2_TRANSACTION"


class TradeSide(StrEnum):
    """Who took: the buyer, the seller, or NONE in an auction and where it is not known."""

    BUY = "BUY"
    SELL = "SELL"
    NONE = "NONE"


# How the column `side` is held.
TRADE_SIDES: Mapping[int, TradeSide] = {
    1: TradeSide.BUY,
    -1: TradeSide.SELL,
    0: TradeSide.NONE,
}
DEPTH = 5


def level_fields(side: str) -> dict[str, str]:
    """Return the columns of a side of the screen, `bid` or `ask`, with their numpy types."""
    names: dict[str, str] = {}
    for level in range(1, DEPTH + 1):
        names[f"{side}_price_{level}"] = "float64"
        names[f"{side}_quantity_{level}"] = "int64"
    return names


# Column → numpy type. Prices in yuan, quantities in shares, amounts in yuan, times in epoch ms.
SNAPSHOT_FIELDS: Mapping[str, str] = {
    "time": "int64",
    "last_price": "float64",
    "open": "float64",
    "high": "float64",
    "low": "float64",
    "previous_close": "float64",
    "volume": "int64",
    "amount": "float64",
    "trade_count": "int64",
    **level_fields("bid"),
    **level_fields("ask"),
}
# side: 1 the buyer took, -1 the seller took, 0 auction or unknown.
TRADE_FIELDS: Mapping[str, str] = {
    "time": "int64",
    "price": "float64",
    "quantity": "int64",
    "amount": "float64",
    "side": "int8",
    "trade_number": "int64",
}
LEVEL2_TABLES: Mapping[TickKind, Mapping[str, level2.Level2Field]] = {
    TickKind.LEVEL2_QUOTE: level2.QUOTE_TABLE,
    TickKind.LEVEL2_ORDER: level2.ORDER_TABLE,
    TickKind.LEVEL2_TRANSACTION: level2.TRANSACTION_TABLE,
}
TICK_FIELDS: Mapping[TickKind, Mapping[str, str]] = {
    TickKind.SNAPSHOT: SNAPSHOT_FIELDS,
    TickKind.TRADE: TRADE_FIELDS,
    **{
        kind: {name: field.dtype for name, field in table.items()}
        for kind, table in LEVEL2_TABLES.items()
    },
}


@dataclass(frozen=True, slots=True)
class TickColumns:
    """Equal-length columns of one symbol's recording, in time order."""

    symbol: str
    kind: TickKind
    source: Source
    length: int
    values: Mapping[str, Column]
    valid: Mapping[str, Mask]


@dataclass(frozen=True, slots=True)
class TickRequest:
    """A span of one symbol's recording, epoch ms, both ends included, and the columns to read."""

    symbol: str
    kind: TickKind
    start: int | None
    end: int | None
    fields: tuple[str, ...]
    limit: int
