"""Accounts at the exchange: money to the cent, T+1, fees per order, day ends."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from quantgraph.backends.sim.exchange import Exchange, Rules
from quantgraph.backends.sim.ledger import Ledger
from quantgraph.config import SeedAccount, SeedPosition
from quantgraph.domain.calendar import at, from_ms
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Instrument, classify
from quantgraph.domain.orders import (
    Destination,
    Order,
    OrderState,
    Origin,
    PriceType,
    Side,
)
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.sources import Source
from quantgraph.domain.terminal import ExecutionReport

from .conftest import START, make_calendar

CALENDAR = make_calendar()
SYMBOL = "600000.SH"
NOW = at(START, time(10, 0))
BUY, SELL = Side.BUY, Side.SELL
SEED = SeedAccount(
    id="sim-1",
    name="one",
    cash=Decimal("100000.00"),
    positions=(SeedPosition(symbol=SYMBOL, quantity=1_050, cost_price=Decimal("9.00")),),
)


def instrument(symbol: str = SYMBOL) -> Instrument:
    market, kind, board = classify(symbol)
    return Instrument(symbol, None, market, kind, board, None, None, None, False, Source.SIMULATED)


def quote(when: int, bids: dict[str, int], asks: dict[str, int], symbol: str = SYMBOL) -> Quote:
    return Quote(
        symbol=symbol,
        time=when,
        last_price=10.0,
        open=10.0,
        high=10.0,
        low=10.0,
        previous_close=10.0,
        volume=1,
        amount=1.0,
        bids=tuple(Level(float(price), size) for price, size in bids.items()),
        asks=tuple(Level(float(price), size) for price, size in asks.items()),
        suspended=False,
        source=Source.SIMULATED,
    )


def order(name: str, side: Side, quantity: int, price: str | None, **more) -> Order:
    now = from_ms(NOW)
    return replace(
        Order(
            id=name,
            account_id="sim-1",
            client_order_id=None,
            broker_order_id=None,
            symbol=SYMBOL,
            side=side,
            price_type=PriceType.LIMIT,
            limit_price=None if price is None else Decimal(price),
            quantity=quantity,
            filled_quantity=0,
            average_price=None,
            state=OrderState.SENT,
            destination=Destination.SIMULATED,
            origin=Origin.OURS,
            created_at=now,
            updated_at=now,
        ),
        **more,
    )


class Floor:
    """An exchange with one account and a quote on show."""

    def __init__(self, seed: SeedAccount = SEED) -> None:
        rules = Rules(CALENDAR, FeeSchedule(), "T")
        self.exchange = Exchange([Ledger.open(seed)], START, rules)
        self.ledger = self.exchange.ledgers["sim-1"]
        self.now = NOW
        self.quote = quote(NOW, {"9.99": 500}, {"10.00": 500, "10.01": 500})
        self.exchange.show(instrument(), self.quote, NOW)

    def place(self, *args, **more) -> list[ExecutionReport]:
        return self.exchange.place(order(*args, **more), instrument(), self.quote, self.now)[1]

    def show(self, bids: dict[str, int], asks: dict[str, int]) -> list[ExecutionReport]:
        self.now += 1_000
        self.quote = quote(self.now, bids, asks)
        return self.exchange.show(instrument(), self.quote, self.now)

    def refuse(self, *args, **more) -> Reason:
        before = repr(self.ledger)
        with pytest.raises(OrderRefused) as caught:
            self.place(*args, **more)
        assert repr(self.ledger) == before
        return caught.value.reason


def states(reports: list[ExecutionReport]) -> list[OrderState]:
    return [report.state for report in reports]


def test_a_buy_pays_price_and_fees_and_receives_shares() -> None:
    floor = Floor()
    reports = floor.place("a", BUY, 700, "10.01")
    assert states(reports) == [
        OrderState.WORKING,
        OrderState.PARTIALLY_FILLED,
        OrderState.FILLED,
    ]
    one, two = reports[1].fill, reports[2].fill
    assert (one.quantity, one.price, one.amount) == (500, Decimal("10.00"), Decimal("5000.00"))
    assert (two.quantity, two.price, two.amount) == (200, Decimal("10.01"), Decimal("2002.00"))
    assert (one.fee, two.fee) == (Decimal("5.05"), Decimal("0.02"))  # one minimum for both
    assert reports[2].average_price == Decimal("10.0029")
    assert floor.ledger.cash == Decimal("100000.00") - Decimal("7002.00") - Decimal("5.07")
    assert floor.ledger.frozen == 0
    assert (one.id, two.id) == ("T-000001-1", "T-000001-2")


def test_shares_bought_today_are_sold_from_the_next_session_on() -> None:
    floor = Floor()
    floor.place("a", BUY, 200, "10.00")
    holding = floor.ledger.holding(SYMBOL)
    assert (holding.quantity, holding.sellable) == (1_250, 1_050)
    assert floor.refuse("b", SELL, 1_250, "9.99") is Reason.INSUFFICIENT_SHARES
    floor.exchange.roll(date(2023, 2, 2), at(date(2023, 2, 2), time(9, 30)))
    assert floor.ledger.holding(SYMBOL).sellable == 1_250


def test_a_friday_purchase_is_sellable_on_monday() -> None:
    floor = Floor()
    floor.exchange.roll(date(2023, 2, 3), at(date(2023, 2, 3), time(9, 30)))
    floor.now = at(date(2023, 2, 3), time(10, 0))
    floor.show({"9.99": 500}, {"10.00": 500})
    floor.place("a", BUY, 200, "10.00")
    assert floor.ledger.holding(SYMBOL).sellable == 1_050
    floor.exchange.roll(date(2023, 2, 6), at(date(2023, 2, 6), time(9, 30)))
    assert floor.ledger.holding(SYMBOL).sellable == 1_250


def test_a_waiting_buy_sets_its_cash_aside_and_gives_it_back() -> None:
    floor = Floor()
    assert states(floor.place("a", BUY, 1_000, "9.50")) == [OrderState.WORKING]
    assert floor.ledger.frozen == Decimal("9500.00") + Decimal("5.00") + Decimal("0.10")
    assert floor.ledger.cash + floor.ledger.frozen == 100_000
    assert states(floor.exchange.withdraw("a", NOW)) == [OrderState.CANCELED]
    assert (floor.ledger.cash, floor.ledger.frozen) == (Decimal("100000.00"), Decimal("0.00"))


def test_a_waiting_sell_sets_its_shares_aside_and_gives_them_back() -> None:
    floor = Floor()
    floor.place("a", SELL, 1_000, "10.50")
    holding = floor.ledger.holding(SYMBOL)
    assert (holding.quantity, holding.sellable) == (1_050, 50)
    assert floor.refuse("b", SELL, 100, "10.50") is Reason.INSUFFICIENT_SHARES
    floor.exchange.withdraw("a", NOW)
    assert holding.sellable == 1_050


def test_the_minimum_commission_is_paid_once_over_all_fills_of_an_order() -> None:
    floor = Floor()
    reports = floor.place("a", BUY, 300, "9.98")
    for _ in range(3):
        reports += floor.show({}, {"9.98": 100})
    fees = [report.fill.fee for report in reports if report.fill]
    assert states(reports)[-1] is OrderState.FILLED
    assert sum(fees) == Decimal("5.03")
    assert fees[0] == Decimal("5.01")


def test_a_sell_pays_stamp_duty_out_of_its_proceeds() -> None:
    floor = Floor()
    reports = floor.place("a", SELL, 400, "9.99")
    fill = reports[-1].fill
    assert fill.amount == Decimal("3996.00")
    assert fill.fee == Decimal("5.00") + Decimal("4.00") + Decimal("0.04")
    assert floor.ledger.cash == Decimal("100000.00") + Decimal("3996.00") - Decimal("9.04")


def test_selling_at_an_average_cost_leaves_the_cost_of_the_rest() -> None:
    floor = Floor()
    floor.place("a", SELL, 500, "9.99")
    holding = floor.ledger.holding(SYMBOL)
    assert holding.cost == Decimal("9450.00") - Decimal("4500.00")


def test_a_tiny_sale_never_takes_cash_below_zero() -> None:
    poor = SEED.model_copy(update={"cash": Decimal("0.00")})
    floor = Floor(poor)
    floor.show({"9.00": 1}, {"10.00": 500})
    first = floor.place("a", SELL, 50, "9.00")[-1]
    assert first.fill.quantity == 1
    # Nine yuan do not cover stamp duty, transfer and the minimum of five in full …
    assert floor.ledger.cash >= 0
    rest = floor.show({"9.00": 500}, {"10.00": 500})[-1]
    # … but over the whole order nothing is forgiven.
    paid = first.fill.fee + rest.fill.fee
    assert paid == FeeSchedule().order_fees(instrument(), SELL, Decimal("450.00"), START).total


def test_the_minimum_waits_for_money_that_is_not_there_yet() -> None:
    cheap = SeedPosition(symbol=SYMBOL, quantity=1_050, cost_price=Decimal("1.00"))
    floor = Floor(SEED.model_copy(update={"cash": Decimal("0.00"), "positions": (cheap,)}))
    low = replace(quote(NOW + 1, {"1.00": 1}, {}), previous_close=1.0)
    floor.exchange.show(instrument(), low, NOW + 1)
    floor.quote = low
    first = floor.place("a", SELL, 50, "1.00")[-1]
    assert first.fill.fee == Decimal("1.00")
    assert floor.ledger.cash == 0
    floor.now += 2_000
    more = replace(quote(floor.now, {"1.00": 100}, {}), previous_close=1.0)
    rest = floor.exchange.show(instrument(), more, floor.now)[-1]
    assert first.fill.fee + rest.fill.fee == Decimal("5.05")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quantity": 150}, Reason.LOT_SIZE),
        ({"quantity": 1_000_100}, Reason.QUANTITY_LIMIT),
        ({"limit_price": Decimal("10.005")}, Reason.TICK_SIZE),
        ({"limit_price": Decimal("11.01")}, Reason.PRICE_BAND),
        ({"limit_price": Decimal("8.99")}, Reason.PRICE_BAND),
        ({"limit_price": None}, Reason.PRICE_REQUIRED),
        ({"quantity": 10_000, "limit_price": Decimal("10.00")}, Reason.INSUFFICIENT_CASH),
        ({"price_type": PriceType.OWN_BEST}, Reason.PRICE_TYPE_UNSUPPORTED),
        ({"account_id": "sim-2"}, Reason.TERMINAL_REFUSED),
        ({"side": SELL, "quantity": 1_100}, Reason.INSUFFICIENT_SHARES),
        ({"side": SELL, "quantity": 49}, Reason.LOT_SIZE),
    ],
)
def test_the_exchange_trusts_nobody(change, said) -> None:
    floor = Floor()
    base = {"name": "a", "side": BUY, "quantity": 100, "price": "10.00"}
    assert (
        floor.refuse(
            **base | {k: v for k, v in change.items() if k in base},
            **{k: v for k, v in change.items() if k not in base},
        )
        is said
    )


def test_the_same_order_is_not_taken_twice() -> None:
    floor = Floor()
    floor.place("a", BUY, 100, "9.50")
    assert floor.refuse("a", BUY, 100, "9.50") is Reason.TERMINAL_REFUSED


def test_a_suspended_stock_and_a_closed_market_take_no_orders() -> None:
    floor = Floor()
    floor.quote = replace(floor.quote, suspended=True)
    assert floor.refuse("a", BUY, 100, "10.00") is Reason.SUSPENDED
    floor.quote = replace(floor.quote, suspended=False)
    floor.now = at(START, time(12, 0))
    assert floor.refuse("a", BUY, 100, "10.00") is Reason.SESSION_CLOSED


def test_an_odd_remainder_is_sold_whole() -> None:
    floor = Floor()
    assert states(floor.place("a", SELL, 50, "9.99"))[-1] is OrderState.FILLED
    assert floor.ledger.holding(SYMBOL).quantity == 1_000


def test_open_orders_expire_when_the_day_ends() -> None:
    floor = Floor()
    floor.place("a", BUY, 1_500, "10.00")
    floor.place("b", SELL, 100, "10.50")
    reports = floor.exchange.roll(date(2023, 2, 2), NOW + 1)
    assert [(each.order_id, each.state) for each in reports] == [
        ("a", OrderState.EXPIRED),
        ("b", OrderState.EXPIRED),
    ]
    assert reports[0].filled_quantity == 500
    assert floor.ledger.frozen == 0
    assert floor.ledger.holding(SYMBOL).frozen == 0
    with pytest.raises(OrderRefused) as caught:
        floor.exchange.withdraw("a", NOW + 2)
    assert caught.value.reason is Reason.ORDER_NOT_CANCELABLE


def test_an_order_past_its_time_expires_before_it_could_fill() -> None:
    floor = Floor()
    until = from_ms(NOW) + timedelta(seconds=1)
    floor.place("a", BUY, 100, "9.50", expires_at=until)
    reports = floor.show({}, {"9.40": 500})
    assert states(reports) == [OrderState.EXPIRED]


def test_orders_past_their_time_expire_once_in_the_order_they_came() -> None:
    floor = Floor()
    for name, seconds in (("a", 3), ("b", 1), ("c", 2), ("d", 9), ("e", 2)):
        until = from_ms(NOW) + timedelta(seconds=seconds)
        floor.place(name, BUY, 100, "9.50", expires_at=until)
    floor.exchange.withdraw("c", NOW)
    assert [each.order_id for each in floor.show({}, {})] == ["b"]
    floor.now += 2_000
    assert [each.order_id for each in floor.show({}, {})] == ["a", "e"]
    assert floor.exchange.open_orders(SYMBOL) == 1


def test_a_holding_sold_out_is_forgotten_the_next_day() -> None:
    floor = Floor()
    floor.show({"9.99": 5_000}, {})
    floor.place("a", SELL, 1_050, "9.99")
    assert floor.ledger.holding(SYMBOL).quantity == 0
    floor.exchange.roll(date(2023, 2, 2), NOW + 1)
    assert SYMBOL not in floor.ledger.holdings


def test_two_accounts_can_trade_with_each_other() -> None:
    other = SEED.model_copy(update={"id": "sim-2", "positions": ()})
    rules = Rules(CALENDAR, FeeSchedule(), "T")
    exchange = Exchange([Ledger.open(SEED), Ledger.open(other)], START, rules)
    now = quote(NOW, {"9.90": 100}, {"10.10": 100})
    exchange.show(instrument(), now, NOW)
    exchange.place(order("a", SELL, 300, "10.00"), instrument(), now, NOW)
    bid = replace(order("b", BUY, 200, "10.05"), account_id="sim-2")
    _, reports = exchange.place(bid, instrument(), now, NOW)
    assert [(each.order_id, each.filled_quantity) for each in reports] == [
        ("b", 0),
        ("a", 200),
        ("b", 200),
    ]
    assert exchange.ledgers["sim-2"].holding(SYMBOL).quantity == 200
    assert {each.fill.price for each in reports[1:]} == {Decimal("10.00")}


CENTS = st.integers(900, 1_100)


class TradingDays(RuleBasedStateMachine):
    """Any order of quotes, orders, cancels and day ends keeps the books straight."""

    @initialize(cash=st.integers(0, 20_000_00), shares=st.integers(1, 3_000))
    def begin(self, cash: int, shares: int) -> None:
        held = SeedPosition(symbol=SYMBOL, quantity=shares, cost_price=Decimal("9.37"))
        other = SeedAccount(id="sim-2", name="two", cash=Decimal(50_000))
        first = SeedAccount(id="sim-1", name="one", cash=Decimal(cash) / 100, positions=(held,))
        rules = Rules(CALENDAR, FeeSchedule(), "T")
        self.exchange = Exchange([Ledger.open(first), Ledger.open(other)], START, rules)
        self.money = {i: ledger.cash for i, ledger in self.exchange.ledgers.items()}
        self.shares = {"sim-1": shares, "sim-2": 0}
        self.fees = dict.fromkeys(self.money, Decimal(0))
        self.bought_today = dict.fromkeys(self.money, 0)
        self.orders: dict[str, Order] = {}
        self.filled: dict[str, int] = {}
        self.done: set[str] = set()
        self.expiry: dict[str, int] = {}
        self.now, self.count = NOW, 0
        self.quote = quote(NOW, {"9.99": 500}, {"10.00": 500})
        self.exchange.show(instrument(), self.quote, NOW)

    def note(self, reports: list[ExecutionReport]) -> None:
        for report in reports:
            placed = self.orders[report.order_id]
            assert report.order_id not in self.done
            if report.fill is not None:
                self._note_fill(placed, report)
            assert report.filled_quantity == self.filled[report.order_id] <= placed.quantity
            if report.state.final:
                self.done.add(report.order_id)
            assert (report.state is OrderState.FILLED) is (
                report.filled_quantity == placed.quantity
            )

    def _note_fill(self, placed: Order, report: ExecutionReport) -> None:
        fill, sign = report.fill, 1 if placed.side is BUY else -1
        assert Decimal("9.00") <= fill.price <= Decimal("11.00")
        assert (fill.price - placed.limit_price) * sign <= 0
        assert fill.fee >= 0
        self.filled[placed.id] += fill.quantity
        self.money[placed.account_id] -= sign * fill.amount + fill.fee
        self.fees[placed.account_id] += fill.fee
        self.shares[placed.account_id] += sign * fill.quantity
        if placed.side is BUY:
            self.bought_today[placed.account_id] += fill.quantity

    @rule(
        middle=st.integers(905, 1_095),
        spread=st.integers(1, 4),
        sizes=st.lists(st.integers(1, 30), min_size=4, max_size=4),
        sealed=st.sampled_from([None, BUY, SELL]),
    )
    def display(self, middle: int, spread: int, sizes: list[int], sealed: Side | None) -> None:
        self.now += 1_000
        bids = {f"{(middle - i) / 100:.2f}": sizes[i] * 10 for i in range(2)}
        asks = {f"{(middle + spread + i) / 100:.2f}": sizes[2 + i] * 10 for i in range(2)}
        self.quote = quote(self.now, {} if sealed is SELL else bids, {} if sealed is BUY else asks)
        late = [name for name in self.waiting() if self.expiry.get(name, self.now + 1) <= self.now]
        reports = self.exchange.show(instrument(), self.quote, self.now)
        assert [each.order_id for each in reports if each.state is OrderState.EXPIRED] == late
        assert [each.order_id for each in reports[: len(late)]] == late
        self.note(reports)

    def wanted(self, account: str) -> int:
        waiting = [self.orders[name] for name in self.waiting()]
        mine = [each for each in waiting if each.account_id == account and each.side is BUY]
        return sum(each.quantity - self.filled[each.id] for each in mine)

    def waiting(self) -> list[str]:
        return [name for name in self.orders if name not in self.done]

    @rule(
        account=st.sampled_from(["sim-1", "sim-2"]),
        side=st.sampled_from([BUY, SELL]),
        quantity=st.one_of(st.integers(1, 20).map(lambda n: n * 100), st.integers(1, 400)),
        cents=st.integers(895, 1_105),
        lasts_s=st.one_of(st.none(), st.integers(0, 5)),
    )
    def submit(
        self, account: str, side: Side, quantity: int, cents: int, lasts_s: int | None
    ) -> None:
        self.count += 1
        name = f"o{self.count}"
        wanted = order(name, side, quantity, f"{cents / 100:.2f}", account_id=account)
        if lasts_s is not None:
            self.expiry[name] = self.now + lasts_s * 1_000
            wanted = replace(wanted, expires_at=from_ms(self.expiry[name]))
        self.orders[name], self.filled[name] = wanted, 0
        try:
            _, reports = self.exchange.place(wanted, instrument(), self.quote, self.now)
        except OrderRefused:
            self.done.add(name)
            return
        assert 900 <= cents <= 1_100
        self.note(reports)

    @precondition(lambda self: self.orders)
    @rule(pick=st.integers(0, 10**6))
    def cancel(self, pick: int) -> None:
        name = list(self.orders)[pick % len(self.orders)]
        try:
            self.note(self.exchange.withdraw(name, self.now))
        except OrderRefused:
            assert name in self.done
        else:
            assert name in self.done

    @rule()
    def end_day(self) -> None:
        day = CALENDAR.next_session(self.exchange.day)
        self.now = at(day, time(9, 30))
        self.note(self.exchange.roll(day, self.now))
        assert set(self.orders) == self.done
        self.bought_today = dict.fromkeys(self.money, 0)
        self.quote = quote(self.now, {}, {})
        self.exchange.show(instrument(), self.quote, self.now)

    @invariant()
    def money_and_shares_are_conserved(self) -> None:
        if not hasattr(self, "exchange"):
            return
        assert self.exchange.open_orders(SYMBOL) == len(self.waiting())
        for name, ledger in self.exchange.ledgers.items():
            holding = ledger.holding(SYMBOL)
            assert ledger.cash + ledger.frozen == self.money[name]
            assert ledger.cash >= 0 <= ledger.frozen
            assert ledger.fees == self.fees[name]
            assert holding.quantity == self.shares[name]
            assert holding.bought <= self.bought_today[name]
            assert self.exchange.bought(name, SYMBOL) == holding.bought + self.wanted(name)
            assert 0 <= holding.sellable <= holding.quantity
            assert holding.frozen >= 0 <= holding.cost
            if set(self.orders) == self.done:
                assert ledger.frozen == 0 == holding.frozen


TradingDays.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestTradingDays = TradingDays.TestCase


def test_times_of_reports_are_the_instants_given() -> None:
    report = Floor().place("a", BUY, 100, "9.50")[0]
    assert report.time == datetime(2023, 2, 1, 2, 0, tzinfo=UTC)
    assert report.average_price is None


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
