"""Named lists of symbols, and a member's share of an index."""

from dataclasses import dataclass
from datetime import date

from quantgraph.domain.sources import Source


@dataclass(frozen=True, slots=True)
class Sector:
    """A named list of symbols. `category` is for example 概念, 行业 or INDEX."""

    name: str
    category: str | None
    symbols: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class IndexWeight:
    """A member's share of an index on a date, in percent of the index."""

    index_symbol: str
    symbol: str
    weight: float
    date: date
    source: Source
