"""Quotes: the newest state of a symbol, with five levels each side."""

from dataclasses import dataclass
from enum import StrEnum

from quantgraph.domain.sources import Source


@dataclass(frozen=True, slots=True)
class Level:
    """One price level of the book: price in yuan, quantity in shares."""

    price: float
    quantity: int


@dataclass(frozen=True, slots=True)
class Quote:
    """Newest state of a symbol. Prices in yuan, volume in shares, time in epoch ms (UTC).

    Prices are None before the first trade of the day. `bids` and `asks` hold up to five
    levels, best first. `halted`: nothing is matched for now, and orders are collected for the
    auction that opens what follows.
    """

    symbol: str
    time: int
    last_price: float | None
    open: float | None
    high: float | None
    low: float | None
    previous_close: float | None
    volume: int
    amount: float
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    suspended: bool
    source: Source
    halted: bool = False


class QuotePolicy(StrEnum):
    """What happens when a subscriber reads more slowly than quotes arrive."""

    LATEST = "LATEST"
    BUFFER = "BUFFER"
