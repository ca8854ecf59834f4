"""The simulated terminal end to end: real market, real exchange, time moved by hand."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date, time
from decimal import Decimal

import pytest

from quantgraph.backends.sim.engine.own import OwnEngine
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.terminal import SimTerminal
from quantgraph.config import MockConfig, SeedAccount
from quantgraph.domain.accounts import AccountStatus
from quantgraph.domain.bars import Period
from quantgraph.domain.calendar import at
from quantgraph.domain.errors import NotFound, OrderRefused
from quantgraph.domain.orders import Order, OrderState, PriceType, Side
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.simulation import NewAccount
from quantgraph.domain.sources import Source
from quantgraph.domain.terminal import ExecutionReport

from .conftest import START, Stage
from .hall import fills
from .hall import order as make_order
from .world import world

SYMBOL = "600519.SH"
BUY, SELL = Side.BUY, Side.SELL
CLOSE_S = 4 * 3_600  # running seconds from 09:30 to 15:00


@dataclass
class Gate:
    """Sleeps until the test wakes whoever sleeps."""

    sleepers: list[asyncio.Future[None]] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self.sleepers.append(future)
        await future

    def wake(self) -> None:
        sleepers, self.sleepers = self.sleepers, []
        for future in sleepers:
            if not future.done():
                future.set_result(None)


@dataclass
class Desk:
    """A terminal over a market, and what it reported."""

    stage: Stage
    terminal: SimTerminal
    gate: Gate
    epochs: list[str]

    async def next_report(self) -> ExecutionReport:
        return await asyncio.wait_for(anext(self.reports), 5)

    async def drain(self) -> list[ExecutionReport]:
        """Return all reports that are there; time does not move meanwhile."""
        await self.terminal.driver.present()
        queue = self.terminal.driver.reporting.queue
        return [await self.next_report() for _ in range(queue.qsize())]

    def __post_init__(self) -> None:
        self.reports = self.terminal.reports()

    async def quote(self, symbol: str = SYMBOL) -> Quote:
        found = (await self.stage.market.quotes([symbol]))[0]
        assert isinstance(found, Quote)
        return found

    async def tick(self, second: float, session: int = 0) -> None:
        """Move the clock, wake the sleepers and let every task have its turn."""
        self.stage.move_to(session, second)
        for _ in range(3):
            self.gate.wake()
            for _ in range(5):
                await asyncio.sleep(0)


@pytest.fixture
async def desk(make_stage) -> AsyncIterator[Desk]:
    gate = Gate()
    stage: Stage = make_stage(sleep=gate)
    rich = SeedAccount(id="rich", name="r", cash=Decimal(10**9))
    parts = world(stage, (*MockConfig().accounts, rich), gate)
    epochs: list[str] = []

    async def note(epoch: str) -> None:
        epochs.append(epoch)

    terminal = SimTerminal(parts, stage.market, note)
    stage.market.show(terminal.screens)
    terminal.start()
    yield Desk(stage, terminal, gate, epochs)
    await terminal.close()


def wish(name: str, side: Side, quantity: int, price: float | None, **more) -> Order:
    text = None if price is None else repr(price)
    return replace(make_order(name, side, quantity, text), symbol=SYMBOL, **more)


async def test_an_order_at_the_best_ask_fills_at_once(desk: Desk) -> None:
    quote = await desk.quote()
    best = quote.asks[0]
    placed = await desk.terminal.place(wish("a", BUY, 100, best.price))
    first, second = await desk.next_report(), await desk.next_report()
    assert (first.state, second.state) == (OrderState.WORKING, OrderState.FILLED)
    assert second.fill.price == Decimal(repr(best.price))
    assert second.fill.id.startswith(placed.broker_order_id)
    positions = {each.symbol: each for each in await desk.terminal.positions("sim-1")}
    assert (positions[SYMBOL].quantity, positions[SYMBOL].sellable) == (300, 200)


async def test_a_large_order_takes_what_is_on_show_and_waits_for_more(desk: Desk) -> None:
    quote = await desk.quote()
    size = sum(level.quantity for level in quote.asks) + 10_000
    top = quote.asks[-1].price
    await desk.terminal.place(wish("a", BUY, size, top, account_id="rich"))
    reports = await desk.drain()
    assert [size for _, size in fills(reports)] == [a.quantity for a in quote.asks]
    assert reports[-1].state is OrderState.PARTIALLY_FILLED
    await desk.tick(600)
    more = await desk.drain()
    assert more[-1].filled_quantity > reports[-1].filled_quantity
    assert {each.fill.price for each in more} == {Decimal(repr(top))}  # it waited there first


async def test_a_waiting_order_fills_when_the_market_comes_to_it(desk: Desk, make_stage) -> None:
    ahead: Stage = make_stage()
    start = await desk.quote()
    price, second = start.asks[0].price, 0
    while price >= start.bids[-1].price:  # the same seed tells when the price will have fallen
        second += 60
        ahead.move_to(0, second)
        price = (await ahead.market.quotes([SYMBOL]))[0].asks[0].price
    await desk.terminal.place(wish("a", BUY, 100, price))
    assert (await desk.next_report()).state is OrderState.WORKING
    await desk.tick(second)
    report = (await desk.drain())[-1]
    assert report.state is OrderState.FILLED
    assert report.fill.price == Decimal(repr(price))


async def test_a_quote_shows_an_order_of_ours_at_once_and_is_kept_until_then(desk: Desk) -> None:
    best = (await desk.quote()).bids[0]
    first = wish("a", BUY, 100, best.price)
    await desk.terminal.place(first)
    shown = await desk.quote()
    assert await desk.quote() is shown
    await desk.terminal.place(wish("b", BUY, 200, best.price))
    more = await desk.quote()
    assert more.bids[0].quantity == shown.bids[0].quantity + 200
    await desk.terminal.withdraw(first)
    assert (await desk.quote()).bids[0].quantity == more.bids[0].quantity - 100


async def test_a_withdrawn_order_gives_its_money_back(desk: Desk) -> None:
    before = await desk.terminal.asset("sim-1")
    quote = await desk.quote()
    waiting = wish("a", BUY, 100, round(quote.bids[-1].price - 1, 2))
    await desk.terminal.place(waiting)
    during = await desk.terminal.asset("sim-1")
    assert during.frozen_cash > 0
    assert during.total == before.total
    await desk.terminal.withdraw(waiting)
    assert await desk.terminal.asset("sim-1") == before
    reports = [await desk.next_report(), await desk.next_report()]
    assert [each.state for each in reports] == [OrderState.WORKING, OrderState.CANCELED]
    with pytest.raises(OrderRefused) as caught:
        await desk.terminal.withdraw(waiting)
    assert caught.value.reason is Reason.ORDER_NOT_CANCELABLE


async def test_unfilled_orders_expire_at_the_end_of_the_day_though_nobody_asks(desk: Desk) -> None:
    desk.stage.move_to(0, CLOSE_S - 60)
    quote = await desk.quote()
    await desk.terminal.place(wish("a", BUY, 100, round(quote.bids[-1].price - 50, 2)))
    assert (await desk.next_report()).state is OrderState.WORKING
    await desk.tick(0, session=1)
    report = await desk.next_report()
    assert report.state is OrderState.EXPIRED
    assert (await desk.terminal.asset("sim-1")).frozen_cash == 0


async def test_shares_bought_today_are_sellable_tomorrow(desk: Desk) -> None:
    desk.stage.move_to(0, CLOSE_S - 60)
    quote = await desk.quote()
    await desk.terminal.place(wish("a", BUY, 100, quote.asks[-1].price))
    desk.stage.move_to(1, 60)
    position = {p.symbol: p for p in await desk.terminal.positions("sim-1")}[SYMBOL]
    assert position.sellable == position.quantity == 300


async def test_who_holds_a_share_overnight_is_paid_its_dividend(desk: Desk) -> None:
    before = await desk.terminal.asset("sim-1")
    held = {each.symbol: each for each in await desk.terminal.positions("sim-1")}
    day = date(2023, 9, 1)
    desk.stage.move_to(len(desk.stage.calendar.between(START, day)) - 1, 60)
    paid = await desk.stage.market.dividends(sorted(held), Period.DAY_1)
    year = {one[-1].symbol: one[-1] for one in paid if one[-1].ex_date > START}
    assert year.keys() == held.keys()
    gross = sum(Decimal(repr(each.cash)) * held[each.symbol].quantity for each in year.values())
    after = await desk.terminal.asset("sim-1")
    assert after.cash == before.cash + gross
    for each in await desk.terminal.positions("sim-1"):
        was, event = held[each.symbol], year[each.symbol]
        assert each.quantity == each.sellable == was.quantity * (1 + event.new_shares)
        cost = was.cost_price * was.quantity - Decimal(repr(event.cash)) * was.quantity
        assert each.cost_price == (cost / each.quantity).quantize(Decimal("0.0001"))


async def test_a_new_epoch_starts_the_world_anew(desk: Desk) -> None:
    before = await desk.terminal.positions("sim-1")
    quote = await desk.quote()
    await desk.terminal.place(wish("a", BUY, 100, quote.asks[-1].price))
    assert (await desk.next_report()).state is OrderState.WORKING
    sessions = len(desk.stage.calendar.between(START, desk.stage.calendar.last)) - 1
    desk.stage.move_to(sessions, 0)
    assert await desk.terminal.positions("sim-1") == before
    assert desk.epochs == [desk.stage.clock.moment().epoch]
    placed = await desk.terminal.place(wish("b", BUY, 100, quote.asks[-1].price))
    assert (await desk.next_report()).tag == "b"  # the old world's reports are gone
    assert placed.broker_order_id.startswith(f"SIM{desk.epochs[0][-8:]}")


async def test_an_order_that_meets_the_end_of_its_world_is_refused(desk: Desk) -> None:
    sessions = len(desk.stage.calendar.between(START, desk.stage.calendar.last)) - 1
    desk.stage.move_to(sessions, 0)
    with pytest.raises(OrderRefused) as caught:
        await desk.terminal.place(wish("a", BUY, 100, 2_000.0))
    assert caught.value.reason is Reason.TERMINAL_REFUSED
    assert desk.epochs != []


async def test_positions_are_worth_their_live_price(desk: Desk) -> None:
    desk.stage.move_to(0, 4_321)
    quote = await desk.quote()
    positions = await desk.terminal.positions("sim-1")
    assert [each.symbol for each in positions] == ["000001.SZ", SYMBOL]
    moutai = positions[1]
    assert moutai.last_price == Decimal(repr(quote.last_price))
    assert moutai.market_value == moutai.last_price * 200
    assert moutai.cost_price == Decimal("1500.0000")
    assert moutai.profit == moutai.market_value - Decimal("300000.00")
    assert moutai.source is Source.SIMULATED
    asset = await desk.terminal.asset("sim-1")
    assert asset.market_value == sum(each.market_value for each in positions)
    assert asset.total == asset.cash + asset.frozen_cash + asset.market_value


async def test_a_holding_without_a_quote_counts_at_its_cost(make_stage) -> None:
    stage: Stage = make_stage()
    odd = SeedAccount.model_validate(
        {
            "id": "odd",
            "name": "o",
            "cash": "10.00",
            "positions": [{"symbol": "999999.SH", "quantity": 100, "cost_price": "2.50"}],
        }
    )
    terminal = SimTerminal(world(stage, (odd,)), stage.market)
    position = (await terminal.positions("odd"))[0]
    assert (position.last_price, position.market_value, position.profit) == (None, None, None)
    assert (await terminal.asset("odd")).total == Decimal("260.00")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"symbol": "999999.SH"}, Reason.TERMINAL_REFUSED),
        ({"symbol": "000300.SH"}, Reason.NOT_TRADABLE),
        ({"quantity": 150}, Reason.LOT_SIZE),
        ({"limit_price": Decimal(9_999)}, Reason.PRICE_BAND),
        ({"price_type": PriceType.BEST_FIVE_CANCEL}, Reason.PRICE_NOT_ALLOWED),
        ({"account_id": "nobody"}, Reason.TERMINAL_REFUSED),
    ],
)
async def test_the_terminal_refuses_what_breaks_a_rule(desk: Desk, change, said) -> None:
    price = (await desk.quote()).asks[0].price
    with pytest.raises(OrderRefused) as caught:
        await desk.terminal.place(replace(wish("a", BUY, 100, price), **change))
    assert caught.value.reason is said
    assert (await desk.terminal.asset("sim-1")).cash == Decimal("1000000.00")


async def test_accounts_are_those_of_the_configuration(desk: Desk) -> None:
    accounts = await desk.terminal.accounts()
    assert [(a.id, a.terminal, a.status) for a in accounts] == [
        ("sim-1", "sim", AccountStatus.CONNECTED),
        ("rich", "sim", AccountStatus.CONNECTED),
    ]
    for call in (desk.terminal.asset, desk.terminal.positions):
        with pytest.raises(NotFound) as caught:
            await call("nobody")
        assert caught.value.reason is Reason.UNKNOWN_ACCOUNT


async def test_accounts_are_asked_for_again_where_there_are_others(desk: Desk, monkeypatch) -> None:
    asked, look = list[object](), OwnEngine.look

    async def counted(engine: OwnEngine, work, *args):
        asked.append(work)
        return await look(engine, work, *args)

    async def names() -> list[str]:
        return [each.id for each in await desk.terminal.accounts()]

    monkeypatch.setattr(OwnEngine, "look", counted)
    await desk.terminal.driver.present()
    seeded = await names()
    assert await names() == seeded
    assert asked.count(Exchange.names) == 1
    await desk.terminal.open_account(NewAccount("late", "late", Decimal(5)))
    assert await names() == [*seeded, "late"]
    desk.stage.clock.restart(at(START, time(9, 30)))[1]()
    await desk.terminal.driver.present()
    assert await names() == seeded
    assert asked.count(Exchange.names) == 3


async def test_many_accounts_are_valued_at_once_and_one_that_is_not_there_costs_no_other(
    desk: Desk,
) -> None:
    ids = [each.id for each in await desk.terminal.accounts()]
    money = await desk.terminal.assets([*ids, "nobody", ids[0]])
    held = await desk.terminal.holdings([*ids, "nobody", ids[0]])
    for place, each in enumerate([*ids, None, ids[0]]):
        if each is None:
            for found in (money[place], held[place]):
                assert isinstance(found, NotFound)
                assert found.reason is Reason.UNKNOWN_ACCOUNT
        else:
            assert money[place] == await desk.terminal.asset(each)
            assert held[place] == await desk.terminal.positions(each)


async def test_the_report_stream_ends_when_the_terminal_closes(make_stage) -> None:
    stage: Stage = make_stage()
    terminal = SimTerminal(world(stage, MockConfig().accounts), stage.market)
    await terminal.close()
    assert [report async for report in terminal.reports()] == []
