"""Money and shares of one account, and what ex-days do to them."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from quantgraph.backends.sim.actions import pay_holders, whole_shares
from quantgraph.backends.sim.ledger import Delivery, Ledger, cents
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.reasons import Reason
from quantgraph.seeds import SeedAccount, SeedPosition

from .audit import Audit

SYMBOL = "600519.SH"
EX = date(2023, 6, 30)
PAID = Dividend(SYMBOL, EX, 1.02, cash=2.1911, bonus=0.0, conversion=0.3)


def make_ledger(quantity: int = 1_005, cash: str = "1000.00") -> Ledger:
    held = SeedPosition(symbol=SYMBOL, quantity=quantity, cost_price=Decimal("10.00"))
    return Ledger.open(SeedAccount(id="a", name="A", cash=Decimal(cash), positions=(held,)))


def test_a_dividend_is_paid_in_cash_and_lowers_the_cost() -> None:
    ledger = make_ledger()
    granted = pay_holders([ledger], [replace(PAID, conversion=0.0)])
    assert [(each.cash, each.shares) for each in granted] == [(Decimal("2202.06"), 0)]
    assert ledger.cash == Decimal("3202.06")
    assert ledger.holding(SYMBOL).cost == Decimal("10050.00") - Decimal("2202.06")
    assert ledger.imbalance == 0


def test_new_shares_cost_nothing_and_can_be_sold_the_same_day() -> None:
    ledger = make_ledger()
    pay_holders([ledger], [replace(PAID, cash=0.0, bonus=0.2)])
    holding = ledger.holding(SYMBOL)
    assert (holding.quantity, holding.sellable) == (1_508, 1_508)  # 1005 × 1.5 = 1507.5
    assert holding.cost == Decimal("10050.00")
    assert ledger.cash == Decimal("1000.00")


@pytest.mark.parametrize(
    ("held", "ratio", "given"),
    [(1, 0.4, 0), (1, 0.5, 1), (3, 0.3, 1), (14, 0.1, 1), (15, 0.1, 2), (100, 1.0, 100)],
)
def test_half_a_share_becomes_a_whole_one(held: int, ratio: float, given: int) -> None:
    assert whole_shares(held, replace(PAID, conversion=ratio)) == given


def test_shares_are_split_and_joined() -> None:
    ledger = make_ledger(1_000)
    pay_holders([ledger], [replace(PAID, cash=0.0, conversion=4.0)])
    assert ledger.holding(SYMBOL).quantity == 5_000
    pay_holders([ledger], [replace(PAID, cash=0.0, conversion=-0.8)])
    assert ledger.holding(SYMBOL).quantity == 1_000


def test_events_follow_each_other_and_those_unknown_grant_nothing() -> None:
    ledger = make_ledger(1_000)
    later = replace(PAID, ex_date=date(2023, 7, 3), cash=1.0, conversion=0.0)
    earlier = replace(PAID, cash=0.0, conversion=1.0)
    unknown = Dividend(SYMBOL, EX, 1.5)
    granted = pay_holders([ledger], [later, unknown, earlier])
    assert [(each.cash, each.shares) for each in granted] == [(0, 1_000), (2_000, 0)]
    assert pay_holders([make_ledger(1)], [replace(PAID, symbol="000001.SZ")]) == []


def test_what_was_sold_for_today_is_spent_today_and_leaves_tomorrow() -> None:
    ledger = make_ledger()
    ledger.freeze_shares(SYMBOL, 100)
    ledger.sell(Delivery(SYMBOL, 100, Decimal("1200.00"), Decimal("5.00")))
    assert ledger.withdrawable == Decimal("1000.00")
    ledger.freeze_cash(Decimal("2100.00"))
    assert ledger.withdrawable == Decimal("95.00")
    ledger.thaw_cash(Decimal("2100.00"))
    with pytest.raises(OrderRefused) as caught:
        ledger.withdraw(Decimal("1000.01"))
    assert caught.value.reason is Reason.INSUFFICIENT_CASH
    ledger.roll()
    ledger.withdraw(Decimal("2195.00"))
    assert (ledger.cash, ledger.imbalance) == (0, 0)


def test_a_sale_realises_what_it_made_beyond_its_cost() -> None:
    ledger = make_ledger(1_000)
    ledger.freeze_shares(SYMBOL, 100)
    ledger.sell(Delivery(SYMBOL, 100, Decimal("1200.00"), Decimal("6.00")))
    assert ledger.realised == Decimal("194.00")
    assert ledger.holding(SYMBOL).cost == Decimal("9000.00")


def test_what_may_be_sold_at_once_is_not_locked_until_tomorrow() -> None:
    ledger = make_ledger()
    ledger.buy(Delivery("113001.SH", 10, Decimal("1000.00"), Decimal("0.00")), locked=False)
    assert ledger.holding("113001.SH").sellable == 10


CENTS = st.integers(1, 500_000).map(lambda each: Decimal(each) / 100)


class Accounts(RuleBasedStateMachine):
    """Whatever an account goes through, it balances, and it reads back as it was written."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = make_ledger()
        self.audit = Audit([self.ledger])

    @rule(amount=CENTS)
    def deposit(self, amount: Decimal) -> None:
        self.ledger.deposit(amount)
        self.audit.move("a", amount)

    @rule(amount=CENTS)
    def withdraw(self, amount: Decimal) -> None:
        if amount <= self.ledger.withdrawable:
            self.ledger.withdraw(amount)
            self.audit.move("a", -amount)
        else:
            with pytest.raises(OrderRefused):
                self.ledger.withdraw(amount)

    @rule(quantity=st.integers(1, 300), price=CENTS, locked=st.booleans())
    def buy(self, quantity: int, price: Decimal, locked: bool) -> None:
        money, fee = cents(price * quantity), Decimal("5.00")
        if money + fee <= self.ledger.cash:
            self.ledger.buy(Delivery(SYMBOL, quantity, money, fee), locked=locked)
            self.audit.move("a", -money - fee)
            self.audit.shares["a", SYMBOL] += quantity

    @rule(quantity=st.integers(1, 300), price=CENTS)
    def sell(self, quantity: int, price: Decimal) -> None:
        if quantity <= self.ledger.holding(SYMBOL).sellable:
            money = cents(price * quantity)
            self.ledger.freeze_shares(SYMBOL, quantity)
            paid = self.ledger.sell(Delivery(SYMBOL, quantity, money, Decimal("7.77")))
            self.audit.move("a", money - paid)
            self.audit.shares["a", SYMBOL] -= quantity

    @rule(cash=st.integers(0, 50_000), shares=st.integers(0, 20))
    def roll(self, cash: int, shares: int) -> None:
        self.ledger.roll()
        paid = replace(PAID, cash=cash / 10_000, conversion=shares / 10)
        self.audit.pay(pay_holders([self.ledger], [paid]))
        assert self.ledger.holding(SYMBOL).bought == 0

    @rule()
    def read_back(self) -> None:
        self.ledger = Ledger.load(json.loads(json.dumps(self.ledger.dump())))

    @invariant()
    def balanced(self) -> None:
        self.audit.check({"a": self.ledger})


TestAccounts = Accounts.TestCase
TestAccounts.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
