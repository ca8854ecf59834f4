"""The figures of risk, from holdings, the day's trades and prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from quantgraph.domain.portfolio import (
    Concentration,
    DayProfit,
    Exposure,
    SectorExposure,
    Unvalued,
)
from quantgraph.domain.sectors import Sector
from quantgraph.services.books import DayTrades
from quantgraph.services.prices import Price, Prices, cents, mismatch, no_price

_SHARE = Decimal("0.000001")
_ZERO = Decimal("0.00")
_NOTHING = DayTrades()


def total(parts: Sequence[Decimal | None]) -> Decimal | None:
    """Return the sum, None where a part is not known."""
    known = [part for part in parts if part is not None]
    return sum(known, _ZERO) if len(known) == len(parts) else None


def weigh(
    holdings: Mapping[str, int], prices: Prices
) -> tuple[tuple[Exposure, ...], Decimal | None]:
    """Return each holding at its price, largest value first, and the gross exposure."""
    values = {symbol: _value(quantity, prices[symbol]) for symbol, quantity in holdings.items()}
    gross = total(list(values.values()))
    order = sorted(holdings, key=lambda symbol: (-(values[symbol] or _ZERO), symbol))
    exposures = tuple(
        Exposure(
            symbol,
            holdings[symbol],
            _newest(prices[symbol]),
            values[symbol],
            _share(values[symbol], gross),
        )
        for symbol in order
    )
    return exposures, gross


def weigh_sectors(
    exposures: Sequence[Exposure], gross: Decimal | None, sectors: Sequence[Sector]
) -> tuple[SectorExposure, ...]:
    """Return what is held of each sector, by name; last what is in none."""
    held = {each.symbol: each for each in exposures}
    found = [
        _sector(each.name, each.category, [held[s] for s in each.symbols if s in held], gross)
        for each in sorted(sectors, key=lambda each: each.name)
        if not held.keys().isdisjoint(each.symbols)
    ]
    placed = {symbol for each in found for symbol in each.symbols}
    rest = [each for each in exposures if each.symbol not in placed]
    return (*found, _sector(None, None, rest, gross)) if rest else tuple(found)


def concentrate(exposures: Sequence[Exposure], gross: Decimal | None) -> Concentration:
    """Return the largest weight and the HHI; None where nothing is held or a value is missing."""
    if not gross:
        return Concentration()
    values = [each.market_value or _ZERO for each in exposures]
    hhi = sum((value * value for value in values), _ZERO) / (gross * gross)
    largest = exposures[0]
    return Concentration(largest.symbol, largest.weight, hhi.quantize(_SHARE, ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class _Profit:
    realized: Decimal | None
    total: Decimal | None
    unvalued: Unvalued | None = None


def profit_of_day(
    day: date, holdings: Mapping[str, int], trades: Mapping[str, DayTrades], prices: Prices
) -> tuple[DayProfit, tuple[Unvalued, ...]]:
    """Return the day's profit over all that was held or traded on it, and what hid from it."""
    parts = [
        _profit(symbol, holdings.get(symbol, 0), trades.get(symbol, _NOTHING), prices[symbol])
        for symbol in sorted(holdings.keys() | trades.keys())
    ]
    realized, whole = total([p.realized for p in parts]), total([p.total for p in parts])
    unrealized = None if realized is None or whole is None else whole - realized
    hidden = tuple(each.unvalued for each in parts if each.unvalued is not None)
    return DayProfit(day, realized, unrealized, whole), hidden


def _profit(symbol: str, held: int, traded: DayTrades, price: Price | Unvalued) -> _Profit:
    """Return one symbol's profit: what it is worth and brought, less what it was worth and cost.

    Shares held when the day began count at the previous close. Sells take those first (T+1 lets no
    others be sold), then the day's purchases at their average.
    """
    began = held - traded.bought + traded.sold
    if began < 0:
        return _Profit(None, None, mismatch(symbol))
    if not (held or began):
        return _settled(traded, 0, _ZERO, traded.received - traded.paid)
    if isinstance(price, Unvalued) or (began and price.before is None):
        hidden = price if isinstance(price, Unvalued) else no_price(symbol)
        return _Profit(None if traded.sold else _ZERO, None, hidden)
    before = price.before or _ZERO
    whole = cents(held * price.newest - began * before) - traded.paid + traded.received
    return _settled(traded, min(traded.sold, began), before, whole)


def _settled(traded: DayTrades, old: int, before: Decimal, whole: Decimal) -> _Profit:
    new = traded.sold - old
    cost = traded.paid * new / traded.bought if new else _ZERO
    return _Profit(cents(traded.received - old * before - cost), whole)


def _sector(
    name: str | None, category: str | None, held: Sequence[Exposure], gross: Decimal | None
) -> SectorExposure:
    value = total([each.market_value for each in held])
    symbols = tuple(sorted(each.symbol for each in held))
    return SectorExposure(name, category, symbols, value, _share(value, gross))


def _value(quantity: int, price: Price | Unvalued) -> Decimal | None:
    return None if isinstance(price, Unvalued) else cents(quantity * price.newest)


def _newest(price: Price | Unvalued) -> Decimal | None:
    return None if isinstance(price, Unvalued) else price.newest


def _share(part: Decimal | None, gross: Decimal | None) -> Decimal | None:
    if part is None or not gross:
        return None
    return (part / gross).quantize(_SHARE, ROUND_HALF_UP)
