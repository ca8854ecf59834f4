"""Newest states as the terminal tells them, in three spellings of one thing."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from quantgraph.backends.xtquant.book import InstrumentBook
from quantgraph.backends.xtquant.codes import (
    HALTED_PHASES,
    SUSPENDED_PHASES,
    lot_of,
    phase_of,
    to_vendor,
)
from quantgraph.backends.xtquant.data import Data
from quantgraph.backends.xtquant.days import read_instant
from quantgraph.domain.errors import GatewayError, Unsupported, unknown_symbol
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.snapshots import QuoteColumns, quote_columns
from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import DEPTH

_DECIMALS = 4
# Beyond it, and where it is NaN, a size is no number.
_MOST = 1e15


def read_quotes(
    data: Data, book: InstrumentBook, symbols: Sequence[str], day: date
) -> list[Quote | GatewayError]:
    """Return the newest quote per symbol. Errors per symbol: UNKNOWN_SYMBOL, NOT_QUOTED."""
    found = quotes_of(data, symbols)
    absent = [symbol for symbol in symbols if symbol not in found]
    known = book.find(data, absent, day)
    return [found[s] if s in found else absence(s, known.get(s), "quote") for s in symbols]


def absence(symbol: str, known: object | None, what: str) -> GatewayError:
    """Return why there is nothing of a symbol: UNKNOWN_SYMBOL, or NOT_QUOTED where it is listed."""
    if known is None:
        return unknown_symbol(symbol)
    text = f"The terminal lists {symbol} and has no {what} of it."
    return Unsupported(Reason.NOT_QUOTED, text, symbol=symbol)


def read_board(data: Data, symbols: Sequence[str], fields: Sequence[str]) -> QuoteColumns:
    """Return the asked columns of those symbols that are quoted, in their order."""
    found = quotes_of(data, symbols)
    rows = [found[symbol] for symbol in symbols if symbol in found]
    return quote_columns(rows, fields, Source.TERMINAL)


def read_quote(symbol: str, told: Mapping[str, Any]) -> Quote | None:
    """Return a quote of a pulled tick, a pushed one or a whole-market one; None without a time.

    A pulled tick writes its time as text in Shanghai, the others as epoch ms. `pvolume` counts
    shares, `volume` lots: the shares are taken where they are told.
    """
    instant = read_instant(told.get("time") or told.get("timetag"))
    if instant is None:
        return None
    lot = lot_of(symbol)
    exact = _count(told.get("pvolume"))
    phase = phase_of(symbol, told.get("openInt"))
    return Quote(
        symbol=symbol,
        time=instant,
        last_price=price_of(told.get("lastPrice")),
        open=price_of(told.get("open")),
        high=price_of(told.get("high")),
        low=price_of(told.get("low")),
        previous_close=price_of(told.get("lastClose")),
        volume=exact or _count(told.get("volume")) * lot,
        amount=_finite(told.get("amount")),
        bids=levels_of((told.get("bidPrice"), told.get("bidVol")), lot, DEPTH),
        asks=levels_of((told.get("askPrice"), told.get("askVol")), lot, DEPTH),
        suspended=phase in SUSPENDED_PHASES,
        source=Source.TERMINAL,
        halted=phase in HALTED_PHASES,
    )


def price_of(value: object) -> float | None:
    """Return a price without the dust of its binary form; None for 0, NaN and infinity."""
    if not isinstance(value, int | float) or not 0 < value < 1e12:
        return None
    return round(float(value), _DECIMALS)


def _finite(value: object) -> float:
    """Return a sum; 0 for what is no number, as for what is not told."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def _count(value: object) -> int:
    return int(_finite(value))


def levels_of(side: tuple[Any, Any], lot: int, most: int) -> tuple[Level, ...]:
    """Return a side's levels, best first, of lists of prices and lots, or None."""
    prices, volumes = side
    levels: list[Level] = []
    for told, volume in zip(prices or (), volumes or (), strict=False):
        price = price_of(told)
        # An empty level is 0 at 0; so is what lies behind it.
        quantity = _count(volume)
        if price is None or not 0 < quantity < _MOST:
            break
        levels.append(Level(price, quantity * lot))
    return tuple(levels[:most])


def quotes_of(data: Data, symbols: Sequence[str]) -> dict[str, Quote]:
    """Return the newest quotes of those symbols that have one, by symbol."""
    codes = {to_vendor(symbol): symbol for symbol in symbols}
    told: Mapping[str, Mapping[str, Any]] = data.call("get_full_tick", [*codes]) if codes else {}
    read = ((symbol, read_quote(symbol, told.get(code) or {})) for code, symbol in codes.items())
    return {symbol: quote for symbol, quote in read if quote is not None}
