"""Paper twins: real accounts are looked at, and what is meant for them happens on paper."""

from contextlib import aclosing
from decimal import Decimal

import pytest

from quantgraph.domain.access import Principal, Scope
from quantgraph.domain.batches import Batch, CancelSweep
from quantgraph.domain.controls import HaltWish
from quantgraph.domain.errors import NotFound, OrderRefused, Unavailable
from quantgraph.domain.orders import FillQuery, OrderKey, OrderQuery, OrderState, OrderTicket, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor
from quantgraph.seeds import SeedAccount, SeedPosition
from quantgraph.services.interception import (
    InterceptedAllowances,
    InterceptedBatches,
    InterceptedConnections,
    InterceptedControls,
    InterceptedFills,
    InterceptedPreviews,
    InterceptedTrading,
    TwinKeys,
)
from quantgraph.services.twins import InterceptingTerminal, TwinnedAccounts, Twins
from tests.backends.sim.hall import order
from tests.backends.sim.paper import SYMBOL, Desk

REAL, TWIN = "8880001", "paper-8880001"
SEED = SeedAccount(
    id=REAL,
    name="main",
    cash=Decimal("100000.00"),
    positions=(SeedPosition(symbol=SYMBOL, quantity=1_000, cost_price=Decimal(9), bought=300),),
)


class Floor:
    """A terminal with a real account, and a paper exchange beside it."""

    def __init__(self):
        self.real, self.paper = Desk(SEED), Desk(epoch="epoch_2")
        self.twins = Twins(self.real.terminal, self.paper.terminal)
        self.twins.opened = True
        self.accounts = TwinnedAccounts(self.twins)
        self.sender = InterceptingTerminal(self.twins, self.paper.market.state)


@pytest.fixture
async def floor():
    made = Floor()
    yield made
    await made.real.close()
    await made.paper.close()


async def test_every_real_account_has_a_twin(floor):
    told = [(each.id, each.name, each.terminal) for each in await floor.accounts.accounts()]
    assert told == [(REAL, "main", "sim"), (TWIN, "main (paper)", "paper")]


async def test_a_twin_begins_with_what_its_account_has(floor):
    real, twin = await floor.accounts.assets([REAL, TWIN])
    assert (twin.cash, twin.total) == (real.cash, real.total)
    held = (await floor.accounts.holdings([TWIN]))[0]
    assert [(each.symbol, each.quantity, each.sellable) for each in held] == [(SYMBOL, 1_000, 700)]
    assert (await floor.accounts.means(TWIN, SYMBOL)).sellable == 700


async def test_money_that_is_set_aside_for_real_orders_is_the_twins_to_spend(floor):
    await floor.real.terminal.place(order("x", Side.BUY, 100, "9.50", account_id=REAL))
    real, twin = await floor.accounts.assets([REAL, TWIN])
    assert real.frozen_cash > 0
    assert twin.cash == real.cash + real.frozen_cash


async def test_an_order_changes_the_twin_and_leaves_the_account_as_it_is(floor):
    before = await floor.accounts.assets([REAL])
    await floor.sender.place(order("a", Side.BUY, 100, "10.00", account_id=TWIN))
    real, twin = await floor.accounts.assets([REAL, TWIN])
    assert [real] == before
    assert twin.cash < real.cash
    assert [each.tag for each in await floor.sender.orders_today(TWIN)] == ["a"]
    assert [each.tag for each in await floor.sender.find(TWIN, "a")] == ["a"]
    assert await floor.sender.orders_today(REAL) == ()
    assert await floor.real.terminal.orders_today(REAL) == []


async def test_a_twin_is_made_once(floor):
    await floor.sender.place(order("a", Side.BUY, 100, "10.00", account_id=TWIN))
    await floor.real.terminal.transfer(REAL, Decimal(5_000))
    again = Twins(floor.real.terminal, floor.paper.terminal)
    again.opened = True
    twin = (await TwinnedAccounts(again).assets([TWIN]))[0]
    assert twin.total < 110_000


async def test_unknown_accounts_have_no_twin_and_others_are_answered_beside_them(floor):
    unknown, known = await floor.accounts.assets(["paper-1", TWIN])
    assert isinstance(unknown, NotFound)
    assert unknown.reason is Reason.UNKNOWN_ACCOUNT
    assert known.account_id == TWIN
    with pytest.raises(OrderRefused):
        await floor.sender.place(order("a", Side.BUY, 100, "10.00", account_id="paper-1"))


async def test_no_order_is_taken_while_the_real_market_is_away(floor):
    floor.paper.market.connected = False
    with pytest.raises(OrderRefused) as refused:
        await floor.sender.place(order("a", Side.BUY, 100, "10.00", account_id=TWIN))
    assert refused.value.reason is Reason.TERMINAL_REFUSED
    assert await floor.paper.terminal.accounts() == []


async def test_an_account_that_cannot_be_read_takes_no_order(floor, monkeypatch):
    async def away(account_ids):
        raise Unavailable(Reason.SOURCE_UNAVAILABLE, "The terminal is away.")

    monkeypatch.setattr(floor.real.terminal, "assets", away)
    with pytest.raises(OrderRefused, match="away"):
        await floor.sender.place(order("a", Side.BUY, 100, "10.00", account_id=TWIN))


async def test_reports_are_those_of_the_paper_exchange(floor):
    await floor.sender.place(order("a", Side.BUY, 100, "10.00", account_id=TWIN))
    async with aclosing(floor.sender.reports()) as reports:
        states = [(await anext(reports)).state for _ in range(2)]
    assert states == [OrderState.WORKING, OrderState.FILLED]


class Heard:
    """Remembers the account of whatever is asked of it."""

    def __init__(self):
        self.accounts, self.tickets = [], []

    def __getattr__(self, name):
        async def hear(asked, *more):
            self.accounts.append(getattr(asked, "account_id", asked))
            self.tickets += getattr(asked, "tickets", ())

        async def stream(asked):
            self.accounts.append(getattr(asked, "account_id", asked))
            yield name

        return stream if name == "events" else hear


async def ask_all(wrapped, calls):
    for name, *arguments in calls:
        found = getattr(wrapped, name)(*arguments)
        if name == "events":
            assert [each async for each in found] == ["events"]
        else:
            await found


KEY, CURSOR = OrderKey(REAL, id="order_1"), LogCursor(REAL)
TICKET = OrderTicket(REAL, "key-1", SYMBOL, Side.BUY, 100)
ASKED = {
    InterceptedTrading: [
        ("submit", TICKET),
        ("cancel", KEY),
        ("approve", KEY),
        ("reject", KEY),
        ("write_off", KEY, "gone"),
        ("order", KEY),
        ("orders", OrderQuery(REAL)),
        ("events", CURSOR),
    ],
    InterceptedFills: [
        ("fills", FillQuery(REAL)),
        ("order_fills", REAL, ["order_1"]),
        ("events", CURSOR),
    ],
    InterceptedBatches: [
        ("submit_all", Batch(REAL, (TICKET,))),
        ("cancel_all", CancelSweep(REAL)),
    ],
    InterceptedPreviews: [("preview", TICKET)],
    InterceptedConnections: [("connect", REAL), ("disconnect", REAL), ("events", CURSOR)],
    InterceptedAllowances: [("allowance", REAL)],
    InterceptedControls: [
        ("status", REAL),
        ("events", REAL),
        ("halt", HaltWish(REAL)),
        ("resume", HaltWish(REAL)),
        ("set_dead_man", REAL, 5),
    ],
}


@pytest.mark.parametrize("wrapper", ASKED, ids=lambda each: each.__name__)
async def test_what_names_a_real_account_is_asked_of_its_twin(wrapper):
    heard = Heard()
    await ask_all(wrapper(heard), ASKED[wrapper])
    assert heard.accounts == [TWIN] * len(ASKED[wrapper])
    assert all(each.account_id == TWIN for each in heard.tickets)


async def test_what_names_no_account_or_a_twin_is_passed_on_as_it_is():
    heard = Heard()
    await ask_all(InterceptedControls(heard), [("status", None), ("status", TWIN)])
    assert heard.accounts == [None, TWIN]


class OneKey:
    def __init__(self, accounts):
        self.principal = Principal("k", Scope.TRADE, accounts)

    def check(self, key):
        return self.principal if key == "secret" else None

    def find(self, key_id):
        return self.principal if key_id == "k" else None

    def version(self):
        return "first"


def test_a_key_of_an_account_is_one_of_its_twin_and_of_no_other():
    keys = TwinKeys(OneKey(frozenset({REAL})))
    for found in (keys.check("secret"), keys.find("k")):
        assert found.sees(TWIN)
        assert found.sees(REAL)
        assert not found.sees("paper-8880002")
    assert keys.check("guessed") is None
    assert keys.find("revoked") is None
    assert keys.version() == "first"
    assert TwinKeys(OneKey(None)).check("secret").accounts is None
