"""The vendor's codes and ours: markets, symbols, periods, units and phases of quotes."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from quantgraph.domain.bars import Period
from quantgraph.domain.errors import GatewayError, InvalidRequest
from quantgraph.domain.instruments import InstrumentKind, Market, checked_symbol, classify
from quantgraph.domain.reasons import Reason

# Base periods alone: the gateway makes all others of these, the same way for every source.
PERIODS: Mapping[Period, str] = {Period.MIN_1: "1m", Period.DAY_1: "1d"}

# The vendor's suffix by ours; options have markets of their own there.
_SUFFIXES: Mapping[Market, str] = {
    Market.SH: "SH",
    Market.SZ: "SZ",
    Market.BJ: "BJ",
    Market.CFFEX: "IF",
}
_OPTIONS: Mapping[Market, str] = {Market.SH: "SHO", Market.SZ: "SZO"}
_MARKETS: Mapping[str, Market] = {
    **{suffix: market for market, suffix in _SUFFIXES.items()},
    **{suffix: market for market, suffix in _OPTIONS.items()},
    "CFFEX": Market.CFFEX,
}

# What one unit of a quoted or charted volume is: quotes count lots, orders count shares.
_LOTS: Mapping[InstrumentKind, int] = {
    InstrumentKind.STOCK: 100,
    InstrumentKind.FUND: 100,
    InstrumentKind.INDEX: 100,
    InstrumentKind.OTHER: 100,
    InstrumentKind.BOND: 10,
    InstrumentKind.OPTION: 1,
    InstrumentKind.FUTURE: 1,
}

# Phase codes of `openInt` in a share's quote: not traded at all, and stopped for a while.
SUSPENDED_PHASES = frozenset({1, 20})
HALTED_PHASES = frozenset({16, 17})


# A push asks thrice per quote; there are fewer codes than this.
_KEPT = 65_536


@lru_cache(_KEPT)
def to_vendor(symbol: str) -> str:
    """Return the vendor's code of a symbol."""
    code = symbol.partition(".")[0]
    market, kind, _ = classify(symbol)
    if kind is InstrumentKind.OPTION:
        return f"{code}.{_OPTIONS[market]}"
    return f"{code}.{_SUFFIXES[market]}"


@lru_cache(_KEPT)
def from_vendor(code: str) -> str | None:
    """Return the symbol of a vendor's code, None for what the gateway has no symbols of."""
    name, _, suffix = code.rpartition(".")
    market = _MARKETS.get(suffix)
    if market is None:
        return None
    try:
        symbol = checked_symbol(f"{name}.{market}")
    except GatewayError:
        return None
    # An eight-digit code outside the options' markets is something else.
    option = classify(symbol)[1] is InstrumentKind.OPTION
    return symbol if option == (suffix in _OPTIONS.values()) else None


@lru_cache(_KEPT)
def lot_of(symbol: str) -> int:
    """Return how many shares, pieces or contracts one unit of the vendor's volume is."""
    return _LOTS[classify(symbol)[1]]


def phase_of(symbol: str, open_interest: object) -> int | None:
    """Return the trading phase that a quote's `openInt` tells; None of futures and options.

    Of these the field is what it is called; of all else the vendor writes the phase into it.
    """
    if _is_derivative(symbol) or not isinstance(open_interest, int):
        return None
    return open_interest


@lru_cache(_KEPT)
def _is_derivative(symbol: str) -> bool:
    return classify(symbol)[1] in (InstrumentKind.FUTURE, InstrumentKind.OPTION)


def period_name(period: Period) -> str:
    """Return the vendor's name of a base period. Errors: UNSUPPORTED_PERIOD."""
    name = PERIODS.get(period)
    if name is None:
        text = f"The terminal is asked for MIN_1 and DAY_1, not {period}; ask the layers above."
        raise InvalidRequest(Reason.UNSUPPORTED_PERIOD, text, period=period)
    return name


def exact(value: object) -> Decimal | None:
    """Return a price as the vendor wrote it; None for what is no positive number."""
    if not isinstance(value, int | float) or not 0 < value < 1e12:
        return None
    return Decimal(repr(round(value, 6))).normalize()
