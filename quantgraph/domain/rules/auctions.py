"""How an exchange chooses among the prices at which a call auction trades most."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from quantgraph.domain.instruments import Instrument, InstrumentKind, Market
from quantgraph.domain.rules.rows import PRACTICE, Row, require_rule


class TieBreak(StrEnum):
    """One step of the choice; the next is asked where prices are still equal."""

    LEAST_UNMATCHED = "LEAST_UNMATCHED"
    MIDDLE = "MIDDLE"
    LEAST_IMBALANCE = "LEAST_IMBALANCE"
    NEAREST_REFERENCE = "NEAREST_REFERENCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuctionRow(Row):
    """The steps after the greatest volume.

    The reference is the previous close before the opening, and the last trade before the close.
    """

    topic: ClassVar[str] = "Auction price"

    ties: tuple[TieBreak, ...]


_SHANGHAI = (TieBreak.LEAST_UNMATCHED, TieBreak.MIDDLE)
_SHENZHEN = (TieBreak.LEAST_IMBALANCE, TieBreak.NEAREST_REFERENCE)
_OPENED = date(2006, 7, 1)

AUCTIONS = (
    AuctionRow(name="auction.sh", effective_from=_OPENED, market=Market.SH, ties=_SHANGHAI),
    AuctionRow(name="auction.sz", effective_from=_OPENED, market=Market.SZ, ties=_SHENZHEN),
    AuctionRow(
        name="auction.bj",
        effective_from=date(2021, 11, 15),
        market=Market.BJ,
        ties=_SHENZHEN,
        source=PRACTICE,
        verified=False,
    ),
    *(
        AuctionRow(
            name=f"auction.{market}.{kind}".lower(),
            effective_from=_OPENED,
            market=market,
            kind=kind,
            ties=ties,
            source=PRACTICE,
            verified=False,
        )
        for market, ties in ((Market.SH, _SHANGHAI), (Market.SZ, _SHENZHEN))
        for kind in (InstrumentKind.FUND, InstrumentKind.BOND)
    ),
)


def auction_rule(instrument: Instrument, day: date) -> AuctionRow:
    """Return the rule of the day. Raises OrderRefused RULE_UNKNOWN."""
    return require_rule(AUCTIONS, instrument, day, "auction price")
