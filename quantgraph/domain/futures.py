"""Main contracts of futures products (主力合约)."""

from dataclasses import dataclass
from datetime import date

from quantgraph.domain.errors import NotFound
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class MainRequest:
    """Which product on which trading days, both ends included; no day means the present one."""

    product: str
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class MainContract:
    """The main contract of a product on a trading day, and the one after it if told."""

    product: str
    date: date
    symbol: str
    second_symbol: str | None
    source: Source


def unknown_product(product: str) -> NotFound:
    """Say that no futures product has this code."""
    text = f"No futures product {product[:_SHOWN]!r} is known here."
    return NotFound(Reason.UNKNOWN_PRODUCT, text, product=product[:_SHOWN])
