"""Convertible bonds of the universe's shares: real names and dates, terms like the real ones."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from quantgraph.backends.sim.universe import OTHERS
from quantgraph.domain.bonds import BondRequest, ConvertibleBond
from quantgraph.domain.simulation import CorporateAction
from quantgraph.domain.sources import Source

# A symbol's events by ex-day.
Events = Callable[[str], Sequence[CorporateAction]]
_PAR = 100.0
_CENT, _TEN = Decimal("0.01"), 10
# symbol | share | conversion price now | at issue | conversion from | issued | matures | amount,
# millions of yuan | outstanding, millions
_TABLE = """
110059.SH | 600000.SH | 13.57  | 15.05  | 2020-05-06 | 2019-10-28 | 2025-10-28 | 50000 | 49997
110085.SH | 600438.SH | 38.36  | 39.27  | 2022-09-02 | 2022-02-24 | 2028-02-24 | 12000 | 11999
113052.SH | 601166.SH | 24.48  | 25.51  | 2022-06-30 | 2021-12-27 | 2027-12-27 | 50000 | 49998
113053.SH | 601012.SH | 58.56  | 82.65  | 2022-07-11 | 2022-01-05 | 2028-01-05 | 7000  | 6996
113616.SH | 603501.SH | 164.44 | 222.83 | 2021-07-05 | 2020-12-28 | 2026-12-28 | 2440  | 2432
"""


def list_bonds(request: BondRequest, day: date, events: Events) -> Sequence[ConvertibleBond]:
    """Return the bonds of a request that are listed on the day, by symbol.

    Conversion prices follow the events of their shares that were announced, from the ex-day on.
    """
    listed = (bond for bond in _BONDS if _wanted(bond, request) and _listed(bond, day))
    return [_adjusted(bond, day, events(bond.stock_symbol)) for bond in listed]


def _adjusted(
    bond: ConvertibleBond, day: date, events: Sequence[CorporateAction]
) -> ConvertibleBond:
    """Return the bond with its price after the last event."""
    prices = adjusted_prices(bond, day, events)
    return replace(bond, conversion_price=prices[-1][1]) if prices else bond


def adjusted_prices(
    bond: ConvertibleBond, day: date, events: Sequence[CorporateAction]
) -> list[tuple[date, float]]:
    """Return a bond's price after each event up to a day, (price - cash) / (1 + new shares)."""
    if bond.conversion_price is None:
        return []
    price, found = Decimal(repr(bond.conversion_price)), list[tuple[date, float]]()
    for event in (each for each in events if each.ex_date <= day):
        grown = (price - event.cash / _TEN) / (1 + (event.bonus + event.conversion) / _TEN)
        price = max(grown.quantize(_CENT, ROUND_HALF_UP), _CENT)
        found.append((event.ex_date, float(price)))
    return found


def _wanted(bond: ConvertibleBond, request: BondRequest) -> bool:
    named = not request.symbols or bond.symbol in request.symbols
    return named and (not request.stock_symbols or bond.stock_symbol in request.stock_symbols)


def _listed(bond: ConvertibleBond, day: date) -> bool:
    profile = OTHERS[bond.symbol]
    begun = profile.listed is not None and profile.listed <= day
    return begun and (profile.last is None or day <= profile.last)


def _parse(line: str) -> ConvertibleBond:
    cells = [cell.strip() for cell in line.split("|")]
    symbol, stock, price, initial, begins, issued, matures, amount, left = cells
    profile = OTHERS[symbol]
    return ConvertibleBond(
        symbol=symbol,
        name=profile.name,
        stock_symbol=stock,
        par_value=_PAR,
        conversion_price=float(price),
        initial_price=float(initial),
        conversion_start=date.fromisoformat(begins),
        conversion_end=profile.last,
        issue_date=date.fromisoformat(issued),
        list_date=profile.listed,
        maturity_date=date.fromisoformat(matures),
        issue_amount=int(amount) * 1e6,
        outstanding=int(left) * 1e6,
        source=Source.SIMULATED,
    )


_BONDS = [_parse(line) for line in _TABLE.strip().splitlines()]
