"""How far from the best price an order may be in continuous trading (价格笼子)."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from typing import ClassVar

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Board, Instrument, InstrumentKind
from quantgraph.domain.orders import Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.rows import LOOKED_UP, PRACTICE, TABLES, Row, require_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class CageRow(Row):
    """Shares of the base price up (buys) and down (sells), or `ticks` away if that is further.

    `rate` None: there is no cage.
    """

    topic: ClassVar[str] = "Price cage"

    rate: Decimal | None
    ticks: int = 0


_TWO, _FIVE = Decimal("0.02"), Decimal("0.05")
_LATE = f"{TABLES}; the first day is {PRACTICE}"
# The exchange held such orders back then until the price came near; we refuse them.
_HELD_BACK = f"{TABLES}; the first day, and that it refused, are {PRACTICE}"
_REFORM = date(2023, 4, 10)

CAGES = (
    CageRow(
        name="cage.main.none",
        effective_from=date(1990, 12, 19),
        effective_to=date(2023, 4, 9),
        board=Board.MAIN,
        rate=None,
    ),
    CageRow(name="cage.main", effective_from=_REFORM, board=Board.MAIN, rate=_TWO, ticks=10),
    CageRow(
        name="cage.star.first",
        effective_from=date(2019, 7, 22),
        effective_to=date(2023, 4, 9),
        board=Board.STAR,
        rate=_TWO,
        source=_LATE,
        verified=False,
    ),
    CageRow(name="cage.star", effective_from=_REFORM, board=Board.STAR, rate=_TWO, ticks=10),
    CageRow(
        name="cage.chinext.none",
        effective_from=date(2009, 10, 30),
        effective_to=date(2020, 8, 23),
        board=Board.CHINEXT,
        rate=None,
    ),
    CageRow(
        name="cage.chinext.first",
        effective_from=date(2020, 8, 24),
        effective_to=date(2023, 4, 9),
        board=Board.CHINEXT,
        rate=_TWO,
        source=_HELD_BACK,
        verified=False,
    ),
    CageRow(name="cage.chinext", effective_from=_REFORM, board=Board.CHINEXT, rate=_TWO, ticks=10),
    CageRow(
        name="cage.bse",
        effective_from=date(2021, 11, 15),
        board=Board.BSE,
        rate=_FIVE,
        ticks=10,
        source=PRACTICE,
        verified=False,
    ),
    CageRow(
        name="cage.fund.none",
        effective_from=date(1998, 4, 7),
        kind=InstrumentKind.FUND,
        rate=None,
        source=PRACTICE,
        verified=False,
    ),
    CageRow(
        name="cage.bond.none",
        effective_from=date(2022, 8, 1),
        kind=InstrumentKind.BOND,
        rate=None,
        source=PRACTICE,
        verified=False,
    ),
)


# A halt in the middle of a day collects orders for an auction, so that none trades continuously.
HALTED_CAGES = (
    CageRow(
        name="cage.halted.none",
        effective_from=date(1990, 12, 19),
        rate=None,
        source=f"{TABLES} (continuous auction only); that halts are none of it is {PRACTICE}",
        verified=False,
    ),
)


@lru_cache(LOOKED_UP)
def cage_rule(instrument: Instrument, day: date, *, halted: bool = False) -> CageRow:
    """Return the cage of the day, or of a halt in it. Raises OrderRefused RULE_UNKNOWN."""
    rows = (*HALTED_CAGES, *CAGES) if halted else CAGES
    return require_rule(rows, instrument, day, "price cage")


def cage_bound(row: CageRow, side: Side, base: Decimal, tick: Decimal) -> Decimal | None:
    """Return the highest price of a buy, or the lowest of a sell, in yuan; None without a cage.

    It is the last whole tick inside: a price beyond the share by less than a tick is beyond it.
    """
    if row.rate is None:
        return None
    if side is Side.BUY:
        most = max(base * (1 + row.rate), base + row.ticks * tick)
        return (most / tick).to_integral_value(ROUND_FLOOR) * tick
    least = min(base * (1 - row.rate), base - row.ticks * tick)
    return (least / tick).to_integral_value(ROUND_CEILING) * tick


def check_cage(instrument: Instrument, side: Side, price: Decimal, bound: Decimal | None) -> None:
    """Raise PRICE_CAGE for a buy above or a sell below the bound; None allows every price."""
    if bound is None or (price <= bound if side is Side.BUY else price >= bound):
        return
    above = "above" if side is Side.BUY else "below"
    text = (
        f"Price {price:f} of {instrument.symbol} is {above} {bound:f}, the limit for a {side} "
        "around the best price now."
    )
    raise OrderRefused(
        Reason.PRICE_CAGE,
        text,
        symbol=instrument.symbol,
        side=side,
        price=f"{price:f}",
        bound=f"{bound:f}",
    )
