"""How far a price may move from the previous close in one day."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import ClassVar

from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Board, Instrument, InstrumentKind
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.rows import (
    CONVERTIBLES,
    LOOKED_UP,
    PRACTICE,
    RULES_2026,
    TABLES,
    Row,
    find_rule,
    unknown_rule,
)
from quantgraph.domain.rules.ticks import tick_size


@dataclass(frozen=True, slots=True)
class Band:
    """The lowest and the highest price of a day, in yuan, both allowed."""

    low: Decimal
    high: Decimal

    def contains(self, price: Decimal) -> bool:
        """Return whether the price is allowed."""
        return self.low <= price <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class BandRow(Row):
    """The band of an ordinary day as a share of the previous close."""

    topic: ClassVar[str] = "Band"

    rate: Decimal


@dataclass(frozen=True, slots=True)
class BandRates:
    """How far up and down as shares of the previous close, None without a band, and whose rule."""

    up: Decimal | None
    down: Decimal | None
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRow(Row):
    """The band of a new listing's first sessions, by its list date. `up` None: no band."""

    topic: ClassVar[str] = "Band"

    sessions: int
    up: Decimal | None = None
    down: Decimal | None = None


_TEN, _TWENTY = Decimal("0.10"), Decimal("0.20")
_REGISTRATION = date(2023, 4, 10)

_FUND, _BOND = InstrumentKind.FUND, InstrumentKind.BOND

BANDS = (
    BandRow(
        name="band.main", effective_from=date(1996, 12, 16), board=Board.MAIN, st=False, rate=_TEN
    ),
    BandRow(
        name="band.main.st",
        effective_from=date(1998, 4, 22),
        effective_to=date(2026, 7, 5),
        board=Board.MAIN,
        st=True,
        rate=Decimal("0.05"),
        source=f"{TABLES}; ended by {RULES_2026}",
    ),
    BandRow(
        name="band.main.st",
        effective_from=date(2026, 7, 6),
        board=Board.MAIN,
        st=True,
        rate=_TEN,
        source=RULES_2026,
    ),
    BandRow(
        name="band.chinext",
        effective_from=date(2009, 10, 30),
        effective_to=date(2020, 8, 23),
        board=Board.CHINEXT,
        rate=_TEN,
    ),
    BandRow(
        name="band.chinext", effective_from=date(2020, 8, 24), board=Board.CHINEXT, rate=_TWENTY
    ),
    BandRow(name="band.star", effective_from=date(2019, 7, 22), board=Board.STAR, rate=_TWENTY),
    BandRow(
        name="band.bse", effective_from=date(2021, 11, 15), board=Board.BSE, rate=Decimal("0.30")
    ),
    # Shanghai numbers the funds of the STAR market apart. Of a Shenzhen fund the code does not
    # tell whether it follows ChiNext (20 %) or not (10 %): no row, no guess.
    BandRow(
        name="band.fund.star",
        effective_from=date(2020, 11, 16),
        kind=_FUND,
        codes=("SH588",),
        rate=_TWENTY,
        source=PRACTICE,
        verified=False,
    ),
    BandRow(
        name="band.fund",
        effective_from=date(1998, 4, 7),
        kind=_FUND,
        codes=("SH50", "SH51", "SH52", "SH53", "SH56"),
        rate=_TEN,
        source=PRACTICE,
        verified=False,
    ),
    BandRow(
        name="band.bond",
        effective_from=date(2022, 8, 1),
        kind=_BOND,
        codes=CONVERTIBLES,
        rate=_TWENTY,
        source=PRACTICE,
        verified=False,
    ),
)


def _first_day(board: Board, start: date, last: date) -> ListingRow:
    # Before the registration system the first day ran from 64 % to 144 % of the issue price.
    return ListingRow(
        name=f"listing.{board.lower()}.first",
        effective_from=start,
        effective_to=last,
        board=board,
        sessions=1,
        up=Decimal("0.44"),
        down=Decimal("0.36"),
        source=PRACTICE,
        verified=False,
    )


# `effective_*` of these rows bound the list date, not the trading day.
LISTINGS = (
    _first_day(Board.MAIN, date(2014, 1, 1), _REGISTRATION - timedelta(days=1)),
    ListingRow(name="listing.main", effective_from=_REGISTRATION, board=Board.MAIN, sessions=5),
    _first_day(Board.CHINEXT, date(2014, 1, 1), date(2020, 8, 23)),
    ListingRow(
        name="listing.chinext",
        effective_from=date(2020, 8, 24),
        board=Board.CHINEXT,
        sessions=5,
    ),
    ListingRow(name="listing.star", effective_from=date(2019, 7, 22), board=Board.STAR, sessions=5),
    ListingRow(name="listing.bse", effective_from=date(2021, 11, 15), board=Board.BSE, sessions=1),
    ListingRow(
        name="listing.bond",
        effective_from=date(2022, 8, 1),
        kind=_BOND,
        codes=CONVERTIBLES,
        sessions=1,
        up=Decimal("0.573"),
        down=Decimal("0.433"),
        source=PRACTICE,
        verified=False,
    ),
)
# No five sessions were ever spread over more days than this; beyond it no calendar is asked.
_LISTING_SPAN = timedelta(days=40)


def price_band(
    instrument: Instrument, previous_close: Decimal, day: date, calendar: TradingCalendar
) -> Band | None:
    """Return the band of the day in yuan, or None where the day has none (a new listing).

    Limits are rounded half up to the tick and lie at least one tick away from the previous
    close. An unknown list date means listed long ago; in the delisting period no band is known.
    Raises OrderRefused: RULE_UNKNOWN, NOT_TRADABLE before listing and after delisting.
    """
    check_listed(instrument, day)
    rates = band_rates(instrument, day, calendar)
    return limits_of(rates, previous_close, tick_size(instrument, day))


def limits_of(rates: BandRates, previous_close: Decimal, tick: Decimal) -> Band | None:
    """Return the band around a previous close, None where the day has none."""
    up, down = rates.up, rates.down
    if up is None or down is None:
        return None
    high = max(to_tick(previous_close * (1 + up), tick), previous_close + tick)
    low = min(to_tick(previous_close * (1 - down), tick), previous_close - tick)
    return Band(max(low, tick), high)


def check_listed(instrument: Instrument, day: date) -> None:
    """Raise NOT_TRADABLE before the listing and from the delisting on."""
    early = instrument.list_date is not None and day < instrument.list_date
    late = instrument.delist_date is not None and day >= instrument.delist_date
    if early or late:
        text = f"{instrument.symbol} is not listed on {day}."
        raise OrderRefused(
            Reason.NOT_TRADABLE, text, symbol=instrument.symbol, date=day.isoformat()
        )


def check_band(instrument: Instrument, price: Decimal, band: Band | None) -> None:
    """Raise PRICE_BAND for a price outside the band; None allows every price."""
    if band is None or band.contains(price):
        return
    text = (
        f"Price {price:f} of {instrument.symbol} is outside today's band "
        f"{band.low:f} to {band.high:f}."
    )
    raise OrderRefused(
        Reason.PRICE_BAND,
        text,
        symbol=instrument.symbol,
        price=f"{price:f}",
        low=f"{band.low:f}",
        high=f"{band.high:f}",
    )


def band_rates(instrument: Instrument, day: date, calendar: TradingCalendar) -> BandRates:
    """Return the shares of the previous close for the day. Raises OrderRefused RULE_UNKNOWN.

    The delisting period has no band on its first day and a narrow one after; no source here tells
    when it began, so that neither is said.
    """
    if instrument.is_leaving:
        raise unknown_rule(instrument, day, "price band of the delisting period")
    listed = instrument.list_date
    if listed is not None and day - listed < _LISTING_SPAN:
        number = len(calendar.between(listed, day))
        first = find_rule(LISTINGS, instrument, listed)
        if first is None and number == 1:
            raise unknown_rule(instrument, day, "first day's price band")
        if first is not None and number <= first.sessions:
            return BandRates(first.up, first.down, first)
    return _ordinary(instrument, day)


@lru_cache(LOOKED_UP)
def _ordinary(instrument: Instrument, day: date) -> BandRates:
    row = find_rule(BANDS, instrument, day)
    if row is None:
        raise unknown_rule(instrument, day, "price band")
    return BandRates(row.rate, row.rate, row)


def to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """Return a price rounded half up to the tick."""
    return (price / tick).quantize(Decimal(1), ROUND_HALF_UP) * tick
