"""What a fund is created from and redeemed into (申购赎回清单)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from quantgraph.domain.errors import NotFound
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source


class CashSubstitution(StrEnum):
    """Whether cash may stand for a component."""

    FORBIDDEN = "FORBIDDEN"
    ALLOWED = "ALLOWED"
    REQUIRED = "REQUIRED"
    REFUNDED = "REFUNDED"


@dataclass(frozen=True, slots=True)
class EtfComponent:
    """One component of a creation unit: shares; ratios as fractions, amounts in yuan.

    None where the list does not say it, or it does not apply to the kind of substitution.
    """

    symbol: str
    name: str | None
    quantity: int
    substitution: CashSubstitution
    creation_premium: float | None
    creation_amount: float | None
    redemption_discount: float | None
    redemption_amount: float | None


@dataclass(frozen=True, slots=True)
class EtfBasket:
    """The list of one fund for one trading day. `creation_unit` and limits in fund units.

    Money in yuan: `cash_difference` and `unit_value` are of the session before, per creation unit,
    `net_value` per fund unit, `estimated_cash` is what the day's own list leaves in cash.
    """

    symbol: str
    name: str | None
    date: date
    creation_unit: int
    cash_difference: float | None
    estimated_cash: float | None
    unit_value: float | None
    net_value: float | None
    max_cash_ratio: float | None
    iopv_published: bool | None
    creation_allowed: bool | None
    redemption_allowed: bool | None
    creation_limit: int | None
    redemption_limit: int | None
    components: tuple[EtfComponent, ...]
    source: Source


def no_list(symbol: str) -> NotFound:
    """Say that an instrument has no list of creation and redemption."""
    text = f"{symbol} has no list of creation and redemption: it is no exchange-traded fund here."
    return NotFound(Reason.NO_ETF_LIST, text, symbol=symbol)
