"""How many shares an account may buy in one day."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import ClassVar

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Instrument, Market
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.rows import LOOKED_UP, PRACTICE, TABLES, Row, find_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRow(Row):
    """Shares of one symbol that an account may buy in a day, whatever it sells."""

    topic: ClassVar[str] = "Lots"

    most: int


_SOURCE = f"{TABLES}; the first day is {PRACTICE}"

# Without a row there is no quota: it is an exception for shares under risk warning.
QUOTAS = (
    QuotaRow(
        name="quota.st.sh",
        effective_from=date(2013, 1, 1),
        market=Market.SH,
        st=True,
        most=500_000,
        source=_SOURCE,
    ),
    QuotaRow(
        name="quota.st.sz",
        effective_from=date(2020, 12, 31),
        market=Market.SZ,
        st=True,
        most=500_000,
        source=_SOURCE,
    ),
)


@lru_cache(LOOKED_UP)
def quota_rule(instrument: Instrument, day: date) -> QuotaRow | None:
    """Return the quota of the day, None where there is none."""
    return find_rule(QUOTAS, instrument, day)


def check_quota(
    instrument: Instrument, row: QuotaRow | None, quantity: int, bought: int | None
) -> None:
    """Raise PURCHASE_LIMIT where a buy goes beyond the quota.

    `bought` are the shares bought today and those of open buys; RULE_UNKNOWN where it is None.
    """
    if row is None:
        return
    if bought is None:
        text = f"How many shares of {instrument.symbol} were bought today is not known."
        raise OrderRefused(Reason.RULE_UNKNOWN, text, symbol=instrument.symbol, rule=row.name)
    if bought + quantity > row.most:
        text = (
            f"{quantity} shares of {instrument.symbol} after {bought} today; an account may buy "
            f"{row.most} of a risk-warning share in a day."
        )
        raise OrderRefused(
            Reason.PURCHASE_LIMIT,
            text,
            symbol=instrument.symbol,
            quantity=quantity,
            bought=bought,
            limit=row.most,
        )
