"""Corporate actions on accounts: what a holder has the morning of an ex-day.

Cash is paid gross on the ex-day. The tax on dividends by holding period, which brokers collect
when the shares are sold, is not modelled; neither are rights, which a holder would have to pay for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from quantgraph.backends.sim.ledger import Ledger, cents
from quantgraph.domain.dividends import Dividend

_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What one account got from one event: yuan, and new shares (below zero: handed back)."""

    account_id: str
    symbol: str
    ex_date: date
    cash: Decimal
    shares: int


def pay_holders(ledgers: Iterable[Ledger], dividends: Iterable[Dividend]) -> list[Entitlement]:
    """Give every holder what each event grants, oldest event first, and tell it.

    Called between two days, when no order is open. An event of which only the ratio is known
    grants nothing: cash cannot be told from shares then.
    """
    held = sorted(ledgers, key=lambda ledger: ledger.account_id)
    known = [each for each in dividends if each.itemised]
    told = [
        entitle(ledger, dividend)
        for dividend in sorted(known, key=lambda each: (each.ex_date, each.symbol))
        for ledger in held
    ]
    return [each for each in told if each is not None]


def entitle(ledger: Ledger, dividend: Dividend) -> Entitlement | None:
    """Pay one account, or return None where it holds nothing of the symbol."""
    symbol = dividend.symbol
    held = ledger.holding(symbol).quantity
    if not held:
        return None
    cash = cents(_exact(dividend.cash) * held)
    shares = whole_shares(held, dividend)
    if cash:
        ledger.pay_out(symbol, cash)
    if shares:
        ledger.grow(symbol, shares)
    return Entitlement(ledger.account_id, symbol, dividend.ex_date, cash, shares)


def whole_shares(held: int, dividend: Dividend) -> int:
    """Return the new shares of a holding: bonus, conversion and split together.

    The clearing house hands fractions out as whole shares, largest fraction first, until all are
    given. Over many holders that is whoever has half a share or more.
    """
    ratio = _exact(dividend.bonus) + _exact(dividend.conversion)
    return int((ratio * held).to_integral_value(ROUND_HALF_UP))


def _exact(value: float | None) -> Decimal:
    return _ZERO if value is None else Decimal(repr(value))
