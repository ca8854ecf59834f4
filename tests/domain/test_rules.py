"""Rule tables: dates, ±1 tick, ±1 share, and a brute force for bands."""

from datetime import date, time, timedelta
from decimal import Decimal
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.calendar import TradingCalendar, at, day_start
from quantgraph.domain.errors import OrderRefused, Unsupported
from quantgraph.domain.instruments import Board, Instrument, InstrumentKind, classify
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.admission import check_session, phase_at
from quantgraph.domain.rules.allotments import ALLOTMENTS
from quantgraph.domain.rules.auctions import AUCTIONS
from quantgraph.domain.rules.bands import BANDS, LISTINGS, price_band
from quantgraph.domain.rules.cages import CAGES
from quantgraph.domain.rules.checks import check_order
from quantgraph.domain.rules.fees import FEES, Commission, Fees, FeeSchedule
from quantgraph.domain.rules.halts import HALTS
from quantgraph.domain.rules.lots import LOTS, check_market_quantity, check_quantity
from quantgraph.domain.rules.quotas import QUOTAS
from quantgraph.domain.rules.rows import Row
from quantgraph.domain.rules.sessions import PHASES, Act, Phase, list_phases
from quantgraph.domain.rules.settlement import SETTLEMENTS
from quantgraph.domain.rules.situations import Prices, Situation, Wish
from quantgraph.domain.rules.ticks import TICKS, check_tick, tick_rule, tick_size
from quantgraph.domain.rules.trust import ANY_ROW
from quantgraph.domain.sources import Source

FIRST, LAST = date(1990, 12, 19), date(2026, 12, 31)


def _weekdays() -> TradingCalendar:
    days = np.arange(np.datetime64(FIRST), np.datetime64(LAST) + np.timedelta64(1, "D"))
    return TradingCalendar(days[np.is_busday(days)], first=FIRST, last=LAST, source="weekdays")


CALENDAR = _weekdays()
MAIN, CHINEXT, STAR, BSE = "600519.SH", "300750.SZ", "688981.SH", "835185.BJ"


def stock(symbol: str, listed: date | None = None, is_st: bool = False) -> Instrument:
    market, kind, board = classify(symbol)
    return Instrument(
        symbol, None, market, kind, board, None, listed, None, is_st, Source.SIMULATED
    )


def refusal(call, *args) -> Reason:
    with pytest.raises(OrderRefused) as caught:
        call(*args)
    return caught.value.reason


# Percent by board, ST and day, written down a second time on purpose.
def expected_percent(symbol: str, is_st: bool, day: date) -> int:
    if symbol == BSE:
        return 30
    if symbol == STAR:
        return 20
    if symbol == CHINEXT:
        return 20 if day >= date(2020, 8, 24) else 10
    return 5 if is_st and day < date(2026, 7, 6) else 10


@given(
    st.sampled_from([MAIN, CHINEXT, STAR, BSE]),
    st.booleans(),
    st.sampled_from(
        [
            *(date(2020, 8, 23), date(2020, 8, 24), date(2026, 7, 3)),
            *(date(2026, 7, 5), date(2026, 7, 6), date(2026, 12, 31)),
        ]
    ),
    st.integers(2, 300_000),
)
def test_bands_equal_a_brute_force_in_whole_cents(symbol, is_st, day, cents) -> None:
    if symbol == BSE and day < date(2021, 11, 15):
        return
    percent = expected_percent(symbol, is_st, day)
    # Half up in integers: floor((2ab + 100) / 200).
    high = max((2 * cents * (100 + percent) + 100) // 200, cents + 1)
    low = max(min((2 * cents * (100 - percent) + 100) // 200, cents - 1), 1)
    band = price_band(stock(symbol, is_st=is_st), Decimal(cents) / 100, day, CALENDAR)
    assert band is not None
    assert (band.low * 100, band.high * 100) == (low, high)
    for price, inside in ((low - 1, False), (low, True), (high, True), (high + 1, False)):
        assert band.contains(Decimal(price) / 100) is inside


@pytest.mark.parametrize(
    ("close", "low", "high"),
    [
        ("10.05", "9.05", "11.06"),  # 9.045 and 11.055 both go up
        ("1811.40", "1630.26", "1992.54"),
        ("0.04", "0.03", "0.05"),  # at least one tick
        ("0.01", "0.01", "0.02"),
    ],
)
def test_limits_round_half_up_and_move_at_least_one_tick(close, low, high) -> None:
    band = price_band(stock(MAIN), Decimal(close), date(2023, 2, 1), CALENDAR)
    assert band is not None
    assert (str(band.low), str(band.high)) == (low, high)


@pytest.mark.parametrize(
    ("symbol", "listed", "free_sessions"),
    [
        (MAIN, date(2023, 4, 10), 5),
        (CHINEXT, date(2020, 8, 24), 5),
        (STAR, date(2019, 7, 22), 5),
        (BSE, date(2021, 11, 15), 1),
        (MAIN, date(2023, 4, 7), 0),
        (CHINEXT, date(2020, 8, 21), 0),
    ],
)
def test_a_new_listing_has_no_band_for_its_first_sessions(symbol, listed, free_sessions) -> None:
    days = [CALENDAR.offset(listed, count) for count in range(8)]
    share = stock(symbol, listed)
    free = [price_band(share, Decimal(10), day, CALENDAR) is None for day in days]
    assert free == [number < free_sessions for number in range(8)]


def test_the_first_day_before_registration_runs_from_64_to_144_percent() -> None:
    listed = date(2018, 6, 11)
    band = price_band(stock(CHINEXT, listed), Decimal("25.14"), listed, CALENDAR)
    assert band is not None
    assert (band.low, band.high) == (Decimal("16.09"), Decimal("36.20"))


@pytest.mark.parametrize(
    ("symbol", "day"),
    [
        (MAIN, date(1996, 12, 13)),
        (BSE, date(2021, 11, 12)),
        (STAR, date(2019, 7, 19)),
        ("510300.SH", date(1998, 4, 6)),
        ("159915.SZ", date(2023, 2, 1)),
        ("113053.SH", date(2022, 7, 29)),
        ("122059.SH", date(2023, 2, 1)),
        ("900901.SH", date(2023, 2, 1)),
    ],
)
def test_no_row_means_no_guess(symbol, day) -> None:
    assert refusal(price_band, stock(symbol), Decimal(10), day, CALENDAR) is Reason.RULE_UNKNOWN


def test_a_first_day_that_no_row_describes_is_refused() -> None:
    listed = date(2010, 11, 2)
    assert (
        refusal(price_band, stock(MAIN, listed), Decimal(10), listed, CALENDAR)
        is Reason.RULE_UNKNOWN
    )
    assert price_band(stock(MAIN, listed), Decimal(10), date(2010, 11, 3), CALENDAR) is not None


def test_nothing_trades_before_its_listing_or_from_its_delisting_on() -> None:
    day = date(2023, 2, 1)
    unborn = stock(MAIN, day + timedelta(days=1))
    assert refusal(price_band, unborn, Decimal(10), day, CALENDAR) is Reason.NOT_TRADABLE
    gone = Instrument(
        MAIN,
        None,
        unborn.market,
        unborn.kind,
        Board.MAIN,
        None,
        None,
        day,
        False,
        Source.SIMULATED,
    )
    assert refusal(price_band, gone, Decimal(10), day, CALENDAR) is Reason.NOT_TRADABLE
    assert price_band(gone, Decimal(10), day - timedelta(days=1), CALENDAR) is not None


# symbol, day, side, held, quantity, what is said
LOT_CASES = [
    (MAIN, 2023, Side.BUY, 0, 100, None),
    (MAIN, 2023, Side.BUY, 0, 99, Reason.LOT_SIZE),
    (MAIN, 2023, Side.BUY, 0, 101, Reason.LOT_SIZE),
    (MAIN, 2023, Side.BUY, 150, 50, Reason.LOT_SIZE),
    (MAIN, 2023, Side.BUY, 0, 1_000_000, None),
    (MAIN, 2023, Side.BUY, 0, 1_000_100, Reason.QUANTITY_LIMIT),
    (MAIN, 2023, Side.BUY, 0, 0, Reason.QUANTITY_INVALID),
    (MAIN, 2023, Side.SELL, 50, -50, Reason.QUANTITY_INVALID),
    (MAIN, 2023, Side.SELL, 150, 50, None),
    (MAIN, 2023, Side.SELL, 150, 150, None),
    (MAIN, 2023, Side.SELL, 150, 49, Reason.LOT_SIZE),
    (MAIN, 2023, Side.SELL, 150, 51, Reason.LOT_SIZE),
    (MAIN, 2023, Side.SELL, 200, 50, Reason.LOT_SIZE),
    (CHINEXT, 2023, Side.BUY, 0, 300_000, None),
    (CHINEXT, 2023, Side.BUY, 0, 300_100, Reason.QUANTITY_LIMIT),
    (CHINEXT, 2019, Side.BUY, 0, 300_100, None),
    (STAR, 2023, Side.BUY, 0, 199, Reason.LOT_SIZE),
    (STAR, 2023, Side.BUY, 0, 200, None),
    (STAR, 2023, Side.BUY, 0, 201, None),
    (STAR, 2023, Side.BUY, 0, 100_000, None),
    (STAR, 2023, Side.BUY, 0, 100_001, Reason.QUANTITY_LIMIT),
    (STAR, 2023, Side.SELL, 199, 199, None),
    (STAR, 2023, Side.SELL, 199, 198, Reason.LOT_SIZE),
    (STAR, 2023, Side.SELL, 350, 150, Reason.LOT_SIZE),
    (BSE, 2023, Side.BUY, 0, 99, Reason.LOT_SIZE),
    (BSE, 2023, Side.BUY, 0, 101, None),
    ("113053.SH", 2023, Side.BUY, 0, 10, None),
    ("113053.SH", 2023, Side.BUY, 0, 9, Reason.LOT_SIZE),
    ("122059.SH", 2023, Side.BUY, 0, 100, Reason.RULE_UNKNOWN),
]


@pytest.mark.parametrize(("symbol", "year", "side", "held", "quantity", "said"), LOT_CASES)
def test_quantities_at_one_share_to_either_side(symbol, year, side, held, quantity, said) -> None:
    call = (check_quantity, stock(symbol), side, quantity, held, date(year, 6, 1))
    if said is None:
        call[0](*call[1:])
    else:
        assert refusal(*call) is said


@pytest.mark.parametrize(
    ("symbol", "most"),
    [(MAIN, 1_000_000), (CHINEXT, 150_000), (STAR, 50_000)],
)
def test_orders_without_a_price_have_their_own_limit(symbol, most) -> None:
    day = date(2023, 2, 1)
    check_market_quantity(stock(symbol), most, day)
    assert refusal(check_market_quantity, stock(symbol), most + 1, day) is Reason.QUANTITY_LIMIT


@pytest.mark.parametrize(
    ("symbol", "price", "fine"),
    [
        (MAIN, "10.01", True),
        (MAIN, "10.010", True),
        (MAIN, "10.001", False),
        (MAIN, "0", False),
        (MAIN, "-0.01", False),
        ("510300.SH", "4.001", True),
        ("510300.SH", "4.0005", False),
    ],
)
def test_prices_are_positive_multiples_of_the_tick(symbol, price, fine) -> None:
    day = date(2023, 2, 1)
    if fine:
        check_tick(stock(symbol), Decimal(price), day)
    else:
        assert refusal(check_tick, stock(symbol), Decimal(price), day) is Reason.TICK_SIZE


def test_an_instrument_that_states_its_tick_is_believed() -> None:
    share = stock(MAIN)
    own = Instrument(
        share.symbol,
        None,
        share.market,
        share.kind,
        share.board,
        Decimal("0.05"),
        None,
        None,
        False,
        Source.TERMINAL,
    )
    assert tick_size(own, date(2023, 2, 1)) == Decimal("0.05")
    # So that no uncertain row stands in its way.
    assert tick_rule(own, date(2023, 2, 1)) is None


PHASE_CASES = [
    (MAIN, date(2023, 2, 1), time(9, 14, 59), Phase.CLOSED),
    (MAIN, date(2023, 2, 1), time(9, 15), Phase.OPEN_AUCTION),
    (MAIN, date(2023, 2, 1), time(9, 20), Phase.OPEN_AUCTION_FIXED),
    (MAIN, date(2023, 2, 1), time(9, 25), Phase.PRE_OPEN),
    (MAIN, date(2023, 2, 1), time(9, 30), Phase.CONTINUOUS),
    (MAIN, date(2023, 2, 1), time(11, 29, 59), Phase.CONTINUOUS),
    (MAIN, date(2023, 2, 1), time(11, 30), Phase.LUNCH),
    (MAIN, date(2023, 2, 1), time(13, 0), Phase.CONTINUOUS),
    (MAIN, date(2023, 2, 1), time(14, 56, 59), Phase.CONTINUOUS),
    (MAIN, date(2023, 2, 1), time(14, 57), Phase.CLOSE_AUCTION),
    (MAIN, date(2018, 8, 17), time(14, 57), Phase.CONTINUOUS),
    (MAIN, date(2018, 8, 20), time(14, 57), Phase.CLOSE_AUCTION),
    ("000001.SZ", date(2018, 8, 17), time(14, 57), Phase.CLOSE_AUCTION),
    ("510300.SH", date(2026, 7, 3), time(14, 57), Phase.CONTINUOUS),
    ("510300.SH", date(2026, 7, 6), time(14, 57), Phase.CLOSE_AUCTION),
    (MAIN, date(2023, 2, 1), time(15, 0), Phase.CLOSED),
    (MAIN, date(2026, 7, 3), time(15, 5), Phase.CLOSED),
    (MAIN, date(2026, 7, 6), time(15, 5), Phase.AFTER_HOURS),
    (MAIN, date(2026, 7, 6), time(15, 30), Phase.CLOSED),
    (STAR, date(2023, 2, 1), time(15, 5), Phase.AFTER_HOURS),
    (CHINEXT, date(2020, 8, 21), time(15, 5), Phase.CLOSED),
    (CHINEXT, date(2020, 8, 24), time(15, 5), Phase.AFTER_HOURS),
    (BSE, date(2026, 7, 6), time(15, 5), Phase.CLOSED),
    (MAIN, date(2023, 2, 4), time(10, 0), Phase.CLOSED),  # a Saturday
]


@pytest.mark.parametrize(("symbol", "day", "clock", "phase"), PHASE_CASES)
def test_phases_change_on_the_second_and_on_the_date(symbol, day, clock, phase) -> None:
    assert phase_at(at(day, clock), stock(symbol), CALENDAR) is phase


SEGMENTS = sorted({stock(symbol).segment for symbol in (MAIN, "000001.SZ", CHINEXT, STAR, BSE)}
                  | {stock("510300.SH").segment, stock("159915.SZ").segment}, key=str)  # fmt: skip


@given(
    st.sampled_from(SEGMENTS),
    st.sampled_from(
        [date(2018, 8, 17), date(2018, 8, 20), date(2021, 11, 15), date(2026, 7, 3),
         date(2026, 7, 6)]
    ),
    st.integers(0, 86_399),
)  # fmt: skip
def test_the_phases_of_a_day_are_the_first_rows_that_cover_its_moments(segment, day, second):
    if segment.market == "BJ" and day < date(2021, 11, 15):
        return
    moment = day_start(day) + second * 1000
    rows = [row for row in PHASES if row.covers(segment) and row.holds(day)]
    covering = [r.phase for r in rows if at(day, r.start) <= moment < at(day, r.end)]
    spans = list_phases(segment, day)
    inside = [span.phase for span in spans if span.start <= moment < span.end]
    assert inside == covering[:1]
    assert all(left.end <= right.start for left, right in pairwise(spans))


def test_cancels_rest_where_an_auction_fixes_its_price():
    acts = {span.phase: span.acts for span in list_phases(stock(STAR).segment, LAST)}
    assert acts == {
        Phase.OPEN_AUCTION: (Act.SUBMIT, Act.CANCEL),
        Phase.OPEN_AUCTION_FIXED: (Act.SUBMIT,),
        Phase.PRE_OPEN: (),
        Phase.CONTINUOUS: (Act.SUBMIT, Act.SUBMIT_AT_CLOSE, Act.CANCEL),
        Phase.LUNCH: (),
        Phase.CLOSE_AUCTION: (Act.SUBMIT, Act.SUBMIT_AT_CLOSE),
        Phase.AFTER_HOURS: (Act.SUBMIT_AT_CLOSE, Act.CANCEL),
    }


def test_orders_are_taken_only_in_auctions_and_trading() -> None:
    day = date(2023, 2, 1)
    check_session(at(day, time(10, 0)), stock(MAIN), CALENDAR)
    for clock in (time(9, 0), time(9, 27), time(12, 0), time(15, 0)):
        assert refusal(check_session, at(day, clock), stock(MAIN), CALENDAR) is (
            Reason.SESSION_CLOSED
        )


def test_a_day_beyond_the_calendar_is_not_guessed() -> None:
    with pytest.raises(Unsupported) as caught:
        phase_at(at(LAST + timedelta(days=1), time(10)), stock(MAIN), CALENDAR)
    assert caught.value.reason is Reason.CALENDAR_NOT_COVERED


@pytest.mark.parametrize(
    ("side", "day", "amount", "fees"),
    [
        (Side.SELL, date(2023, 8, 27), "100000", Fees(Decimal(25), Decimal(100), Decimal(1))),
        (Side.SELL, date(2023, 8, 28), "100000", Fees(Decimal(25), Decimal(50), Decimal(1))),
        (Side.BUY, date(2023, 8, 28), "100000", Fees(Decimal(25), Decimal(0), Decimal(1))),
        (Side.BUY, date(2022, 4, 28), "100000", Fees(Decimal(25), Decimal(0), Decimal(2))),
        (Side.BUY, date(2022, 4, 29), "19999", Fees(Decimal(5), Decimal(0), Decimal("0.20"))),
        (Side.BUY, date(2023, 2, 1), "20020", Fees(Decimal("5.01"), Decimal(0), Decimal("0.20"))),
        (Side.BUY, date(2023, 2, 1), "500", Fees(Decimal(5), Decimal(0), Decimal("0.01"))),
        (Side.BUY, date(2023, 2, 1), "499.99", Fees(Decimal(5), Decimal(0), Decimal("0.00"))),
        (Side.BUY, date(2023, 2, 1), "0", Fees()),
    ],
)
def test_fees_by_side_and_date(side, day, amount, fees) -> None:
    assert FeeSchedule().order_fees(stock(MAIN), side, Decimal(amount), day) == fees


@given(st.lists(st.integers(1, 5_000_000), min_size=1, max_size=8), st.sampled_from(list(Side)))
def test_fees_of_an_order_do_not_depend_on_how_it_was_cut(cents, side) -> None:
    schedule, share, day = FeeSchedule(), stock(MAIN), date(2023, 2, 1)
    paid, before = Decimal(0), Decimal(0)
    for part in cents:
        after = before + Decimal(part) / 100
        step = schedule.order_fees(share, side, after, day).total
        step -= schedule.order_fees(share, side, before, day).total
        assert step >= 0
        paid, before = paid + step, after
    assert paid == schedule.order_fees(share, side, before, day).total >= 5


def test_a_charge_that_no_row_knows_is_refused() -> None:
    schedule = FeeSchedule()
    call = (schedule.order_fees, stock(MAIN), Side.BUY, Decimal(1000))
    assert refusal(*call, date(2015, 7, 31)) is Reason.RULE_UNKNOWN
    schedule.order_fees(stock(MAIN), Side.BUY, Decimal(1000), date(2015, 8, 1))


def test_a_commission_above_the_legal_cap_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.0031"):
        Commission(rate=Decimal("0.0031"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, None),
        ({"symbol": "000300.SH"}, Reason.NOT_TRADABLE),
        ({"clock": time(12, 0)}, Reason.SESSION_CLOSED),
        ({"quantity": 150}, Reason.LOT_SIZE),
        ({"price": None}, Reason.PRICE_REQUIRED),
        ({"price": "10.001"}, Reason.TICK_SIZE),
        ({"price": "11.00"}, None),
        ({"price": "11.01"}, Reason.PRICE_BAND),
        ({"price": "9.00"}, None),
        ({"price": "8.99"}, Reason.PRICE_BAND),
        ({"previous": None}, Reason.RULE_UNKNOWN),
        ({"price_type": PriceType.OWN_BEST, "price": None}, Reason.PRICE_TYPE_UNSUPPORTED),
        ({"price_type": PriceType.BEST_FIVE_LIMIT}, Reason.PRICE_NOT_ALLOWED),
        ({"price_type": PriceType.BEST_FIVE_LIMIT, "price": None}, None),
        (
            {"price_type": PriceType.BEST_FIVE_LIMIT, "price": None, "clock": time(9, 16)},
            Reason.PRICE_TYPE_UNSUPPORTED,
        ),
    ],
)
def test_an_order_is_refused_for_the_first_rule_it_breaks(change, said) -> None:
    price = change.get("price", "10.00")
    previous = change.get("previous", Decimal(10))
    wish = Wish(
        Side.BUY,
        change.get("quantity", 100),
        change.get("price_type", PriceType.LIMIT),
        None if price is None else Decimal(price),
    )
    instant = at(date(2023, 2, 1), change.get("clock", time(10, 0)))
    where = Situation(
        instrument=stock(change.get("symbol", MAIN)),
        instant_ms=instant,
        calendar=CALENDAR,
        prices=Prices(previous),
        held=0,
        bought=0,
        trust=ANY_ROW,
    )
    if said is None:
        check_order(wish, where)
    else:
        assert refusal(check_order, wish, where) is said


@pytest.mark.parametrize(
    "table",
    [
        *(BANDS, LISTINGS, LOTS, FEES, TICKS, PHASES, CAGES, QUOTAS, SETTLEMENTS, AUCTIONS, HALTS),
        ALLOTMENTS,
    ],
)
def test_rows_have_a_source_and_never_contradict_each_other(table: tuple[Row, ...]) -> None:
    for row in table:
        assert row.source
        assert row.name
        assert row.rule.startswith(row.topic)
        assert row.effective_to is None or row.effective_from <= row.effective_to
    for one, two in combinations(table, 2):
        if _same_topic(one, two):
            late = max(one.effective_from, two.effective_from)
            assert not (one.holds(late) and two.holds(late)), (one, two)


def _same_topic(one: Row, two: Row) -> bool:
    if one.codes and two.codes and not set(one.codes) & set(two.codes):
        return False
    for name in ("kind", "market", "board", "charge", "st", "phase", "start", "move"):
        left, right = getattr(one, name, None), getattr(two, name, None)
        either = name in ("market", "board", "st") and None in (left, right)
        if left != right and not either:
            return False
    return True


def test_uncertain_figures_are_marked() -> None:
    doubtful = [row for row in (*BANDS, *LOTS, *FEES, *PHASES) if not row.verified]
    assert any(row.board is Board.BSE for row in doubtful if row in LOTS)
    stocks = [row for row in (*BANDS, *TICKS) if row.kind is InstrumentKind.STOCK]
    assert all(row.verified for row in stocks)
    assert not any(row.verified for row in (*BANDS, *TICKS) if row not in stocks)
