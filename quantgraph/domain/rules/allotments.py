"""How many shares of new issues an account may subscribe, by what it held before."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from quantgraph.domain.instruments import Board, Market
from quantgraph.domain.rules.rows import PRACTICE, TABLES, Row

# Sessions whose closes are averaged, and how many sessions before the subscription they end.
AVERAGED, AHEAD = 20, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AllotmentRow(Row):
    """Shares for each whole unit of yuan held in the market, from `least` yuan on."""

    topic: ClassVar[str] = "New issues"

    unit: int
    shares: int
    least: int = 10_000


_SOURCE = f"{TABLES}; the first day is {PRACTICE}"


ALLOTMENTS = (
    AllotmentRow(
        name="allotment.sh",
        effective_from=date(2016, 1, 1),
        effective_to=date(2023, 2, 16),
        market=Market.SH,
        board=Board.MAIN,
        unit=10_000,
        shares=1_000,
        source=_SOURCE,
        verified=False,
    ),
    AllotmentRow(
        name="allotment.sh",
        effective_from=date(2023, 2, 17),
        market=Market.SH,
        board=Board.MAIN,
        unit=5_000,
        shares=500,
        source=_SOURCE,
        verified=False,
    ),
    AllotmentRow(
        name="allotment.star",
        effective_from=date(2019, 7, 22),
        market=Market.SH,
        board=Board.STAR,
        unit=5_000,
        shares=500,
        source=_SOURCE,
        verified=False,
    ),
    # Main board and ChiNext share it.
    AllotmentRow(
        name="allotment.sz",
        effective_from=date(2016, 1, 1),
        market=Market.SZ,
        unit=5_000,
        shares=500,
        source=_SOURCE,
        verified=False,
    ),
)


def allotments(day: date) -> tuple[AllotmentRow, ...]:
    """Return the rows in force on a day, one per quota."""
    return tuple(each for each in ALLOTMENTS if each.holds(day))


def allotted(row: AllotmentRow, worth: Decimal) -> int:
    """Return the shares that may be subscribed for an average worth in the row's market, yuan."""
    return 0 if worth < row.least else int(worth // row.unit) * row.shares
