"""All that the rules say of one instrument on one day, before anybody orders."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Instrument, InstrumentKind
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.bands import band_rates, check_listed, limits_of, to_tick
from quantgraph.domain.rules.lots import OddLot, lot_rule
from quantgraph.domain.rules.ticks import tick_size

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LotTerms:
    """Smallest order, step above it, largest limit and market order, in shares; whose rule."""

    minimum: int
    step: int
    limit_most: int
    market_most: int
    odd_lot: OddLot
    rule: str
    verified: bool


@dataclass(frozen=True, slots=True)
class BandTerms:
    """Shares of the previous close up and down, None where the day has no band.

    `lower` and `upper` in yuan, both allowed, are None where the previous close is not known.
    """

    up: Decimal | None
    down: Decimal | None
    previous_close: Decimal | None
    lower: Decimal | None
    upper: Decimal | None
    rule: str
    verified: bool


@dataclass(frozen=True, slots=True)
class InstrumentRules:
    """What an order must keep to on a day; None where no rule is known.

    An index is never tradable, and nothing is before its listing and from its delisting on.
    """

    symbol: str
    day: date
    is_tradable: bool
    price_tick: Decimal | None
    lot: LotTerms | None
    band: BandTerms | None


def rules_of(
    instrument: Instrument, day: date, previous_close: Decimal | None, calendar: TradingCalendar
) -> InstrumentRules:
    """Return the rules of a day. Raises Unsupported CALENDAR_NOT_COVERED."""
    if not _tradable(instrument, day):
        return InstrumentRules(instrument.symbol, day, False, None, None, None)
    tick = _known(lambda: tick_size(instrument, day))
    return InstrumentRules(
        symbol=instrument.symbol,
        day=day,
        is_tradable=True,
        price_tick=tick,
        lot=_known(lambda: _lot(instrument, day)),
        band=_known(lambda: _band(instrument, day, (previous_close, tick), calendar)),
    )


def _tradable(instrument: Instrument, day: date) -> bool:
    try:
        check_listed(instrument, day)
    except OrderRefused:
        return False
    return instrument.kind is not InstrumentKind.INDEX


def _known(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except OrderRefused as error:
        if error.reason is not Reason.RULE_UNKNOWN:
            raise
        return None


def _lot(instrument: Instrument, day: date) -> LotTerms:
    row = lot_rule(instrument, day)
    sizes = (row.minimum, row.step, row.limit_most, row.market_most)
    return LotTerms(*sizes, row.odd_lot, row.source, row.verified)


def _band(
    instrument: Instrument,
    day: date,
    prices: tuple[Decimal | None, Decimal | None],
    calendar: TradingCalendar,
) -> BandTerms:
    rates = band_rates(instrument, day, calendar)
    close, tick = prices
    if close is not None and tick is not None:
        close = to_tick(close, tick)  # sources hold prices as doubles
    band = None if close is None or tick is None else limits_of(rates, close, tick)
    return BandTerms(
        up=rates.up,
        down=rates.down,
        previous_close=close,
        lower=None if band is None else band.low,
        upper=None if band is None else band.high,
        rule=rates.row.source,
        verified=rates.row.verified,
    )
