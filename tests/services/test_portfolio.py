"""Risk and strategies out of a real journal, whatever the quotes, restarts and epochs do."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings

from quantgraph.domain.accounts import Account, AccountStatus, Asset, Position
from quantgraph.domain.errors import NotFound, unknown_account, unknown_symbol
from quantgraph.domain.journal import Intent, Outcome
from quantgraph.domain.orders import OrderState, Side
from quantgraph.domain.portfolio import StrategyQuery
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.services import portfolio
from quantgraph.services.portfolio import PortfolioDesk, PortfolioSources
from quantgraph.services.workers import Workers
from tests.services.journals import quick_journal
from tests.services.trades import NOW, each_share, fill, trades
from tests.store.test_journal import order

A, B = "000001.SZ", "600519.SH"


class World:
    """Holdings, quotes and a clock that a test sets."""

    def __init__(self):
        self.time = NOW
        self.held = {}
        self.prices = {A: (11.0, 10.0), B: (1600.5, 1500.0)}
        self.quoted = NOW

    def now(self):
        return self.time

    async def accounts(self):
        return [Account("sim-1", "One", "test", AccountStatus.CONNECTED)]

    async def asset(self, account_id):
        money = Decimal("1000.00")
        return Asset(account_id, money, money, money, 3 * money, Source.SIMULATED)

    async def positions(self, account_id):
        if account_id != "sim-1":
            raise unknown_account(account_id)
        none = (Decimal("1.00"), None, None, None, Source.SIMULATED)
        return [Position(account_id, s, q, q, *none) for s, q in self.held.items()]

    async def quotes(self, symbols):
        time = int(self.quoted.timestamp() * 1000)
        return [
            Quote(s, time, self.prices[s][0], None, None, None, self.prices[s][1], 0, 0.0, (), (),
                  False, Source.SIMULATED) if s in self.prices else unknown_symbol(s)
            for s in symbols
        ]  # fmt: skip

    async def sectors(self):
        return []


class Desk:
    """A portfolio desk over a journal in a file."""

    def __init__(self, path):
        self.world, self.workers = World(), Workers(2, 64)
        self.journal = quick_journal(path)
        self.restart()

    def restart(self):
        world = self.world
        self.desk = PortfolioDesk(
            PortfolioSources(world, world, world, world, self.journal, self.workers)
        )

    def trade(self, made, strategy=None):
        """Journal an order with this one fill."""
        label = {"strategy": strategy, "symbol": made.symbol, "side": made.side}
        intent = Intent(order(0, id=made.order_id, client_order_id=made.order_id, **label), "d")
        report = ExecutionReport(
            made.order_id, "sim-1", OrderState.FILLED, made.quantity, made.price, made.time, made
        )
        self.journal.record([intent, Outcome(made.order_id, report)])

    async def strategies(self, **query):
        page = await self.desk.strategies(StrategyQuery("sim-1", **query))
        return {each.name: each for each in page.strategies}

    def close(self):
        self.workers.close()
        self.journal.close()


@pytest.fixture
async def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    desk.close()


async def test_the_risk_of_holdings_and_the_trades_of_today(desk):
    desk.world.held = {A: 300, B: 1}
    desk.trade(fill(1, A, Side.BUY, 100, "10.50", fee="5.00"))
    desk.trade(fill(2, A, Side.SELL, 50, "11.20", fee="5.60"))
    risk = await desk.desk.risk("sim-1")
    assert (risk.time, risk.buying_power) == (NOW, Decimal("1000.00"))
    assert risk.gross_exposure == Decimal("3300.00") + Decimal("1600.50")
    assert [(each.symbol, each.price) for each in risk.exposures] == [
        (A, Decimal("11.0")), (B, Decimal("1600.5")),
    ]  # fmt: skip
    # 250 shares of A at 10.00 and 1 of B at 1500.00 when the day began.
    sold = Decimal("560.00") - Decimal("5.60")
    total = Decimal("4900.50") + sold - Decimal("1055.00") - 2500 - 1500
    assert risk.day_profit.total == total
    assert risk.day_profit.realized == sold - 500
    assert risk.day_profit.unrealized == total - (sold - 500)
    assert risk.unvalued == ()


async def test_what_was_sold_out_today_still_counts_for_today(desk):
    desk.trade(fill(1, A, Side.SELL, 100, "11.00"))
    risk = await desk.desk.risk("sim-1")
    assert (risk.exposures, risk.gross_exposure) == ((), 0)
    assert risk.day_profit.realized == Decimal("95.00")
    desk.world.time += timedelta(days=1)
    assert (await desk.desk.risk("sim-1")).day_profit.total == 0


async def test_a_quote_of_an_earlier_day_has_not_moved_today(desk):
    desk.world.held = {A: 100}
    assert (await desk.desk.risk("sim-1")).day_profit.total == 100
    desk.world.time += timedelta(days=1)
    assert (await desk.desk.risk("sim-1")).day_profit.total == 0


@pytest.mark.parametrize("price", [None, (None, None)])
async def test_what_cannot_be_valued_is_null_and_named(desk, price):
    desk.world.held = {A: 100, B: 100}
    desk.trade(fill(1, A, Side.BUY, 100, "10.00"), "s")
    desk.world.prices = {B: (1.0, 1.0)} | ({} if price is None else {A: price})
    code = "UNKNOWN_SYMBOL" if price is None else "PRICE_UNKNOWN"
    risk = await desk.desk.risk("sim-1")
    assert risk.gross_exposure is None
    assert {each.symbol: each.market_value for each in risk.exposures} == {A: None, B: 100}
    assert [(each.symbol, each.code) for each in risk.unvalued] == [(A, code)]
    strategy = (await desk.strategies())["s"]
    assert (strategy.unrealized_profit, strategy.fees) == (None, Decimal("5.00"))
    assert [(each.symbol, each.code) for each in strategy.unvalued] == [(A, code)]


async def test_before_the_first_trade_the_previous_close_is_the_price(desk):
    desk.world.held = {A: 100}
    desk.world.prices[A] = (None, 9.99)
    risk = await desk.desk.risk("sim-1")
    assert (risk.gross_exposure, risk.day_profit.total) == (Decimal("999.00"), 0)


@settings(max_examples=25)
@given(trades(labels=(None, "a", "b"), days=3))
async def test_strategies_are_what_every_share_of_their_fills_says(tmp_path_factory, made):
    desk = Desk(tmp_path_factory.mktemp("desk"))
    for n, trade in enumerate(made):
        desk.trade(trade.fill, trade.strategy)
        if n == len(made) // 2:
            await desk.strategies()  # the rest is read on top of what is known by now
    found = await desk.strategies()
    assert set(found) == {trade.strategy for trade in made}
    for name, strategy in found.items():
        fills = [trade.fill for trade in made if trade.strategy == name]
        shares = {s: each_share([f for f in fills if f.symbol == s]) for s in (A, B)}
        assert (strategy.orders, strategy.open_orders) == (len(fills), 0)
        assert strategy.filled_quantity == sum(each.quantity for each in fills)
        assert strategy.turnover == sum(each.amount for each in fills)
        assert strategy.fees == sum(each.fee for each in fills)
        assert strategy.unmatched_quantity == sum(each[3] for each in shares.values())
        realized = sum(float(each[0]) for each in shares.values())
        worth = sum(each[2] * desk.world.prices[s][0] for s, each in shares.items())
        cost = sum(float(each[1]) for each in shares.values())
        slack = 0.01 * (len(fills) + 2)
        assert abs(float(strategy.realized_profit) - realized) <= slack
        assert abs(float(strategy.unrealized_profit) - (worth - cost)) <= slack
    # A gateway that starts anew reads the same out of the same journal.
    desk.restart()
    assert await desk.strategies() == found
    desk.close()


async def test_orders_without_a_fill_count_as_orders(desk):
    desk.journal.record([Intent(order(1, strategy="s"), "d")])
    strategy = (await desk.strategies())["s"]
    assert (strategy.orders, strategy.open_orders, strategy.turnover) == (1, 1, 0)
    assert (strategy.realized_profit, strategy.unrealized_profit) == (0, 0)


async def test_pages_of_strategies_join_and_no_name_is_another_than_an_empty_one(desk):
    names = ["b", None, "", "a", "-"]
    for n, name in enumerate(names):
        desk.journal.record([Intent(order(n, strategy=name), "d")])
    seen, after, more = [], None, True
    while more:
        page = await desk.desk.strategies(StrategyQuery("sim-1", 2, after))
        seen += [each.name for each in page.strategies]
        more, after = page.more, page.strategies[-1].key
    assert seen == [None, "", "-", "a", "b"]


async def test_a_world_that_starts_over_leaves_no_trade_behind(desk):
    for n in range(3):
        desk.trade(fill(n, A, Side.BUY, 100, "10.00"), "s")
    assert (await desk.strategies())["s"].filled_quantity == 300
    desk.journal.start_over("e2")
    assert await desk.strategies() == {}
    for n in range(5):
        desk.trade(fill(n, A, Side.BUY, 100, "10.00"), "t")
    assert (await desk.strategies())["t"].filled_quantity == 500
    # Longer than the old log by now, and still not read from its middle.
    desk.restart()
    assert (await desk.strategies())["t"].filled_quantity == 500


async def test_an_old_place_in_a_new_log_is_not_gone_on_from(desk):
    desk.trade(fill(1, A, Side.BUY, 100, "10.00"), "s")
    await desk.strategies()
    desk.journal.start_over("e2")
    for n in range(5):
        desk.trade(fill(n, A, Side.BUY, 100, "10.00"), "t")
    assert (await desk.strategies())["t"].filled_quantity == 500


async def test_a_trade_is_read_once_however_often_it_is_asked_for(desk, monkeypatch):
    monkeypatch.setattr(portfolio, "_BATCH", 2)
    for n in range(5):
        desk.trade(fill(n, A, Side.BUY, 100, "10.00"), "s")
    read = []
    trades_of = desk.journal.trades
    desk.journal.trades = lambda *given: read.extend(found := trades_of(*given)) or found
    for _ in range(3):
        assert (await desk.strategies())["s"].filled_quantity == 500
        await desk.desk.risk("sim-1")
    assert [each.fill.id for each in read] == [f"f{n}" for n in range(5)]


async def test_an_unknown_account_has_neither_risk_nor_strategies(desk):
    for asked in (desk.desk.risk("x"), desk.desk.strategies(StrategyQuery("x"))):
        with pytest.raises(NotFound) as caught:
            await asked
        assert caught.value.reason is Reason.UNKNOWN_ACCOUNT
