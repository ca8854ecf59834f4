"""Every order is judged as a second checker judges it, which shares nothing with the first."""

from datetime import date, time, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.calendar import at
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.rules.admission import check_cancel
from quantgraph.domain.rules.checks import check_order
from quantgraph.domain.rules.situations import Prices

from . import oracle
from .oracle import CENT, Case, clock

SHARES = ("600519.SH", "000001.SZ", "300750.SZ", "688981.SH", "835185.BJ")
# An ETF, one of the STAR market, a fund that is no ETF; convertible bonds of both exchanges.
OTHERS = ("510300.SH", "588000.SH", "501018.SH", "113053.SH", "123001.SZ")
SYMBOLS = (*SHARES, *OTHERS)
# The first day of each rule and the trading day before it.
CHANGES = (
    (date(2018, 8, 20), date(2018, 8, 17)),
    (date(2019, 7, 22), date(2019, 7, 19)),
    (date(2020, 8, 24), date(2020, 8, 21)),
    (date(2020, 12, 31), date(2020, 12, 30)),
    (date(2020, 11, 16), date(2020, 11, 13)),
    (date(2021, 11, 15), date(2021, 11, 12)),
    (date(2022, 8, 1), date(2022, 7, 29)),
    (date(2023, 4, 10), date(2023, 4, 7)),
    (date(2026, 7, 6), date(2026, 7, 3)),
)
DAYS = tuple(day for pair in CHANGES for day in pair)
# Where figures change, not only times.
FIGURES = tuple(
    day
    for pair in CHANGES
    for day in pair
    if pair[0] in (date(2020, 8, 24), date(2022, 8, 1), date(2023, 4, 10), date(2026, 7, 6))
)
# Each phase, its first and last second, and what lies between.
SECONDS = (
    clock(9, 14, 59), clock(9, 15), clock(9, 19, 59), clock(9, 20), clock(9, 24, 59), clock(9, 25),
    clock(9, 29, 59), clock(9, 30), clock(11, 29, 59), clock(11, 30), clock(12, 59, 59),
    clock(13, 0), clock(14, 56, 59), clock(14, 57), clock(14, 59, 59), clock(15, 0),
    clock(15, 4, 59), clock(15, 5), clock(15, 29, 59), clock(15, 30),
)  # fmt: skip


def yuan(mills):
    return None if mills is None else Decimal(mills) / 1_000


@pytest.fixture(scope="module")
def judge(make_instrument, make_place, make_wish):
    """Return the product's verdict on a case: a code, or None."""

    def verdict(case):
        share = make_instrument(case.symbol, listed=case.listed, is_st=case.st)
        place = make_place(
            case.day,
            moment(case),
            instrument=share,
            prices=Prices(yuan(case.close), yuan(case.bid), yuan(case.ask), yuan(case.last)),
            held=case.held,
            bought=case.bought,
        )
        price = yuan(case.price)
        kind = PriceType(case.price_type)
        try:
            check_order(make_wish(price, Side(case.side), case.quantity, kind), place)
        except OrderRefused as error:
            return str(error.reason)
        return None

    return verdict


def moment(case):
    minutes, second = divmod(case.second, 60)
    return time(minutes // 60, minutes % 60, second)


def agree(judge, case):
    said, broken = judge(case), oracle.broken(case)
    if not oracle.exists(case):  # no board, no rules: refused, for whichever is missed first
        assert said is not None, case
        return
    assert (said in broken) if broken else said is None, (case, said, broken)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_both_agree_on_every_board_day_phase_side_and_price_type(judge, symbol):
    shapes = list(product(DAYS, (False, True), ("BUY", "SELL"), PriceType))
    for day, is_st, side, kind in shapes:
        price = 10_000 if kind.priced else None
        for second in SECONDS:
            agree(judge, Case(symbol, day, second, side, 200, str(kind), price, st=is_st))


def near(*points):
    """Return whole ticks around some prices, and what lies between ticks."""
    shifts = (-CENT, -1, 0, 1, CENT)
    return sorted({each + shift for each in points for shift in shifts})


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("close", [30, 4_990, 10_050, 1_811_400])
def test_both_agree_one_tick_to_either_side_of_band_and_cage(judge, symbol, close):
    for day, is_st, side in product(FIGURES, (False, True), ("BUY", "SELL")):
        for shown in ({"ask": close}, {"bid": close, "last": close + 3 * CENT}):
            case = Case(symbol, day, clock(10, 0), side, 200, close=close, st=is_st, **shown)
            low, high = oracle.limits(case) or (close, close)
            edges = (close * 98 // 1000 * 10, close * 102 // 1000 * 10)
            more = (close * 95 // 1000 * 10, close * 105 // 1000 * 10)
            for price in near(low, high, close - 10 * CENT, close + 10 * CENT, *edges, *more):
                agree(judge, case._replace(price=price))


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_both_agree_one_tick_to_either_side_of_the_close_after_hours(judge, symbol):
    edges = (clock(15, 4, 59), clock(15, 5), clock(15, 29, 59), clock(15, 30))
    for day, side, last in product(FIGURES, ("BUY", "SELL"), (None, 10_200)):
        for second, price in product(edges, near(10_000 if last is None else last)):
            case = Case(symbol, day, second, side, price_type="AFTER_HOURS", price=price, last=last)
            agree(judge, case)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_both_agree_one_share_to_either_side_of_lots_and_sizes(judge, symbol):
    edges = (
        1,
        10,
        20,
        50,
        100,
        150,
        199,
        200,
        50_000,
        100_000,
        150_000,
        300_000,
        500_000,
        1_000_000,
    )
    quantities = sorted({edge + shift for edge in edges for shift in (-100, -1, 0, 1, 100)})
    kinds = (PriceType.LIMIT, PriceType.OPPOSITE_BEST)
    for day, side, kind in product(FIGURES, ("BUY", "SELL"), kinds):
        for quantity, held in product(quantities, (50, 199, 350)):
            price = 10_000 if kind.priced else None
            given_ = Case(symbol, day, clock(10, 0), side, quantity, str(kind), price, held=held)
            agree(judge, given_)


@pytest.mark.parametrize("symbol", SHARES)
def test_both_agree_one_share_to_either_side_of_the_days_purchases(judge, symbol):
    for day, side, bought in product(DAYS, ("BUY", "SELL"), (499_799, 499_800, 499_801, None)):
        case = Case(symbol, day, clock(9, 16), side, price=10_000, st=True, bought=bought)
        agree(judge, case)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_both_agree_on_the_first_days_of_new_shares(judge, symbol):
    firsts = {change for pair in CHANGES for change in pair} | {
        date(2013, 12, 31),
        date(2014, 1, 2),
    }
    for listed, wait in product(sorted(firsts), range(-1, 10)):
        day = listed + timedelta(days=wait)
        for price, kind in (
            *((price, "LIMIT") for price in (5_669, 5_670, 14_400, 14_410, 15_730, 15_731)),
            (None, "BEST_FIVE_CANCEL"),
        ):
            case = Case(symbol, day, clock(9, 16), price=price, listed=listed)
            agree(judge, case._replace(price_type=kind))
            agree(judge, case._replace(price_type=kind, second=clock(10, 0)))


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_both_agree_on_cancels(symbol, make_instrument, calendar):
    share = make_instrument(symbol)
    for day, second, kind in product(DAYS, SECONDS, (PriceType.LIMIT, PriceType.AFTER_HOURS)):
        case = Case(symbol, day, second, price_type=str(kind))
        if not oracle.exists(case):
            continue
        try:
            check_cancel(kind, share, at(day, moment(case)), calendar)
            taken = True
        except OrderRefused:
            taken = False
        assert taken is oracle.takes_cancel(case), case


PRICES = st.none() | st.integers(1, 200_000).map(lambda ticks: ticks * CENT)
CASES = st.builds(
    Case,
    symbol=st.sampled_from(SYMBOLS),
    day=st.sampled_from(DAYS) | st.dates(date(2015, 1, 1), date(2026, 12, 31)),
    second=st.sampled_from(SECONDS) | st.integers(0, 86_399),
    side=st.sampled_from(["BUY", "SELL"]),
    quantity=st.integers(-1, 1_000_200) | st.integers(1, 12).map(lambda lots: lots * 100),
    price_type=st.just("LIMIT") | st.sampled_from([str(kind) for kind in PriceType]),
    price=PRICES | st.integers(9_000, 11_000),
    close=st.just(10_000) | PRICES,
    bid=PRICES | st.just(9_990),
    ask=PRICES | st.just(10_010),
    last=PRICES,
    st=st.booleans(),
    listed=st.none() | st.sampled_from(DAYS),
    held=st.integers(0, 400),
    bought=st.none() | st.integers(0, 600_000),
)


@settings(max_examples=400)
@given(case=CASES)
def test_both_agree_on_any_order(judge, case):
    agree(judge, case)
