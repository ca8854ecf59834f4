"""When what was bought can be sold, and what was received can be withdrawn."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import ClassVar

from quantgraph.domain.instruments import Instrument, InstrumentKind
from quantgraph.domain.rules.rows import CONVERTIBLES, LOOKED_UP, PRACTICE, Row, require_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRow(Row):
    """Trading days until shares bought can be sold, and until proceeds can be withdrawn.

    0 is the same day. Proceeds buy again at once, whatever they are.
    """

    topic: ClassVar[str] = "Settlement"

    sellable_after: int
    withdrawable_after: int = 1


_FUND = InstrumentKind.FUND

SETTLEMENTS = (
    SettlementRow(name="settlement.stock", effective_from=date(1995, 1, 3), sellable_after=1),
    # Funds of bonds and money, of foreign shares, of gold; of Shenzhen's the code does not tell.
    SettlementRow(
        name="settlement.fund.same-day",
        effective_from=date(2015, 1, 19),
        kind=_FUND,
        codes=("SH511", "SH513", "SH518", "SH520"),
        sellable_after=0,
        source=PRACTICE,
        verified=False,
    ),
    SettlementRow(
        name="settlement.fund",
        effective_from=date(1998, 4, 7),
        kind=_FUND,
        codes=("SH50", "SH510", "SH512", "SH515", "SH516", "SH517", "SH52", "SH53", "SH56", "SH58"),
        sellable_after=1,
        source=PRACTICE,
        verified=False,
    ),
    SettlementRow(
        name="settlement.bond",
        effective_from=date(2022, 8, 1),
        kind=InstrumentKind.BOND,
        codes=CONVERTIBLES,
        sellable_after=0,
        source=PRACTICE,
        verified=False,
    ),
)


@lru_cache(LOOKED_UP)
def settlement_rule(instrument: Instrument, day: date) -> SettlementRow:
    """Return the rule of the day. Raises OrderRefused RULE_UNKNOWN."""
    return require_rule(SETTLEMENTS, instrument, day, "settlement")


def sells_at_once(instrument: Instrument, day: date) -> bool:
    """Return whether what is bought can be sold the same day (T+0). Raises as above."""
    return settlement_rule(instrument, day).sellable_after == 0
