"""What the rules say of instruments on a day, against hand-made cases and the checks of orders."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.errors import GatewayError, OrderRefused, Unsupported
from quantgraph.domain.instruments import Instrument, classify
from quantgraph.domain.orders import Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.bands import price_band
from quantgraph.domain.rules.daily import rules_of
from quantgraph.domain.rules.lots import OddLot, check_quantity
from quantgraph.domain.sources import Source
from quantgraph.services.rules import RuleBook

from .conftest import FixedClock, SmallMarket

DAY = date(2023, 2, 1)


def stock(symbol, listed=None, delisted=None, is_st=False):
    tick = None
    return Instrument(
        symbol, None, *classify(symbol), tick, listed, delisted, is_st, Source.SIMULATED
    )


def test_a_main_board_share_has_lots_of_a_hundred_and_ten_percent(calendar):
    rules = rules_of(stock("600519.SH"), DAY, Decimal("1720.1500000000001"), calendar)
    assert (rules.is_tradable, rules.price_tick) == (True, Decimal("0.01"))
    assert (rules.lot.minimum, rules.lot.step, rules.lot.odd_lot) == (100, 100, OddLot.REMAINDER)
    band = rules.band
    assert (band.up, band.down) == (Decimal("0.10"), Decimal("0.10"))
    assert (band.lower, band.previous_close, band.upper) == (
        Decimal("1548.14"),
        Decimal("1720.15"),
        Decimal("1892.17"),
    )


@pytest.mark.parametrize(
    ("symbol", "day", "is_st", "rate"),
    [
        ("600518.SH", date(2026, 7, 3), True, "0.05"),
        ("600518.SH", date(2026, 7, 6), True, "0.10"),
        ("300750.SZ", date(2020, 8, 21), False, "0.10"),
        ("300750.SZ", date(2020, 8, 24), False, "0.20"),
        ("688981.SH", DAY, True, "0.20"),
        ("835185.BJ", DAY, False, "0.30"),
    ],
)
def test_bands_follow_board_risk_warning_and_day(calendar, symbol, day, is_st, rate):
    band = rules_of(stock(symbol, is_st=is_st), day, None, calendar).band
    assert (band.up, band.down) == (Decimal(rate), Decimal(rate))
    assert (band.previous_close, band.lower, band.upper) == (None, None, None)
    assert band.basis.rule.startswith("Band: ")


def test_star_shares_sell_a_small_holding_whole(calendar):
    lot = rules_of(stock("688981.SH"), DAY, None, calendar).lot
    assert (lot.minimum, lot.step, lot.odd_lot) == (200, 1, OddLot.WHOLE_HOLDING)
    assert (lot.limit_most, lot.market_most) == (100_000, 50_000)


def test_a_new_listing_has_no_band(calendar):
    band = rules_of(stock("688981.SH", listed=DAY), DAY, Decimal(10), calendar).band
    assert (band.up, band.lower, band.upper) == (None, None, None)
    assert band.previous_close == Decimal(10)


@pytest.mark.parametrize(
    "instrument",
    [
        stock("000300.SH"),
        stock("600519.SH", listed=date(2023, 2, 2)),
        stock("600519.SH", delisted=DAY),
    ],
)
def test_what_cannot_be_traded_has_no_rules(calendar, instrument):
    rules = rules_of(instrument, DAY, Decimal(10), calendar)
    assert (rules.is_tradable, rules.price_tick, rules.lot, rules.band) == (False, None, None, None)


def test_what_no_row_tells_is_not_guessed(calendar):
    rules = rules_of(stock("122059.SH"), DAY, Decimal(100), calendar)
    assert (rules.is_tradable, rules.price_tick, rules.lot, rules.band) == (True, None, None, None)
    assert rules_of(stock("600519.SH"), date(1995, 1, 5), None, calendar).band is None


@given(
    st.sampled_from(["600519.SH", "300750.SZ", "688981.SH", "835185.BJ"]),
    st.integers(1, 1_000_000),
    st.integers(0, 3_000),
    st.booleans(),
)
def test_lot_terms_tell_what_the_order_check_takes(calendar, symbol, cents, quantity, sells):
    """`held` is what a WHOLE_HOLDING or a REMAINDER is measured by."""
    held = 1_150 if quantity % 2 else 150
    share, close = stock(symbol), Decimal(cents) / 100
    rules = rules_of(share, DAY, close, calendar)
    lot = rules.lot
    fits = quantity >= lot.minimum and (quantity - lot.minimum) % lot.step == 0
    if sells and not fits and quantity > 0:
        whole = lot.odd_lot is OddLot.WHOLE_HOLDING
        fits = quantity == held if whole else quantity % lot.step == held % lot.step
    try:
        check_quantity(share, Side.SELL if sells else Side.BUY, quantity, held, DAY)
        taken = True
    except OrderRefused:
        taken = False
    assert taken is fits
    band = price_band(share, close, DAY, calendar)
    assert (rules.band.lower, rules.band.upper) == (band.low, band.high)


@pytest.fixture
def book(calendar):
    market = SmallMarket()
    return RuleBook(market, (market, market), FixedClock(), calendar)


async def test_unknown_symbols_leave_the_others_their_rules(book, monkeypatch):
    known, unknown = await book.rules(["600519.SH", "999999.SH"], date(2024, 8, 26))
    assert known.symbol == "600519.SH"
    assert isinstance(unknown, GatewayError)
    assert unknown.reason is Reason.UNKNOWN_SYMBOL


async def test_a_day_that_the_calendar_does_not_cover_is_refused(book):
    with pytest.raises(Unsupported) as caught:
        await book.rules(["600519.SH"], date(2027, 1, 4))
    assert caught.value.reason is Reason.CALENDAR_NOT_COVERED
