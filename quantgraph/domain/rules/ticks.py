"""Smallest price steps."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import ClassVar

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Instrument, InstrumentKind, classify
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.rows import CONVERTIBLES, LOOKED_UP, PRACTICE, Row, require_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRow(Row):
    """A price step in yuan."""

    topic: ClassVar[str] = "Tick"

    tick: Decimal


TICKS = (
    TickRow(name="tick.stock", effective_from=date(1990, 12, 19), tick=Decimal("0.01")),
    TickRow(
        name="tick.fund",
        effective_from=date(2003, 3, 3),
        kind=InstrumentKind.FUND,
        tick=Decimal("0.001"),
        source=PRACTICE,
        verified=False,
    ),
    TickRow(
        name="tick.bond",
        effective_from=date(2022, 8, 1),
        kind=InstrumentKind.BOND,
        codes=CONVERTIBLES,
        tick=Decimal("0.001"),
        source=PRACTICE,
        verified=False,
    ),
)

_CENT = Decimal("0.01")


def tick_size(instrument: Instrument, day: date) -> Decimal:
    """Return the price step in yuan; the instrument's own, where its source states one.

    Raises OrderRefused RULE_UNKNOWN.
    """
    own = instrument.price_tick
    return _row(instrument, day).tick if own is None else own


def tick_rule(instrument: Instrument, day: date) -> TickRow | None:
    """Return the row that states the step, None where the instrument's source does itself."""
    return _row(instrument, day) if instrument.price_tick is None else None


@lru_cache(LOOKED_UP)
def _row(instrument: Instrument, day: date) -> TickRow:
    return require_rule(TICKS, instrument, day, "price tick")


def shown_tick(instrument: Instrument) -> Decimal | None:
    """Return the instrument's own step, or that of its newest rule; None where there is neither.

    For display, which has no day; an order is judged by `tick_size`.
    """
    if instrument.price_tick is not None:
        return instrument.price_tick
    rows = (row for row in TICKS if row.concerns(instrument))
    newest = max(rows, key=lambda row: row.effective_from, default=None)
    return None if newest is None else newest.tick


def in_ticks(symbol: str, price: float) -> Decimal:
    """Return the exact price with the decimals of its symbol's step: 11.0 of a share is 11.00.

    Digits beyond the step are kept; what has no step has two decimals at least.
    """
    kind = classify(symbol)[1]
    step = max((row.tick for row in TICKS if row.kind is kind), default=_CENT)
    exact = Decimal(repr(price))
    written = exact.quantize(step)
    return written if written == exact else exact


def check_tick(instrument: Instrument, price: Decimal, day: date) -> None:
    """Raise TICK_SIZE unless the price is a positive multiple of the tick."""
    tick = tick_size(instrument, day)
    if price > 0 and price % tick == 0:
        return
    text = f"Price {price:f} of {instrument.symbol} is not a positive multiple of {tick:f} yuan."
    raise OrderRefused(
        Reason.TICK_SIZE, text, symbol=instrument.symbol, price=f"{price:f}", tick=f"{tick:f}"
    )
