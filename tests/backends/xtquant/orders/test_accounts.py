"""Money and holdings through the real xttrader.py, and answers that are none."""

from decimal import Decimal

import pytest

from quantgraph.backends.xtquant.records import money
from quantgraph.domain.errors import NotFound, Unavailable
from quantgraph.domain.sources import Source
from tests.doubles.world import ACCOUNT

SYMBOL = "600519.SH"


def nothing(told):
    return ((told[0], []),)


async def test_they_are_what_the_exchange_has(desk):
    world = desk.counter.world
    ours, (real,) = await desk.accounts.asset(ACCOUNT), world.run(world.terminal.assets([ACCOUNT]))
    assert (ours.cash, ours.frozen_cash, ours.total) == (real.cash, real.frozen_cash, real.total)
    assert (ours.market_value, ours.source) == (real.market_value, Source.TERMINAL)
    (held,) = world.run(world.terminal.holdings([ACCOUNT]))
    found = await desk.accounts.positions(ACCOUNT)
    for mine, theirs in zip(found, held, strict=True):
        assert (mine.symbol, mine.quantity, mine.sellable) == (
            theirs.symbol,
            theirs.quantity,
            theirs.sellable,
        )
        assert (mine.cost_price, mine.last_price) == (theirs.cost_price, theirs.last_price)
        assert (mine.market_value, mine.profit) == (theirs.market_value, theirs.profit)


async def test_what_an_order_may_use_leaves_out_what_is_bought_or_offered_today(desk):
    world = desk.counter.world
    before = await desk.accounts.means(ACCOUNT, "000001.SZ")
    assert (before.sellable, before.bought, before.offered) == (5_000, None, 0)
    assert before.cash == (await desk.accounts.asset(ACCOUNT)).cash
    price = world.price("000001.SZ", "asks")
    await desk.trading.place(desk.order("q1more", str(price), symbol="000001.SZ"))
    await desk.heard(3)
    after = await desk.accounts.means(ACCOUNT, "000001.SZ")
    assert (after.sellable, after.cash < before.cash) == (5_000, True)
    held = {each.symbol: each.quantity for each in await desk.accounts.positions(ACCOUNT)}
    assert held["000001.SZ"] == 5_100
    assert (await desk.accounts.means(ACCOUNT, "600036.SH")).sellable == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
async def test_money_that_is_not_told_is_never_none(desk, value):
    def hollow(told):
        told[1][0].cash = value
        return (told,)

    script = desk.counter.script
    for act in (nothing, hollow):
        script.when("QueryStockAsset", act)
        with pytest.raises(Unavailable):
            await desk.accounts.asset(ACCOUNT)
    assert (await desk.accounts.asset(ACCOUNT)).cash > 0


async def test_an_empty_list_of_holdings_beside_a_value_is_a_failure(desk):
    desk.counter.script.when("QueryStockPositions", nothing)
    with pytest.raises(Unavailable):
        await desk.accounts.positions(ACCOUNT)


async def test_a_holding_without_a_price_says_none(desk):
    def unpriced(told):
        for each in told[1]:
            each.last_price = each.market_value = each.float_profit = 0.0
        return (told,)

    desk.counter.script.when("QueryStockPositions", unpriced)
    held = await desk.accounts.positions(ACCOUNT)
    assert {(each.last_price, each.market_value, each.profit) for each in held} == {
        (None, None, None)
    }
    assert Decimal(0) not in {each.cost_price for each in held}


async def test_one_account_that_is_unknown_fails_alone(desk):
    known, unknown = await desk.accounts.assets([ACCOUNT, "nobody"])
    assert known.account_id == ACCOUNT
    assert isinstance(unknown, NotFound)


def test_the_double_that_a_counter_writes_for_nothing_is_no_sum():
    unset = 1.7976931348623157e308
    assert [money(each) for each in (unset, -unset, 1e15)] == [None, None, None]
    assert money(999_999_999_999.994) == Decimal("999999999999.99")
