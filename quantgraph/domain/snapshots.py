"""The newest quotes of a whole market or sector, as columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quantgraph.domain.bars import Column, Mask
from quantgraph.domain.instruments import Market
from quantgraph.domain.quotes import Quote
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


def quote_columns(quotes: Sequence[Quote], fields: Sequence[str], source: Source) -> QuoteColumns:
    """Return single quotes as columns, in their order."""
    values: dict[str, Column] = {}
    valid: dict[str, Mask] = {}
    for name in fields:
        cells = [_cell(each, name) for each in quotes]
        there = np.array([cell is not None for cell in cells], np.bool_)
        dtype = QUOTE_FIELDS[name]
        values[name] = np.array([0 if cell is None else cell for cell in cells], dtype)
        if not there.all():
            valid[name] = there
    return QuoteColumns(tuple(each.symbol for each in quotes), source, values, valid)


def _cell(quote: Quote, name: str) -> float | int | bool | None:
    side, _, rest = name.partition("_")
    if side not in ("bid", "ask"):
        return getattr(quote, name)
    part, _, level = rest.partition("_")
    levels = quote.bids if side == "bid" else quote.asks
    place = int(level) - 1
    return getattr(levels[place], part) if place < len(levels) else None
