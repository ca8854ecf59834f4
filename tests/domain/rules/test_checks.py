"""Orders judged as a whole: cage, price types, quota, cancels, and rules nobody has verified."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest

from quantgraph.domain.calendar import TradingCalendar, at
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.admission import check_cancel
from quantgraph.domain.rules.checks import check_order, worst_price
from quantgraph.domain.rules.price_types import taken_types
from quantgraph.domain.rules.situations import Prices, prices_of
from quantgraph.domain.rules.trust import trust_of
from quantgraph.domain.sources import Source
from quantgraph.domain.system import Mode

STAR, CHINEXT, BSE, SZ = "688981.SH", "300750.SZ", "835185.BJ", "000001.SZ"


def verdict(call, *args):
    try:
        call(*args)
    except OrderRefused as error:
        return error.reason
    return None


def yuan(*texts):
    return [None if text is None else Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("side", "price", "shown", "said"),
    [
        # shown: previous close, best bid, best ask, last
        (Side.BUY, "10.30", ("10.00", "10.08", "10.10", "10.09"), None),  # 10.10 × 1.02 = 10.302
        (Side.BUY, "10.31", ("10.00", "10.08", "10.10", "10.09"), Reason.PRICE_CAGE),
        (Side.BUY, "10.28", ("10.00", "10.08", None, "10.20"), None),  # 10.08 × 1.02 = 10.2816
        (Side.BUY, "10.29", ("10.00", "10.08", None, "10.20"), Reason.PRICE_CAGE),
        (Side.BUY, "10.40", ("10.00", None, None, "10.20"), None),
        (Side.BUY, "10.41", ("10.00", None, None, "10.20"), Reason.PRICE_CAGE),
        (Side.BUY, "10.20", ("10.00", None, None, None), None),
        (Side.BUY, "10.21", ("10.00", None, None, None), Reason.PRICE_CAGE),
        (Side.BUY, "9.00", ("10.00", "10.08", "10.10", "10.09"), None),
        (Side.SELL, "9.88", ("10.00", "10.08", "10.10", "10.09"), None),  # 10.08 × 0.98 = 9.8784
        (Side.SELL, "9.87", ("10.00", "10.08", "10.10", "10.09"), Reason.PRICE_CAGE),
        (Side.SELL, "11.00", ("10.00", "10.08", "10.10", "10.09"), None),
        (Side.BUY, "3.10", ("3.00", "2.99", "3.00", "3.00"), None),  # ten ticks are further
        (Side.BUY, "3.11", ("3.00", "2.99", "3.00", "3.00"), Reason.PRICE_CAGE),
        (Side.SELL, "2.89", ("3.00", "2.99", "3.00", "3.00"), None),
        (Side.SELL, "2.88", ("3.00", "2.99", "3.00", "3.00"), Reason.PRICE_CAGE),
    ],
)
def test_the_cage_is_measured_from_the_best_price_that_is_shown(
    make_wish, make_place, side, price, shown, said
):
    place = make_place(prices=Prices(*yuan(*shown)), held=100)
    assert verdict(check_order, make_wish(price, side), place) is said


@pytest.mark.parametrize(
    ("symbol", "day", "clock", "said"),
    [
        ("600519.SH", date(2023, 4, 7), time(10), None),
        ("600519.SH", date(2023, 4, 10), time(10), Reason.PRICE_CAGE),
        ("600519.SH", date(2024, 8, 21), time(9, 16), None),
        ("600519.SH", date(2024, 8, 21), time(14, 57), None),
        ("600519.SH", date(2024, 8, 21), time(14, 56, 59), Reason.PRICE_CAGE),
        (STAR, date(2019, 7, 22), time(10), Reason.PRICE_CAGE),
        (CHINEXT, date(2020, 8, 21), time(10), None),
        (CHINEXT, date(2020, 8, 24), time(10), Reason.PRICE_CAGE),
        (BSE, date(2024, 8, 21), time(10), Reason.PRICE_CAGE),
        ("510300.SH", date(2024, 8, 21), time(10), None),
    ],
)
def test_a_cage_holds_in_continuous_trading_from_its_first_day(
    make_wish, make_place, make_instrument, symbol, day, clock, said
):
    place = make_place(day, clock, instrument=make_instrument(symbol))
    assert verdict(check_order, make_wish("10.80", quantity=200), place) is said


@pytest.mark.parametrize(
    ("price", "clock", "kind", "said"),
    [
        ("10.80", time(10), PriceType.LIMIT, None),
        ("11.00", time(10), PriceType.LIMIT, None),
        ("11.01", time(10), PriceType.LIMIT, Reason.PRICE_BAND),
        (None, time(10), PriceType.BEST_FIVE_CANCEL, Reason.SUSPENDED),
        (None, time(9, 16), PriceType.BEST_FIVE_CANCEL, Reason.PRICE_TYPE_UNSUPPORTED),
        ("11.00", time(10), PriceType.AFTER_HOURS, None),
        ("11.00", time(15, 10), PriceType.AFTER_HOURS, Reason.SUSPENDED),
    ],
)
def test_a_halt_collects_limit_orders_within_the_band_and_knows_no_cage(
    make_wish, make_place, make_instrument, price, clock, kind, said
):
    halted = Prices(Decimal("10.00"), halted=True)
    place = make_place(date(2026, 7, 8), clock, prices=halted, instrument=make_instrument())
    assert verdict(check_order, make_wish(price, price_type=kind), place) is said


def test_in_prod_nobody_relies_on_a_halt_without_a_cage_unasked(make_wish, make_place):
    halted = Prices(Decimal("10.00"), halted=True)
    for accepted, said in ((), Reason.RULE_UNVERIFIED), (("cage.halted.none",), None):
        place = make_place(prices=halted, trust=trust_of(Mode.PROD, accepted))
        assert verdict(check_order, make_wish("10.80"), place) is said


def test_a_price_of_zero_is_none(make_wish, make_place):
    """So terminals write an empty side, and a share that never traded."""
    nothing = Quote("600519.SH", 0, 0.0, None, None, None, 0.0, 0, 0.0, (Level(0.0, 0),),
                    (Level(0.0, 0),), suspended=False, source=Source.TERMINAL)  # fmt: skip
    assert prices_of(nothing) == Prices(None)
    assert prices_of(replace(nothing, previous_close=10.0)) == Prices(Decimal("10.000"))
    wish, place = make_wish("10.20"), make_place(prices=prices_of(nothing))
    assert verdict(check_order, wish, place) is Reason.RULE_UNKNOWN


MARKET_TYPES = [kind for kind in PriceType if not kind.priced]


@pytest.mark.parametrize(
    ("symbol", "day", "taken"),
    [
        ("600519.SH", date(2023, 4, 7), {"BEST_FIVE_CANCEL", "BEST_FIVE_LIMIT"}),
        ("600519.SH", date(2023, 4, 10), set(MARKET_TYPES) - {"FILL_OR_KILL"}),
        (STAR, date(2019, 7, 22), set(MARKET_TYPES) - {"FILL_OR_KILL"}),
        (BSE, date(2024, 8, 21), set(MARKET_TYPES) - {"FILL_OR_KILL"}),
        (SZ, date(2024, 8, 21), set(MARKET_TYPES) - {"BEST_FIVE_LIMIT"}),
        (CHINEXT, date(2019, 8, 21), set(MARKET_TYPES) - {"BEST_FIVE_LIMIT"}),
        ("113053.SH", date(2024, 8, 21), set()),
    ],
)
def test_each_exchange_takes_its_own_price_types(
    make_wish, make_place, make_instrument, symbol, day, taken
):
    share = make_instrument(symbol)
    place = make_place(day, instrument=share)
    for kind in MARKET_TYPES:
        said = verdict(check_order, make_wish(None, quantity=200, price_type=kind), place)
        assert said is (None if kind in taken else Reason.PRICE_TYPE_UNSUPPORTED)
    shown = {each.price_type for each in taken_types(share, day)}
    assert shown - {PriceType.LIMIT, PriceType.AFTER_HOURS} == taken


@pytest.mark.parametrize("clock", [time(9, 15), time(9, 24), time(14, 57)])
def test_orders_without_a_price_are_refused_in_auctions(make_wish, make_place, clock):
    wish = make_wish(None, price_type=PriceType.OWN_BEST)
    assert verdict(check_order, wish, make_place(clock=clock)) is Reason.PRICE_TYPE_UNSUPPORTED


def test_orders_without_a_price_need_a_band(make_wish, make_place, make_instrument):
    day = date(2024, 8, 21)
    wish = make_wish(None, price_type=PriceType.OWN_BEST)
    place = make_place(day, instrument=make_instrument(listed=day))
    assert verdict(check_order, wish, place) is Reason.PRICE_TYPE_UNSUPPORTED
    assert verdict(worst_price, wish, place) is Reason.PRICE_TYPE_UNSUPPORTED
    assert worst_price(wish, make_place(day)) == Decimal("11.00")
    assert worst_price(make_wish("9.99"), make_place(day)) == Decimal("9.99")


@pytest.mark.parametrize(
    ("symbol", "day", "clock", "said"),
    [
        (STAR, date(2024, 8, 21), time(9, 29, 59), Reason.SESSION_CLOSED),
        (STAR, date(2024, 8, 21), time(9, 30), None),
        (STAR, date(2024, 8, 21), time(11, 30), Reason.SESSION_CLOSED),
        (STAR, date(2024, 8, 21), time(13, 0), None),
        (STAR, date(2024, 8, 21), time(15, 2), None),
        (STAR, date(2024, 8, 21), time(15, 29, 59), None),
        (STAR, date(2024, 8, 21), time(15, 30), Reason.SESSION_CLOSED),
        (CHINEXT, date(2024, 8, 21), time(9, 15), None),
        (CHINEXT, date(2024, 8, 21), time(9, 27), None),
        ("600519.SH", date(2026, 7, 3), time(10), Reason.SESSION_CLOSED),
        ("600519.SH", date(2026, 7, 6), time(10), None),
        (BSE, date(2026, 7, 6), time(15, 10), Reason.SESSION_CLOSED),
        ("510300.SH", date(2026, 7, 3), time(15, 10), Reason.SESSION_CLOSED),
        ("510300.SH", date(2026, 7, 6), time(15, 10), None),
        ("510300.SH", date(2026, 7, 6), time(9, 29, 59), Reason.SESSION_CLOSED),
        ("501018.SH", date(2026, 7, 6), time(15, 10), Reason.SESSION_CLOSED),  # not exchange-traded
        ("501018.SH", date(2026, 7, 6), time(10), Reason.SESSION_CLOSED),
    ],
)
def test_orders_for_after_hours_are_taken_through_the_day(
    make_wish, make_place, make_instrument, symbol, day, clock, said
):
    share = make_instrument(symbol)
    place = make_place(day, clock, instrument=share)
    wish = make_wish(quantity=200, price_type=PriceType.AFTER_HOURS)
    assert verdict(check_order, wish, place) is said
    cancel = (PriceType.AFTER_HOURS, share, at(day, clock), place.calendar)
    refused = Reason.CANCEL_CLOSED if said else None
    assert verdict(check_cancel, *cancel) is refused


def test_prod_trusts_trading_after_hours_from_the_day_that_a_text_gives(
    make_wish, make_place, make_instrument
):
    wish = make_wish(quantity=200, price_type=PriceType.AFTER_HOURS)
    for symbol in (STAR, CHINEXT):
        share, trust = make_instrument(symbol), trust_of(Mode.PROD, ())
        before = make_place(date(2026, 7, 3), instrument=share, trust=trust)
        since = make_place(date(2026, 7, 6), instrument=share, trust=trust)
        assert verdict(check_order, wish, before) is Reason.RULE_UNVERIFIED
        assert verdict(check_order, wish, since) is None


def test_after_hours_takes_no_orders_for_matching(make_wish, make_place):
    place = make_place(date(2026, 7, 6), time(15, 10))
    assert verdict(check_order, make_wish(), place) is Reason.SESSION_CLOSED


@pytest.mark.parametrize(
    ("clock", "said"),
    [
        (time(9, 19, 59), None),
        (time(9, 20), Reason.CANCEL_CLOSED),
        (time(9, 24, 59), Reason.CANCEL_CLOSED),
        (time(9, 25), Reason.CANCEL_CLOSED),
        (time(9, 30), None),
        (time(12), Reason.CANCEL_CLOSED),
        (time(14, 56, 59), None),
        (time(14, 57), Reason.CANCEL_CLOSED),
        (time(15), Reason.CANCEL_CLOSED),
    ],
)
def test_cancels_rest_where_an_auction_is_about_to_be_held(calendar, make_instrument, clock, said):
    call = (PriceType.LIMIT, make_instrument(), at(date(2024, 8, 21), clock), calendar)
    assert verdict(check_cancel, *call) is said


@pytest.mark.parametrize(
    ("side", "is_st", "bought", "quantity", "said"),
    [
        (Side.BUY, True, 400_000, 100_000, None),
        (Side.BUY, True, 400_100, 100_000, Reason.PURCHASE_LIMIT),
        (Side.BUY, True, None, 100, Reason.RULE_UNKNOWN),
        (Side.BUY, False, None, 500_100, None),
        (Side.SELL, True, None, 500_100, None),
    ],
)
def test_an_account_buys_half_a_million_warned_shares_a_day(
    make_wish, make_place, make_instrument, side, is_st, bought, quantity, said
):
    place = make_place(instrument=make_instrument(is_st=is_st), bought=bought)
    assert verdict(check_order, make_wish(side=side, quantity=quantity), place) is said


def test_prod_relies_on_no_rule_that_nobody_verified(make_wish, make_place, make_instrument):
    wish, share = make_wish(quantity=200), make_instrument(BSE)

    def said(mode, *accepted):
        trust = trust_of(mode, accepted)
        return verdict(check_order, wish, make_place(instrument=share, trust=trust))

    assert said(Mode.MOCK) is said(Mode.DEV) is None
    assert said(Mode.PROD) is Reason.RULE_UNVERIFIED
    assert said(Mode.PROD, "lots.bse") is Reason.RULE_UNVERIFIED  # the cage is left
    assert said(Mode.PROD, "lots.bse", "cage.bse") is None
    trust = trust_of(Mode.PROD, ())
    assert verdict(check_order, make_wish(), make_place(trust=trust)) is None


def test_what_the_exchange_does_is_looked_up_once_for_all_rules(make_wish, make_place, calendar):
    asked = []

    class Counted(TradingCalendar):
        def is_session(self, day):
            asked.append(day)
            return calendar.is_session(day)

    counted = Counted(
        calendar.sessions, first=calendar.first, last=calendar.last, source=calendar.source
    )
    check_order(make_wish(), make_place(calendar=counted))
    assert len(asked) == 1
