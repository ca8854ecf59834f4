"""Convertible bonds: their terms, and what they are worth as shares."""

from dataclasses import dataclass
from datetime import date

from quantgraph.domain.sources import Source


@dataclass(frozen=True, slots=True)
class ConvertibleBond:
    """Terms of one bond; None where the source does not tell them.

    Prices and par in yuan per bond (100 yuan of face value) or share, amounts in yuan.
    """

    symbol: str
    name: str | None
    stock_symbol: str
    par_value: float
    conversion_price: float | None
    initial_price: float | None
    conversion_start: date | None
    conversion_end: date | None
    issue_date: date | None
    list_date: date | None
    maturity_date: date | None
    issue_amount: float | None
    outstanding: float | None
    source: Source


@dataclass(frozen=True, slots=True)
class BondRequest:
    """Which bonds: these, those of these shares; an empty list means any. `valued`: with prices."""

    symbols: tuple[str, ...] = ()
    stock_symbols: tuple[str, ...] = ()
    valued: bool = False


@dataclass(frozen=True, slots=True)
class BondValue:
    """What a bond is worth now; None where a price is missing.

    `conversion_value` is what the shares of one bond are worth, yuan; `premium` is how much dearer
    the bond is, as a fraction (转股溢价率).
    """

    bond: ConvertibleBond
    price: float | None = None
    conversion_value: float | None = None
    premium: float | None = None


def value_bond(bond: ConvertibleBond, price: float | None, stock_price: float | None) -> BondValue:
    """Return a bond's value at the last prices of it and of its share."""
    ratio = None if not bond.conversion_price else bond.par_value / bond.conversion_price
    value = None if ratio is None or stock_price is None else ratio * stock_price
    premium = None if value is None or price is None or value <= 0 else price / value - 1
    return BondValue(bond, price, value, premium)
