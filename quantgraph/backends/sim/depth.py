"""Five price levels each side around the last trade; none beyond the price band."""

from dataclasses import dataclass

import numpy as np

from quantgraph.backends.sim.streams import Ints, Words, below, draw
from quantgraph.backends.sim.tape import Print

_DEPTH = 5
_SEALED = 60  # how many times the usual size waits at a limit that nobody trades against


@dataclass(frozen=True, slots=True)
class Rung:
    """One displayed level: price in ticks, quantity in shares."""

    price: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Display:
    """The displayed levels, best first."""

    bids: tuple[Rung, ...]
    asks: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """The day's band in ticks."""

    low: int
    high: int


def display(state: Print, limits: Limits | None, key: int) -> Display:
    """Return the book that fits the last trade. `key` decides sizes and gaps, nothing else does.

    At the upper limit there are no sellers, at the lower one no buyers: the price is sealed.
    """
    words = draw(key, np.arange(4 * _DEPTH + 1))
    wide = max(1, state.last // 5_000)
    spread = 1 + int(below(words[-1], wide))
    bid = state.last - spread if state.rising else state.last
    ask = state.last if state.rising else state.last + spread
    if limits is not None and state.last >= limits.high:
        bid, ask = limits.high, limits.high + 1
    elif limits is not None and state.last <= limits.low:
        bid, ask = limits.low - 1, limits.low
    gaps = 1 + below(words[: 2 * _DEPTH], wide)
    sizes = _sizes(state, words[2 * _DEPTH : 4 * _DEPTH])
    bids = _rungs(bid - np.cumsum(gaps[:_DEPTH]) + gaps[0], sizes[:_DEPTH])
    asks = _rungs(ask + np.cumsum(gaps[_DEPTH:]) - gaps[_DEPTH], sizes[_DEPTH:])
    return _inside(Display(bids, asks), limits)


def _sizes(state: Print, words: Words) -> list[int]:
    """Return whole lots of 100 shares: one to four seconds' worth, more further away."""
    usual = max(state.usual * 3 // 100, 2)
    sizes = 1 + below(words, usual) + below(words << np.uint64(32), usual)
    away = np.tile(np.arange(2, _DEPTH + 2), 2)
    return (sizes * away // 2 * 100).tolist()


def _rungs(prices: Ints, sizes: list[int]) -> tuple[Rung, ...]:
    pairs = zip(prices.tolist(), sizes, strict=True)
    return tuple(Rung(price, size) for price, size in pairs if price > 0)


def _inside(book: Display, limits: Limits | None) -> Display:
    if limits is None:
        return book
    bids = tuple(rung for rung in book.bids if limits.low <= rung.price <= limits.high)
    asks = tuple(rung for rung in book.asks if limits.low <= rung.price <= limits.high)
    if not asks and bids:
        bids = (Rung(bids[0].price, bids[0].quantity * _SEALED), *bids[1:])
    if not bids and asks:
        asks = (Rung(asks[0].price, asks[0].quantity * _SEALED), *asks[1:])
    return Display(bids, asks)
