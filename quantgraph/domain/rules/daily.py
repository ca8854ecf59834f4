"""All that the rules say of one instrument on one day, before anybody orders."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Instrument, InstrumentKind
from quantgraph.domain.orders import PriceType
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.bands import band_rates, check_listed, limits_of, to_tick
from quantgraph.domain.rules.cages import cage_rule
from quantgraph.domain.rules.halts import halt_rules
from quantgraph.domain.rules.lots import OddLot, lot_rule
from quantgraph.domain.rules.price_types import taken_types
from quantgraph.domain.rules.quotas import quota_rule
from quantgraph.domain.rules.rows import Row
from quantgraph.domain.rules.settlement import settlement_rule
from quantgraph.domain.rules.ticks import tick_size

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Basis:
    """Whose rule it is, what a configuration calls it, and whether anybody checked the text."""

    rule: str
    name: str
    verified: bool

    @classmethod
    def of(cls, row: Row) -> "Basis":
        """Return it of a row."""
        return cls(row.rule, row.name, row.verified)


@dataclass(frozen=True, slots=True)
class LotTerms:
    """Smallest order, step above it, largest limit and market order, in shares."""

    minimum: int
    step: int
    limit_most: int
    market_most: int
    odd_lot: OddLot
    basis: Basis


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
    basis: Basis


@dataclass(frozen=True, slots=True)
class CageTerms:
    """How far beyond the best price an order may be in continuous trading: the further of both.

    `rate` is a share of it, None where there is no cage; `ticks` are steps of the price.
    """

    rate: Decimal | None
    ticks: int
    basis: Basis


@dataclass(frozen=True, slots=True)
class PriceTypeTerms:
    """A price type that is taken on the day; `in_auctions` False: in continuous trading only.

    AFTER_HOURS is taken for the trading after the close alone.
    """

    price_type: PriceType
    in_auctions: bool
    basis: Basis


@dataclass(frozen=True, slots=True)
class SettlementTerms:
    """Trading days until shares can be sold and proceeds withdrawn; 0 is the same day."""

    sellable_after: int
    withdrawable_after: int
    basis: Basis


@dataclass(frozen=True, slots=True)
class QuotaTerms:
    """Shares of the symbol that one account may buy in the day."""

    most: int
    basis: Basis


@dataclass(frozen=True, slots=True)
class HaltTerms:
    """The first trade this share of the day's open away from it stops trading so long."""

    move: Decimal
    minutes: int
    basis: Basis


@dataclass(frozen=True, slots=True)
class InstrumentRules:
    """What an order must keep to on a day; None where no rule is known.

    An index is never tradable, and nothing is before its listing and from its delisting on.
    `quota` None: none holds. `halts` are empty under a band.
    """

    symbol: str
    day: date
    is_tradable: bool
    price_tick: Decimal | None = None
    lot: LotTerms | None = None
    band: BandTerms | None = None
    cage: CageTerms | None = None
    price_types: tuple[PriceTypeTerms, ...] = ()
    settlement: SettlementTerms | None = None
    quota: QuotaTerms | None = None
    halts: tuple[HaltTerms, ...] = ()


def rules_of(
    instrument: Instrument, day: date, previous_close: Decimal | None, calendar: TradingCalendar
) -> InstrumentRules:
    """Return the rules of a day. Raises Unsupported CALENDAR_NOT_COVERED."""
    if not _tradable(instrument, day):
        return InstrumentRules(instrument.symbol, day, is_tradable=False)
    tick = _known(lambda: tick_size(instrument, day))
    prices = (previous_close, tick)
    return InstrumentRules(
        symbol=instrument.symbol,
        day=day,
        is_tradable=True,
        price_tick=tick,
        lot=_known(lambda: _lot(instrument, day)),
        band=_known(lambda: _band(instrument, day, prices, calendar)),
        cage=_known(lambda: _cage(instrument, day)),
        price_types=_known(lambda: _price_types(instrument, day)) or (),
        settlement=_known(lambda: _settlement(instrument, day)),
        quota=_quota(instrument, day),
        halts=_known(lambda: _halts(instrument, day, calendar)) or (),
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
    return LotTerms(*sizes, row.odd_lot, Basis.of(row))


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
        basis=Basis.of(rates.row),
    )


def _cage(instrument: Instrument, day: date) -> CageTerms:
    row = cage_rule(instrument, day)
    return CageTerms(row.rate, row.ticks, Basis.of(row))


def _price_types(instrument: Instrument, day: date) -> tuple[PriceTypeTerms, ...]:
    return tuple(
        PriceTypeTerms(each.price_type, each.in_auctions, Basis.of(each.row))
        for each in taken_types(instrument, day)
    )


def _settlement(instrument: Instrument, day: date) -> SettlementTerms:
    row = settlement_rule(instrument, day)
    return SettlementTerms(row.sellable_after, row.withdrawable_after, Basis.of(row))


def _quota(instrument: Instrument, day: date) -> QuotaTerms | None:
    row = quota_rule(instrument, day)
    return None if row is None else QuotaTerms(row.most, Basis.of(row))


def _halts(instrument: Instrument, day: date, calendar: TradingCalendar) -> tuple[HaltTerms, ...]:
    rows = halt_rules(instrument, day, calendar)
    return tuple(HaltTerms(row.move, row.minutes, Basis.of(row)) for row in rows)
