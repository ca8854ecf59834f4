"""Neither when time is looked at nor what else is traded shows in what an order list comes to."""

from contextlib import suppress
from dataclasses import replace
from datetime import time
from decimal import Decimal

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.hours import AUCTION_MS as SPENT_MS
from quantgraph.backends.sim.hours import day_instant
from quantgraph.backends.sim.terminal import SimTerminal
from quantgraph.domain.calendar import at
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import OrderState, PriceType, Side
from quantgraph.seeds import SeedAccount, SeedPosition

from .hall import order as make_order
from .trial import START, Trial, Wish
from .world import world

BEGIN, END = at(START, time(9, 15)), at(START, time(15, 31))
# Symbols with their closes in ticks.
CLOSES = {"600000.SH": 950, "000001.SZ": 1_350, "688981.SH": 5_200}
# Orders by whole seconds of the day, so that looks between them fall in between.
ORDERS = st.tuples(
    st.integers(0, (END - BEGIN) // 1_000).map(lambda second: BEGIN + second * 1_000),
    st.sampled_from(sorted(CLOSES)),
    st.sampled_from(list(Side)),
    st.integers(1, 30),
    st.integers(-8, 8),
    st.sampled_from([PriceType.LIMIT, PriceType.LIMIT, PriceType.BEST_FIVE_CANCEL]),
)
LOOKS = st.lists(st.tuples(st.integers(BEGIN, END), st.none() | st.integers(1, 5)), max_size=12)


def live(orders, looks=()) -> dict[str, tuple[object, ...]]:
    """Enter orders in time, looking at the exchange in between; return what each symbol told."""
    trial = Trial(3)
    exchange, told = trial.exchange, {symbol: [] for symbol in CLOSES}
    plan = [(when, 1, place, order) for place, (when, *order) in enumerate(orders)]
    plan += [(when, 0, 0, [most]) for when, most in looks]
    for when, kind, _, what in sorted(plan, key=lambda each: each[:3]):
        if not kind:
            reports = exchange.advance(when, what[0])
        else:
            symbol, side, lots, away, price_type = what
            price = CLOSES[symbol] + away if price_type.priced else None
            trial.now, trial.number = when, trial.number + 1
            order = trial._order(Wish("a0", symbol, side, lots * 100, price_type, price))
            try:
                reports = exchange.place(order, when)[1]
            except OrderRefused as error:
                note(told, exchange.advance(when))
                told[symbol].append((when, error.reason))
                reports = []
        note(told, reports)
    note(told, exchange.advance(END))
    return {symbol: (exchange.fingerprint(symbol), told[symbol]) for symbol in CLOSES}


def note(told, reports) -> None:
    for each in reports:
        if each.fill is not None:
            fill = each.fill
            told[fill.symbol].append((each.time, fill.side, fill.price, fill.quantity, fill.fee))


@settings(max_examples=15, phases=[Phase.generate])
@given(orders=st.lists(ORDERS, min_size=1, max_size=10), looks=LOOKS)
def test_when_time_is_looked_at_changes_nothing(orders, looks) -> None:
    assert live(orders, looks) == live(orders)


@settings(max_examples=15, phases=[Phase.generate])
@given(orders=st.lists(ORDERS, min_size=1, max_size=10), more=ORDERS)
def test_an_order_of_one_symbol_changes_no_other_symbol(orders, more) -> None:
    alone, among = live(orders), live([*orders, more])
    for symbol in CLOSES.keys() - {more[1]}:
        assert among[symbol] == alone[symbol]


def test_the_lists_do_come_to_something() -> None:
    when = at(START, time(10, 0))
    order = (when, "600000.SH", Side.BUY, 5, 0, PriceType.BEST_FIVE_CANCEL)
    (_, count), told = live([order])["600000.SH"]
    assert told
    assert count > 100


def test_an_order_before_anothers_does_not_show_in_it() -> None:
    when = at(START, time(10, 0))
    kept = (when + 1_000, "600000.SH", Side.BUY, 5, 0, PriceType.BEST_FIVE_CANCEL)
    more = (when, "000001.SZ", Side.BUY, 5, 0, PriceType.BEST_FIVE_CANCEL)
    assert live([more, kept])["600000.SH"] == live([kept])["600000.SH"]


SYMBOL = "600519.SH"
SEED = SeedAccount(
    id="sim-1",
    name="one",
    cash=Decimal(2_000_000),
    positions=(SeedPosition(symbol=SYMBOL, quantity=1_000, cost_price=Decimal(1_700)),),
)
# Running seconds after 09:30: 25 s are a quarter of a real one at x100, which is exact.
TIMES = (25, 300, 325, 800, 1_000, 1_200)


async def trade(stage, reach) -> tuple[object, ...]:
    """Trade for a while at a terminal whose clock `reach` moves to each order's instant."""
    terminal = SimTerminal(world(stage, [SEED]), stage.market)
    for number, seconds in enumerate(TIMES):
        side = Side.SELL if number % 3 == 2 else Side.BUY
        await reach(stage, terminal, seconds)
        assert stage.clock.moment().ms == day_instant(START, SPENT_MS + seconds * 1_000)
        quote = (await stage.market.quotes([SYMBOL]))[0]
        shown = (quote.bids if side is Side.BUY else quote.asks)[number % 3].price
        price = f"{Decimal(repr(shown)):.2f}"
        with suppress(OrderRefused):
            await terminal.place(make_order(f"o{number}", side, 100, price, symbol=SYMBOL))
    await reach(stage, terminal, 1_500)
    await terminal.driver.present()
    assert (await terminal.driver.look(Exchange.fingerprint, SYMBOL))[1] > 1_000
    told = []
    while not terminal.driver.reporting.queue.empty():
        told.append(replace(terminal.driver.reporting.queue.get_nowait(), broker_order_id=None))
    print_ = await terminal.driver.look(Exchange.fingerprint, None)
    return print_, [(each.state, each.time, each.average_price) for each in told]


async def run_on(stage, terminal, seconds) -> None:
    stage.hand.seconds = seconds / stage.clock.speed


async def look_often(stage, terminal, seconds) -> None:
    while stage.hand.seconds < seconds:
        stage.hand.seconds = min(stage.hand.seconds + 61.37, seconds)
        await terminal.driver.present()


async def stop_and_jump(stage, terminal, seconds) -> None:
    """Pause for a while, run a second fast, and leap to where the others come by running."""
    stage.clock.pause()
    stage.hand.seconds += 977.5
    await terminal.driver.present()
    stage.clock.set_speed(8.0)
    stage.clock.resume()
    stage.hand.seconds += 0.125
    await terminal.driver.present()
    stage.clock.jump(day_instant(START, SPENT_MS + seconds * 1_000))


async def test_speed_pauses_jumps_and_looks_change_nothing(make_stage) -> None:
    plain = await trade(make_stage(), run_on)
    fast = make_stage()
    fast.clock.set_speed(100.0)
    assert await trade(fast, run_on) == plain
    assert await trade(make_stage(), look_often) == plain
    assert await trade(make_stage(), stop_and_jump) == plain
    assert any(state is OrderState.FILLED for state, _, _ in plain[1])
