"""Accounts at the exchange: money to the cent, T+1, fees per order, day ends."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from quantgraph.backends.sim.depth import Rung
from quantgraph.backends.sim.judging import displayed
from quantgraph.backends.sim.keeping import dump_exchange, load_exchange
from quantgraph.domain.calendar import at, from_ms
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import InvalidRequest, NotFound, OrderRefused
from quantgraph.domain.orders import OrderState, PriceType
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.seeds import SeedPosition

from .conftest import START
from .hall import (
    BUY,
    NOW,
    SEED,
    SELL,
    SYMBOL,
    Floor,
    fills,
    instrument,
    order,
    securities,
    states,
    ticks,
)

NEXT = date(2023, 2, 2)
QUIET = ({"9.99": 500}, {"10.00": 500, "10.01": 500})


def test_a_buy_pays_price_and_fees_and_receives_shares() -> None:
    floor = Floor()
    reports = floor.place("a", BUY, 700, "10.01")
    assert states(reports)[0] is OrderState.WORKING
    assert states(reports)[-1] is OrderState.FILLED
    assert {*states(reports)[1:-1]} == {OrderState.PARTIALLY_FILLED}
    assert fills(reports) == [("10.00", 500), ("10.01", 200)]
    done = [report.fill for report in reports if report.fill]
    assert sum(each.fee for each in done) == Decimal("5.07")  # one minimum for all
    assert all(each.amount == each.price * each.quantity for each in done)
    assert reports[-1].average_price == Decimal("10.0029")
    assert floor.ledger.cash == Decimal("100000.00") - Decimal("7002.00") - Decimal("5.07")
    assert floor.ledger.frozen == 0
    assert [each.id for each in done] == [f"T-000001-{n + 1}" for n in range(len(done))]


def test_shares_bought_today_are_sold_from_the_next_session_on() -> None:
    floor = Floor()
    floor.place("a", BUY, 200, "10.00")
    holding = floor.ledger.holding(SYMBOL)
    assert (holding.quantity, holding.sellable) == (1_250, 1_050)
    assert floor.refuse("b", SELL, 1_250, "9.99") is Reason.INSUFFICIENT_SHARES
    floor.roll(NEXT)
    assert floor.ledger.holding(SYMBOL).sellable == 1_250


def test_a_friday_purchase_is_sellable_on_monday() -> None:
    floor = Floor()
    floor.roll(date(2023, 2, 3))
    floor.clock(10, 0)
    floor.show(*QUIET)
    floor.place("a", BUY, 200, "10.00")
    assert floor.ledger.holding(SYMBOL).sellable == 1_050
    floor.roll(date(2023, 2, 6))
    assert floor.ledger.holding(SYMBOL).sellable == 1_250


def test_a_waiting_buy_sets_its_cash_aside_and_gives_it_back() -> None:
    floor = Floor()
    assert states(floor.place("a", BUY, 1_000, "9.50")) == [OrderState.WORKING]
    assert floor.ledger.frozen == Decimal("9500.00") + Decimal("5.00") + Decimal("0.10")
    assert floor.ledger.cash + floor.ledger.frozen == 100_000
    assert states(floor.withdraw("a")) == [OrderState.CANCELED]
    assert (floor.ledger.cash, floor.ledger.frozen) == (Decimal("100000.00"), Decimal("0.00"))


def test_a_waiting_sell_sets_its_shares_aside_and_gives_them_back() -> None:
    floor = Floor()
    floor.place("a", SELL, 1_000, "10.50")
    holding = floor.ledger.holding(SYMBOL)
    assert (holding.quantity, holding.sellable) == (1_050, 50)
    assert floor.refuse("b", SELL, 100, "10.50") is Reason.INSUFFICIENT_SHARES
    floor.withdraw("a")
    assert holding.sellable == 1_050


def test_the_minimum_commission_is_paid_once_over_all_fills_of_an_order() -> None:
    floor = Floor()
    reports = floor.place("a", BUY, 300, "10.00")
    reports = floor.place("b", BUY, 300, "9.99")
    bids, asks = QUIET
    for _ in range(8):
        reports += floor.show(bids, asks, ("9.99", 100, SELL))
    fees = [report.fill.fee for report in reports if report.fill]
    assert states(reports)[-1] is OrderState.FILLED
    assert len(fees) == 3
    assert sum(fees) == Decimal("5.03")
    assert fees[0] == Decimal("5.01")


def test_a_sell_pays_stamp_duty_out_of_its_proceeds() -> None:
    floor = Floor()
    reports = floor.place("a", SELL, 400, "9.99")
    assert fills(reports) == [("9.99", 400)]
    assert floor.ledger.fees == Decimal("5.00") + Decimal("4.00") + Decimal("0.04")
    assert floor.ledger.cash == Decimal("100000.00") + Decimal("3996.00") - Decimal("9.04")


def test_selling_at_an_average_cost_leaves_the_cost_of_the_rest() -> None:
    floor = Floor()
    floor.place("a", SELL, 500, "9.99")
    holding = floor.ledger.holding(SYMBOL)
    assert holding.cost == Decimal("9450.00") - Decimal("4500.00")
    assert floor.ledger.realised == Decimal("4995.00") - Decimal("4500.00") - floor.ledger.fees


def test_the_minimum_waits_for_money_that_is_not_there_yet() -> None:
    floor = Floor(SEED.model_copy(update={"cash": Decimal("0.00")}))
    floor.move(NOW + 1)
    floor.board.frames.append(replace(floor.board.frames[0], at=NOW + 1, bids=()))
    first = floor.place("a", SELL, 50, "9.00")
    assert states(first) == [OrderState.WORKING]
    first = floor.show({"9.00": 1}, {"10.00": 500})[-1]
    assert (first.fill.quantity, first.fill.price) == (1, Decimal("9.00"))
    # Nine yuan cover the fees of the first share, not more than there is …
    assert floor.ledger.cash >= 0
    rest = floor.show({"9.00": 400}, {"10.00": 500})[-1]
    # … and over the whole order nothing is forgiven.
    paid = first.fill.fee + rest.fill.fee
    assert paid == FeeSchedule().order_fees(instrument(), SELL, Decimal("450.00"), START).total


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quantity": 150}, Reason.LOT_SIZE),
        ({"quantity": 1_000_100}, Reason.QUANTITY_LIMIT),
        ({"price": "10.005"}, Reason.TICK_SIZE),
        ({"price": "11.01"}, Reason.PRICE_BAND),
        ({"price": "8.99"}, Reason.PRICE_BAND),
        ({"price": None}, Reason.PRICE_REQUIRED),
        ({"quantity": 10_000, "price": "10.00"}, Reason.INSUFFICIENT_CASH),
        ({"price_type": PriceType.OWN_BEST, "price": None}, Reason.PRICE_TYPE_UNSUPPORTED),
        ({"price_type": PriceType.BEST_FIVE_CANCEL}, Reason.PRICE_NOT_ALLOWED),
        ({"account_id": "sim-2"}, Reason.TERMINAL_REFUSED),
        ({"symbol": "600001.SH"}, Reason.TERMINAL_REFUSED),
        ({"side": SELL, "quantity": 1_100}, Reason.INSUFFICIENT_SHARES),
        ({"side": SELL, "quantity": 49}, Reason.LOT_SIZE),
    ],
)
def test_the_exchange_trusts_nobody(change, said) -> None:
    base = {"name": "a", "side": BUY, "quantity": 100, "price": "10.00"}
    wish = base | change
    plain = [wish.pop(name) for name in base]
    assert Floor().refuse(*plain, **wish) is said


def test_two_orders_with_one_tag_are_both_taken_as_real_exchanges_take_them() -> None:
    floor = Floor()
    for _ in range(2):
        floor.place("a", BUY, 100, "9.50")
    first, second = floor.exchange.dealing.roll.all()
    assert (first.tag, second.tag) == ("a", "a") and first.broker_id != second.broker_id
    by_id = floor.exchange.withdraw(first.broker_id, NOW)
    assert [each.broker_order_id for each in by_id] == [first.broker_id]
    by_tag = floor.exchange.withdraw("a", NOW)
    assert [each.broker_order_id for each in by_tag] == [second.broker_id]


@pytest.mark.parametrize("late", [0, 1, 3_600_000])
def test_an_order_whose_time_has_passed_is_refused(late) -> None:
    over = from_ms(NOW - late)
    assert Floor().refuse("a", BUY, 100, "10.00", expires_at=over) is Reason.ORDER_EXPIRED


def test_a_closed_market_takes_no_orders() -> None:
    floor = Floor()
    floor.clock(12, 0)
    assert floor.refuse("a", BUY, 100, "10.00") is Reason.SESSION_CLOSED


def test_an_odd_remainder_is_sold_whole() -> None:
    floor = Floor()
    assert states(floor.place("a", SELL, 50, "9.99"))[-1] is OrderState.FILLED
    assert floor.ledger.holding(SYMBOL).quantity == 1_000


def test_open_orders_expire_when_the_day_ends() -> None:
    floor = Floor()
    floor.place("a", BUY, 1_500, "10.00")
    floor.place("b", SELL, 100, "10.50")
    reports = floor.roll(NEXT)
    assert [(each.tag, each.state) for each in reports] == [
        ("a", OrderState.EXPIRED),
        ("b", OrderState.EXPIRED),
    ]
    assert reports[0].filled_quantity == 500
    assert floor.ledger.frozen == 0
    assert floor.ledger.holding(SYMBOL).frozen == 0
    with pytest.raises(OrderRefused) as caught:
        floor.withdraw("a")
    assert caught.value.reason is Reason.ORDER_NOT_CANCELABLE


def test_an_order_past_its_time_expires_before_it_could_fill() -> None:
    floor = Floor()
    floor.place("a", BUY, 100, "9.50", expires_at=from_ms(NOW) + timedelta(seconds=1))
    reports = floor.show({}, {"9.40": 500})
    assert states(reports) == [OrderState.EXPIRED]
    assert floor.ledger.frozen == 0


def test_an_order_expires_before_a_stretch_in_which_nobody_is_let_go() -> None:
    floor = Floor()
    lunch = from_ms(at(START, time(12, 0)))
    floor.place("a", BUY, 100, "9.50", expires_at=lunch)
    late = from_ms(at(START, time(14, 59)))
    floor.place("b", BUY, 100, "9.50", expires_at=late)
    assert [(r.tag, r.state) for r in floor.clock(11, 30)] == [("a", OrderState.EXPIRED)]
    floor.instrument = instrument()
    reports = floor.clock(14, 57)
    assert [(r.tag, r.state) for r in reports] == [("b", OrderState.EXPIRED)]
    assert reports[0].time == from_ms(at(START, time(14, 57)))
    assert floor.refuse("c", BUY, 100, "9.50", expires_at=late) is Reason.ORDER_EXPIRED


def test_a_day_order_ends_at_the_close_and_what_it_showed_stays_on_the_screen() -> None:
    floor = Floor()
    floor.place("a", BUY, 100, "9.50")
    floor.place("b", SELL, 100, "10.50")
    assert floor.clock(14, 59, 59) == []
    reports = floor.clock(15, 4)
    assert [(r.tag, r.state) for r in reports] == [
        ("a", OrderState.EXPIRED),
        ("b", OrderState.EXPIRED),
    ]
    assert {r.time for r in reports} == {from_ms(at(START, time(15, 0)))}
    assert (floor.ledger.frozen, floor.ledger.holding(SYMBOL).frozen) == (0, 0)
    assert Rung(ticks("9.50"), 100) in floor.exchange.screen(SYMBOL).bids
    with pytest.raises(OrderRefused) as caught:
        floor.withdraw("a")
    assert caught.value.reason is Reason.ORDER_NOT_CANCELABLE
    assert floor.roll(NEXT) == []


def test_an_order_after_hours_ends_when_they_do() -> None:
    floor, star = Floor(), "688981.SH"
    floor.instrument = instrument(star)
    floor.enlist(START)
    late = {"symbol": star, "price_type": PriceType.AFTER_HOURS}
    floor.place("late", BUY, 200, "10.00", **late)
    floor.place("day", BUY, 200, "9.90", symbol=star)
    assert [r.tag for r in floor.clock(15, 29, 59)] == ["day"]
    ended = floor.clock(15, 30)
    assert [(r.tag, r.state) for r in ended] == [("late", OrderState.EXPIRED)]
    assert ended[0].time == from_ms(at(START, time(15, 30)))
    assert floor.ledger.frozen == 0


@pytest.mark.parametrize("last", [1_000, None])
@pytest.mark.parametrize("live", [False, True])
def test_after_hours_the_exchange_takes_who_reaches_the_close_alone(last, live) -> None:
    """The close before the day, where nothing has traded on it, is the day's close."""
    floor, star = Floor(), "688981.SH"
    floor.instrument, floor.last = instrument(star), last
    floor.enlist(START)
    late = {"symbol": star, "price_type": PriceType.AFTER_HOURS}
    if live:
        floor.place("day", BUY, 200, "9.50", symbol=star)
    floor.clock(15, 10)
    assert floor.refuse("low", BUY, 200, "9.99", **late) is Reason.CLOSE_NOT_REACHED
    assert states(floor.place("good", BUY, 200, "10.00", **late)) == [OrderState.WORKING]
    assert states(floor.place("more", BUY, 200, "10.01", **late)) == [OrderState.WORKING]


def test_who_waited_for_a_close_that_he_does_not_reach_ends_when_it_is_known() -> None:
    floor, star = Floor(), "688981.SH"
    floor.instrument = instrument(star)
    floor.enlist(START)
    floor.place("low", BUY, 200, "9.99", symbol=star, price_type=PriceType.AFTER_HOURS)
    ended = floor.clock(15, 5)
    assert [(r.tag, r.state) for r in ended] == [("low", OrderState.CANCELED)]
    assert floor.ledger.frozen == 0


@pytest.mark.parametrize(("asked", "taken"), [((9, 26), (9, 30)), ((12, 0), (13, 0))])
def test_a_cancel_between_two_phases_is_kept_until_the_exchange_takes_it(asked, taken) -> None:
    floor = Floor(now=at(START, time(9, 16)))
    floor.place("a", BUY, 100, "9.50")
    floor.place("b", BUY, 100, "9.40")
    floor.clock(*asked)
    assert floor.withdraw("a") == []
    assert floor.withdraw("a") == []
    rules, state = floor.exchange.rules, json.loads(json.dumps(dump_exchange(floor.exchange)))
    listed = securities(START, floor.board, floor.instrument)
    floor.exchange = load_exchange(state, rules, {SYMBOL: listed})
    reports = floor.clock(*taken)
    assert [(r.tag, r.state) for r in reports] == [("a", OrderState.CANCELED)]
    assert reports[0].time == from_ms(at(START, time(*taken)))
    assert floor.exchange.open_orders(SYMBOL) == 1


def test_a_cancel_just_before_an_auction_is_refused() -> None:
    floor = Floor(now=at(START, time(9, 16)))
    floor.place("a", BUY, 100, "9.50")
    for when in ((9, 20), (14, 57)):
        floor.clock(*when)
        with pytest.raises(OrderRefused) as caught:
            floor.withdraw("a")
        assert caught.value.reason is Reason.CANCEL_CLOSED
    assert floor.exchange.open_orders(SYMBOL) == 1


def test_orders_past_their_time_expire_once_in_the_order_they_came() -> None:
    floor = Floor()
    for name, seconds in (("a", 3), ("b", 1), ("c", 2), ("d", 9), ("e", 2)):
        until = from_ms(NOW) + timedelta(seconds=seconds)
        floor.place(name, BUY, 100, "9.50", expires_at=until)
    floor.withdraw("c")
    assert [each.tag for each in floor.move(NOW + 1_000)] == ["b"]
    assert [each.tag for each in floor.move(NOW + 3_000)] == ["a", "e"]
    assert floor.exchange.open_orders(SYMBOL) == 1


def test_a_holding_sold_out_is_forgotten_the_next_day() -> None:
    floor = Floor()
    floor.show({"9.99": 5_000}, {})
    floor.place("a", SELL, 1_050, "9.99")
    assert floor.ledger.holding(SYMBOL).quantity == 0
    floor.roll(NEXT)
    assert SYMBOL not in floor.ledger.holdings


def test_two_accounts_can_trade_with_each_other() -> None:
    floor = Floor(SEED, SEED.model_copy(update={"id": "sim-2", "positions": ()}))
    floor.show({"9.90": 100}, {"10.10": 100})
    floor.place("a", SELL, 300, "10.00")
    reports = floor.place("b", BUY, 200, "10.05", account_id="sim-2")
    assert [(each.tag, each.filled_quantity) for each in reports] == [
        ("b", 0),
        ("a", 200),
        ("b", 200),
    ]
    assert floor.exchange.ledgers["sim-2"].holding(SYMBOL).quantity == 200
    assert {each.fill.price for each in reports[1:]} == {Decimal("10.00")}


def test_one_account_trades_with_itself_where_its_orders_meet() -> None:
    floor = Floor()
    floor.show({"9.90": 100}, {"10.10": 100})
    floor.place("a", SELL, 300, "10.00")
    assert fills(floor.place("b", BUY, 300, "10.00")) == [("10.00", 300)] * 2
    assert floor.ledger.holding(SYMBOL).quantity == 1_050


def test_times_of_reports_are_the_instants_at_which_they_happened() -> None:
    floor = Floor()
    report = floor.place("a", BUY, 100, "9.50")[0]
    assert report.time == datetime(2023, 2, 1, 2, 0, tzinfo=UTC)
    assert report.average_price is None
    floor.add(NOW + 1_000, {}, {"9.50": 300})
    late = floor.move(NOW + 60_000)
    assert [each.time for each in late] == [from_ms(NOW + 1_000)]


def test_a_partly_filled_buy_keeps_what_its_rest_can_cost_aside() -> None:
    floor = Floor()
    floor.place("a", BUY, 1_500, "10.01")
    traded, rest = Decimal(5000 + 5005), Decimal("5005.00")
    schedule, day = FeeSchedule(), START
    paid = schedule.order_fees(instrument(), BUY, traded, day).total
    whole = schedule.order_fees(instrument(), BUY, traded + rest, day).total
    assert floor.ledger.fees == paid
    assert floor.ledger.frozen == rest + whole - paid
    assert floor.ledger.cash == Decimal(100_000) - traded - rest - whole


def test_who_comes_later_queues_behind_what_is_displayed() -> None:
    floor = Floor()
    floor.place("a", BUY, 300, "9.99")
    bids, asks = {"9.99": 100}, QUIET[1]
    assert fills(floor.show(bids, asks, ("9.99", 400, SELL))) == []
    # 100 of those before us are left; what the level shows more by now came after us
    assert fills(floor.show(bids, asks, ("9.99", 300, SELL))) == [("9.99", 200)]


def test_a_price_that_trades_through_takes_who_waits_on_the_way() -> None:
    floor = Floor()
    floor.place("a", BUY, 200, "9.98")
    reports = floor.show({"9.96": 100}, {"9.98": 100}, ("9.97", 100, SELL))
    assert fills(reports) == [("9.98", 200)]


def test_displayed_size_is_taken_once() -> None:
    floor = Floor()
    assert fills(floor.place("a", BUY, 500, "10.00")) == [("10.00", 500)]
    assert fills(floor.place("b", BUY, 100, "10.00")) == []
    assert fills(floor.show(*QUIET)) == []
    more = {"10.00": 800, "10.01": 500}
    assert fills(floor.show({"9.99": 500}, more)) == [("10.00", 100)]


def test_a_market_order_sets_aside_the_top_of_its_band() -> None:
    floor = Floor()
    wish = {"price_type": PriceType.BEST_FIVE_LIMIT}
    reports = floor.place("a", BUY, 1_500, None, **wish)
    assert fills(reports) == [("10.00", 500), ("10.01", 500)]
    traded, rest = Decimal(5000 + 5005), Decimal("5500.00")
    whole = FeeSchedule().order_fees(instrument(), BUY, traded + rest, START).total
    assert floor.ledger.frozen == rest + whole - floor.ledger.fees
    assert floor.refuse("b", BUY, 8_000, None, **wish) is Reason.INSUFFICIENT_CASH
    floor.withdraw("a")
    assert floor.ledger.frozen == 0


def test_what_a_market_order_finds_no_partner_for_is_canceled() -> None:
    floor = Floor()
    reports = floor.place("a", BUY, 1_500, None, price_type=PriceType.BEST_FIVE_CANCEL)
    assert states(reports)[-1] is OrderState.CANCELED
    assert reports[-1].filled_quantity == 1_000
    assert floor.ledger.frozen == 0
    floor.show({}, {"9.00": 100})
    sold = floor.place("b", SELL, 100, None, price_type=PriceType.BEST_FIVE_CANCEL)
    assert states(sold) == [OrderState.WORKING, OrderState.CANCELED]
    assert floor.ledger.holding(SYMBOL).frozen == 0


def test_an_account_has_so_many_open_orders_and_no_more() -> None:
    floor = Floor(open_orders=2)
    for name in ("a", "b"):
        floor.place(name, BUY, 100, "9.50")
    assert floor.refuse("c", BUY, 100, "9.50") is Reason.ORDER_LIMIT
    floor.withdraw("a")
    floor.place("c", BUY, 100, "9.50")


def test_a_book_nobody_uses_makes_room_for_another() -> None:
    floor = Floor(live_symbols=1)
    floor.place("a", BUY, 100, "9.50")
    floor.instrument = instrument("600001.SH")
    floor.enlist(START)
    wish = {"symbol": "600001.SH"}
    assert floor.refuse("b", BUY, 100, "9.50", **wish) is Reason.ORDER_LIMIT
    before = floor.exchange.fingerprint(SYMBOL)
    floor.withdraw("a")
    floor.place("b", BUY, 100, "9.50", **wish)
    assert floor.exchange.live == ["600001.SH"]
    assert floor.exchange.fingerprint(SYMBOL)[1] == before[1] + 1


def test_money_comes_and_leaves() -> None:
    floor = Floor()
    floor.exchange.deposit("sim-1", Decimal("250.00"), NOW)
    floor.exchange.deposit("sim-1", Decimal("-100.00"), NOW)
    assert floor.ledger.cash == Decimal("100150.00")
    assert floor.ledger.imbalance == 0
    with pytest.raises(OrderRefused) as caught:
        floor.exchange.deposit("sim-1", Decimal(-200_000), NOW)
    assert caught.value.reason is Reason.INSUFFICIENT_CASH
    with pytest.raises(NotFound):
        floor.exchange.deposit("nobody", Decimal(1), NOW)


def test_an_account_is_opened_once() -> None:
    floor = Floor()
    floor.exchange.open_account(SEED.model_copy(update={"id": "new"}))
    assert floor.exchange.ledgers["new"].cash == Decimal("100000.00")
    with pytest.raises(InvalidRequest):
        floor.exchange.open_account(SEED.model_copy(update={"id": "new"}))


def test_strangers_trade_where_they_are_told_to_and_who_waits_there_comes_first() -> None:
    floor = Floor()
    floor.place("a", SELL, 300, "10.01")
    reports = floor.take(floor.exchange.inject_trade(SYMBOL, (Decimal("10.01"), 700), NOW))
    assert fills(reports) == [("10.01", 200)]  # 500 were there before us
    screen = floor.exchange.screen(SYMBOL)
    assert (screen.tally.last, screen.tally.volume) == (1_001, 100 + 500 + 700)
    for price, said in (("10.015", Reason.TICK_SIZE), ("11.01", Reason.PRICE_BAND)):
        with pytest.raises(OrderRefused) as caught:
            floor.exchange.inject_trade(SYMBOL, (Decimal(price), 100), NOW)
        assert caught.value.reason is said
    floor.clock(12, 0)
    with pytest.raises(OrderRefused) as caught:
        floor.exchange.inject_trade(SYMBOL, (Decimal("10.00"), 100), floor.now)
    assert caught.value.reason is Reason.SESSION_CLOSED


def test_a_halted_share_trades_when_it_resumes() -> None:
    floor = Floor()
    floor.place("a", BUY, 100, "9.99")
    floor.take(floor.exchange.halt(SYMBOL, NOW))
    assert floor.show({}, {"9.00": 500}, ("9.00", 100, SELL)) == []
    floor.place("b", BUY, 100, "10.00")
    floor.withdraw("b")
    reports = floor.take(floor.exchange.resume(SYMBOL, floor.now))
    assert [each.tag for each in reports if each.fill] == ["a"]
    assert reports[-1].state is OrderState.FILLED


def test_a_cancel_that_was_kept_at_lunch_comes_before_what_trades_after_it() -> None:
    """Orders that crossed in a halt meet when it is over: whoever wanted to leave has left."""
    floor = Floor()
    floor.place("first", BUY, 100, "9.00")
    floor.take(floor.exchange.halt(SYMBOL, NOW))
    floor.place("a", BUY, 100, "10.00")
    floor.place("b", BUY, 100, "10.00")
    floor.clock(12, 0)
    assert floor.withdraw("a") == []
    assert floor.take(floor.exchange.resume(SYMBOL, floor.now)) == []
    reports = floor.clock(13, 0)
    assert [(each.tag, each.state) for each in reports] == [
        ("a", OrderState.CANCELED),
        ("b", OrderState.FILLED),
    ]


MARKET = {"price_type": PriceType.BEST_FIVE_CANCEL}


@pytest.mark.parametrize(("clock", "said"), [
    ((10, 0), Reason.SUSPENDED),
    ((12, 0), Reason.SESSION_CLOSED),
    ((13, 0), Reason.SUSPENDED),
    ((14, 58), Reason.PRICE_TYPE_UNSUPPORTED),
])  # fmt: skip
def test_a_screen_that_is_dark_before_anybody_has_an_order_is_a_halt(clock, said) -> None:
    floor = Floor()
    floor.add(NOW, {}, {})
    floor.clock(*clock)
    shown = displayed(floor.exchange.security(SYMBOL), None, floor.now)
    assert shown.halted, "whoever judges an order sees it"
    assert floor.refuse("a", BUY, 100, None, **MARKET) is said


@pytest.mark.parametrize("clock", [(10, 0), (13, 0)])
def test_an_order_for_the_reopening_may_be_the_first_one(clock) -> None:
    floor = Floor()
    floor.add(NOW, {}, {})
    floor.clock(*clock)
    floor.place("a", BUY, 200, "10.50")
    assert floor.exchange.screen(SYMBOL).halted
    assert floor.refuse("b", BUY, 100, None, **MARKET) is Reason.SUSPENDED
    assert fills(floor.show({"10.09": 500}, {"10.10": 500})) == [("10.50", 200)]
    assert not floor.exchange.screen(SYMBOL).halted


def test_a_dark_screen_stops_a_book_that_was_opened_when_nothing_had_been_shown() -> None:
    floor = Floor()
    floor.board.frames.clear()
    floor.place("a", BUY, 100, "10.20")
    floor.show({}, {})
    assert floor.refuse("b", BUY, 100, None, **MARKET) is Reason.SUSPENDED
    assert fills(floor.show({"10.09": 500}, {"10.10": 500})) == [("10.20", 100)]


def test_before_its_first_display_nobody_knows_of_a_halt() -> None:
    floor = Floor()
    floor.board.frames.clear()
    floor.place("a", BUY, 100, "10.20")
    assert not floor.exchange.screen(SYMBOL).halted


def test_an_auction_that_begins_with_nothing_is_no_halt() -> None:
    floor = Floor(now=at(START, time(9, 14)))
    floor.board.frames.clear()
    for minute in (15, 17):
        floor.add(at(START, time(9, minute)), {}, {})
    floor.clock(9, 16)
    floor.place("a", BUY, 100, "10.00")
    floor.place("b", SELL, 50, "10.00")
    assert fills(floor.clock(9, 25)) == [("10.00", 50), ("10.00", 50)]


def test_who_left_while_a_share_was_stopped_meets_nobody_who_came() -> None:
    floor = Floor()
    floor.show(*QUIET)
    floor.take(floor.exchange.halt(SYMBOL, floor.now))
    floor.place("a", BUY, 300, "10.15")
    floor.show({"10.09": 500}, {"10.10": 500})
    assert fills(floor.take(floor.exchange.resume(SYMBOL, floor.now))) == [("10.10", 300)]


def test_a_stop_outlasts_a_change_of_the_screen_and_an_empty_screen_outlasts_a_stop() -> None:
    floor = Floor()
    floor.place("a", BUY, 100, "9.99")
    floor.place("b", BUY, 100, "9.50")
    floor.show({}, {})
    floor.take(floor.exchange.halt(SYMBOL, floor.now))
    floor.show({"9.00": 100}, {"9.40": 500})
    assert floor.exchange.screen(SYMBOL).halted
    floor.show({}, {})
    assert floor.take(floor.exchange.resume(SYMBOL, floor.now)) == []
    assert floor.exchange.screen(SYMBOL).halted
    reports = floor.show({"9.00": 100}, {"9.40": 500})
    assert [each.tag for each in reports if each.state is OrderState.FILLED] == ["a", "b"]


def test_a_screen_that_goes_dark_in_an_auction_stops_it() -> None:
    floor = Floor(now=at(START, time(9, 16)))
    floor.place("a", BUY, 100, "10.00")
    floor.add(at(START, time(9, 24)), {}, {})
    floor.add(at(START, time(9, 30)), {}, {})
    assert [each for each in floor.clock(9, 31) if each.fill is not None] == []
    assert floor.exchange.screen(SYMBOL).halted
    reports = floor.show({"9.99": 500}, {"10.00": 500})
    assert [each.tag for each in reports if each.state is OrderState.FILLED] == ["a"]


def test_who_holds_overnight_is_paid() -> None:
    floor = Floor()
    paid = Dividend(SYMBOL, NEXT, 1.1, cash=0.5, bonus=0.0, conversion=0.1)
    floor.exchange.roll(NEXT, NOW, [paid])
    assert floor.ledger.cash == Decimal("100525.00")
    assert floor.ledger.holding(SYMBOL).quantity == 1_155


def test_the_days_of_a_share_that_nobody_else_touches_are_told_apart() -> None:
    one, two = Floor(), Floor()
    for floor in (one, two):
        floor.place("a", BUY, 100, "10.00")
    assert one.exchange.fingerprint() == two.exchange.fingerprint()
    two.place("b", BUY, 100, "9.50")
    assert one.exchange.fingerprint() != two.exchange.fingerprint()
    for floor in (one, two):
        floor.roll(NEXT)
    assert one.exchange.fingerprint(SYMBOL) != two.exchange.fingerprint(SYMBOL)
    assert one.exchange.fingerprint("600001.SH") == ("", 0)


def test_positions_of_the_seed_are_sellable_at_once() -> None:
    held = SeedPosition(symbol=SYMBOL, quantity=100, cost_price=Decimal("9.00"))
    floor = Floor(SEED.model_copy(update={"positions": (held,)}))
    assert order("a", SELL, 100, "9.99").quantity == floor.ledger.holding(SYMBOL).sellable
    assert fills(floor.place("a", SELL, 100, "9.99")) == [("9.99", 100)]
