"""Neither when time is looked at nor what else is traded shows in what an order list comes to."""

from datetime import time

from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.calendar import at
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import PriceType, Side

from .trial import START, Trial, Wish

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
                told[symbol].append((when, error.reason))
                reports = exchange.advance(when)
        note(told, reports)
    note(told, exchange.advance(END))
    return {symbol: (exchange.fingerprint(symbol), told[symbol]) for symbol in CLOSES}


def note(told, reports) -> None:
    for each in reports:
        if each.fill is not None:
            fill = each.fill
            told[fill.symbol].append((each.time, fill.side, fill.price, fill.quantity, fill.fee))


@settings(max_examples=15)
@given(orders=st.lists(ORDERS, min_size=1, max_size=10), looks=LOOKS)
def test_when_time_is_looked_at_changes_nothing(orders, looks) -> None:
    assert live(orders, looks) == live(orders)


@settings(max_examples=15)
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
