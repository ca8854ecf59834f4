"""How many shares one order may be for."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Board, Instrument, InstrumentKind
from quantgraph.domain.orders import Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.rows import CONVERTIBLES, LOOKED_UP, PRACTICE, Row, require_rule


class OddLot(StrEnum):
    """How what does not fit the lot is sold.

    REMAINDER: what is left beyond whole lots, whole, alone or at the end of whole lots.
    WHOLE_HOLDING: only all that is held, where that is below the smallest order.
    """

    REMAINDER = "REMAINDER"
    WHOLE_HOLDING = "WHOLE_HOLDING"


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRow(Row):
    """Smallest order, step above it, and the largest limit and market order, in shares."""

    topic: ClassVar[str] = "Lots"

    minimum: int = 100
    step: int = 100
    limit_most: int = 1_000_000
    market_most: int = 1_000_000

    @property
    def odd_lot(self) -> OddLot:
        """How an odd quantity is sold: above a step of one share only the smallest order is."""
        return OddLot.WHOLE_HOLDING if self.step == 1 else OddLot.REMAINDER


LOTS = (
    LotRow(name="lots.main", effective_from=date(2006, 7, 1), board=Board.MAIN),
    LotRow(
        name="lots.chinext.first",
        effective_from=date(2009, 10, 30),
        effective_to=date(2020, 8, 23),
        board=Board.CHINEXT,
        source=PRACTICE,
        verified=False,
    ),
    LotRow(
        name="lots.chinext",
        effective_from=date(2020, 8, 24),
        board=Board.CHINEXT,
        limit_most=300_000,
        market_most=150_000,
    ),
    LotRow(
        name="lots.star",
        effective_from=date(2019, 7, 22),
        board=Board.STAR,
        minimum=200,
        step=1,
        limit_most=100_000,
        market_most=50_000,
    ),
    LotRow(
        name="lots.bse",
        effective_from=date(2021, 11, 15),
        board=Board.BSE,
        step=1,
        source=PRACTICE,
        verified=False,
    ),
    LotRow(
        name="lots.fund",
        effective_from=date(2006, 7, 1),
        kind=InstrumentKind.FUND,
        source=PRACTICE,
        verified=False,
    ),
    LotRow(
        name="lots.bond",
        effective_from=date(2022, 8, 1),
        kind=InstrumentKind.BOND,
        codes=CONVERTIBLES,
        minimum=10,
        step=10,
        source=PRACTICE,
        verified=False,
    ),
)


@lru_cache(LOOKED_UP)
def lot_rule(instrument: Instrument, day: date) -> LotRow:
    """Return the lot rule of the day. Raises OrderRefused RULE_UNKNOWN."""
    return require_rule(LOTS, instrument, day, "lot size")


def check_quantity(instrument: Instrument, side: Side, quantity: int, held: int, day: date) -> None:
    """Raise unless a limit order may be for `quantity` shares.

    `held` are the shares that could be sold now: an odd remainder below a lot is sold whole, in
    an order of its own or at the end of whole lots. Whether there are enough is not asked here.
    Raises OrderRefused: QUANTITY_INVALID, LOT_SIZE, QUANTITY_LIMIT, RULE_UNKNOWN.
    """
    if quantity < 1:
        text = f"Quantity {quantity} is not a positive number of shares."
        raise OrderRefused(Reason.QUANTITY_INVALID, text, quantity=quantity)
    rule = lot_rule(instrument, day)
    if not (_fits(rule, quantity) or (side is Side.SELL and _clears(rule, quantity, held))):
        raise _odd(instrument, quantity, rule)
    _check_size(instrument, quantity, rule.limit_most)


def check_market_quantity(instrument: Instrument, quantity: int, day: date) -> None:
    """Raise QUANTITY_LIMIT beyond the largest order without a limit price."""
    _check_size(instrument, quantity, lot_rule(instrument, day).market_most)


def _fits(rule: LotRow, quantity: int) -> bool:
    return quantity >= rule.minimum and (quantity - rule.minimum) % rule.step == 0


def _clears(rule: LotRow, quantity: int, held: int) -> bool:
    if rule.odd_lot is OddLot.WHOLE_HOLDING:
        return quantity == held
    return quantity % rule.step == held % rule.step


def _check_size(instrument: Instrument, quantity: int, most: int) -> None:
    if quantity > most:
        text = f"{quantity} shares of {instrument.symbol} in one order; at most {most} are allowed."
        raise OrderRefused(
            Reason.QUANTITY_LIMIT, text, symbol=instrument.symbol, quantity=quantity, limit=most
        )


def _odd(instrument: Instrument, quantity: int, rule: LotRow) -> OrderRefused:
    text = (
        f"{quantity} shares of {instrument.symbol}: an order is for at least {rule.minimum} in "
        f"steps of {rule.step}; only the odd remainder of a holding is sold apart, and whole."
    )
    return OrderRefused(
        Reason.LOT_SIZE,
        text,
        symbol=instrument.symbol,
        quantity=quantity,
        minimum=rule.minimum,
        step=rule.step,
    )
