"""When a share without a price band stops for a while (临时停牌)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.instruments import Board, Instrument
from quantgraph.domain.rules.bands import band_rates
from quantgraph.domain.rules.rows import PRACTICE, TABLES, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltRow(Row):
    """The first trade this share away from the day's open, up or down, stops it so long."""

    topic: ClassVar[str] = "Halts"

    move: Decimal
    minutes: int = 10


_SOURCE = f"{TABLES}; the first day is {PRACTICE}"


def _halts(board: Board, first: date, verified: bool) -> tuple[HaltRow, ...]:
    return tuple(
        HaltRow(
            name=f"halts.{board.lower()}.{move}".replace("0.", ""),
            effective_from=first,
            board=board,
            move=Decimal(move),
            source=_SOURCE if verified else PRACTICE,
            verified=verified,
        )
        for move in ("0.30", "0.60")
    )


HALTS = (
    *_halts(Board.MAIN, date(2023, 4, 10), verified=True),
    *_halts(Board.STAR, date(2019, 7, 22), verified=True),
    *_halts(Board.CHINEXT, date(2020, 8, 24), verified=True),
    *_halts(Board.BSE, date(2021, 11, 15), verified=False),
)


def halt_rules(instrument: Instrument, day: date, calendar: TradingCalendar) -> Sequence[HaltRow]:
    """Return the moves that stop the instrument on a day, smallest first; none under a band.

    Raises OrderRefused RULE_UNKNOWN, CALENDAR_NOT_COVERED.
    """
    if band_rates(instrument, day, calendar).up is not None:
        return ()
    rows = (row for row in HALTS if row.concerns(instrument) and row.holds(day))
    return sorted(rows, key=lambda row: row.move)
