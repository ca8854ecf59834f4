"""The newest quotes of a whole market or sector, as columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quantgraph.domain.bars import Column, Mask
from quantgraph.domain.instruments import Market
from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import level_fields

# Column → numpy type, as of `quotes.Quote`. Prices and amounts in yuan, quantities in shares, time
# in epoch ms.
QUOTE_FIELDS: Mapping[str, str] = {
    "time": "int64",
    "last_price": "float64",
    "open": "float64",
    "high": "float64",
    "low": "float64",
    "previous_close": "float64",
    "volume": "int64",
    "amount": "float64",
    "suspended": "bool",
    **level_fields("bid"),
    **level_fields("ask"),
}
BOOK_FIELDS = frozenset({*level_fields("bid"), *level_fields("ask")})


@dataclass(frozen=True, slots=True)
class QuoteColumns:
    """Quotes of one moment as equal-length columns, one row per symbol, in the symbols' order."""

    symbols: tuple[str, ...]
    source: Source
    values: Mapping[str, Column]
    valid: Mapping[str, Mask]


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """An exchange, or the name of a sector, and the columns to make; `named`: with names."""

    selector: Market | str
    fields: tuple[str, ...]
    named: bool = False


@dataclass(frozen=True, slots=True)
class MarketSnapshot:
    """A snapshot; `names` are the instruments' names (None unless asked for)."""

    quotes: QuoteColumns
    names: Sequence[str | None] | None = None
