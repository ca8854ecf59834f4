"""Price-time priority, and displayed size that is consumed once."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.book import OrderBook, Trade, Waiting
from quantgraph.backends.sim.depth import Display, Rung
from quantgraph.domain.orders import Side

BUY, SELL = Side.BUY, Side.SELL


def shown(bids: dict[int, int], asks: dict[int, int]) -> Display:
    return Display(
        tuple(Rung(p, q) for p, q in sorted(bids.items(), reverse=True)),
        tuple(Rung(p, q) for p, q in sorted(asks.items())),
    )


def open_book(bids: dict[int, int] | None = None, asks: dict[int, int] | None = None) -> OrderBook:
    book = OrderBook()
    book.show(shown(bids or {99: 500, 98: 500}, asks or {101: 500, 102: 500}), 1)
    return book


def test_an_order_takes_the_best_prices_first_and_waits_with_the_rest() -> None:
    book = open_book()
    trades = book.enter(Waiting("a", BUY, 102, 1_200))
    assert trades == [Trade("a", 101, 500), Trade("a", 102, 500)]
    assert book.remove("a") == 200


def test_an_order_never_trades_beyond_its_limit() -> None:
    book = open_book()
    assert book.enter(Waiting("a", BUY, 100, 300)) == []
    assert book.enter(Waiting("b", SELL, 101, 300)) == []
    assert book.enter(Waiting("c", SELL, 98, 700)) == [
        Trade("a", 100, 300),
        Trade("c", 100, 300),
        Trade("c", 99, 400),
    ]


def test_displayed_size_is_consumed_once_until_the_next_quote() -> None:
    book = open_book()
    assert book.enter(Waiting("a", BUY, 101, 400)) == [Trade("a", 101, 400)]
    assert book.enter(Waiting("b", BUY, 101, 400)) == [Trade("b", 101, 100)]
    assert book.enter(Waiting("c", BUY, 101, 400)) == []
    assert book.show(shown({99: 500}, {101: 500}), 1) == []  # the same quote again
    assert book.show(shown({99: 500}, {101: 500}), 2) == [
        Trade("b", 101, 300),
        Trade("c", 101, 200),
    ]


def test_waiting_orders_fill_by_price_then_by_time() -> None:
    book = open_book()
    for name, limit in (("late", 100), ("best", 100), ("low", 99)):
        book.enter(Waiting(name, BUY, limit, 100))
    book.enter(Waiting("high", BUY, 100, 100))
    trades = book.show(shown({98: 100}, {99: 350}), 2)
    assert trades == [
        Trade("late", 100, 100),
        Trade("best", 100, 100),
        Trade("high", 100, 100),
        Trade("low", 99, 50),
    ]


def test_a_waiting_order_fills_at_its_own_limit_when_the_market_comes_to_it() -> None:
    book = open_book()
    book.enter(Waiting("a", SELL, 103, 300))
    assert book.show(shown({105: 200, 104: 50, 103: 10}, {106: 1}), 2) == [
        Trade("a", 103, 200),
        Trade("a", 103, 50),
        Trade("a", 103, 10),
    ]


def test_a_sealed_limit_up_never_fills_a_buy() -> None:
    book = OrderBook()
    book.show(Display((Rung(110, 100_000),), ()), 1)
    assert book.enter(Waiting("a", BUY, 110, 100)) == []
    for at in range(2, 10):
        assert book.show(Display((Rung(110, 100_000),), ()), at) == []
    assert book.enter(Waiting("b", SELL, 110, 300)) == [
        Trade("b", 110, 300),  # displayed buyers were there first
    ]


def test_our_own_orders_meet_at_the_price_of_the_one_that_waited() -> None:
    book = open_book()
    book.enter(Waiting("maker", SELL, 100, 200))
    assert book.enter(Waiting("taker", BUY, 101, 300)) == [
        Trade("maker", 100, 200),
        Trade("taker", 100, 200),
        Trade("taker", 101, 100),
    ]


def test_at_one_price_displayed_size_goes_before_our_own() -> None:
    book = open_book()
    book.enter(Waiting("maker", SELL, 101, 200))
    assert book.enter(Waiting("taker", BUY, 101, 600)) == [
        Trade("taker", 101, 500),
        Trade("maker", 101, 100),
        Trade("taker", 101, 100),
    ]
    assert book.remove("maker") == 100


def test_a_removed_order_never_fills() -> None:
    book = open_book()
    book.enter(Waiting("a", BUY, 100, 300))
    assert book.remove("a") == 300
    assert book.remove("a") == 0
    assert book.show(shown({98: 1}, {99: 500}), 2) == []


prices = st.integers(95, 105)
sizes = st.integers(1, 5).map(lambda lots: lots * 100)
levels = st.dictionaries(prices, sizes, max_size=4)


def _split_levels(price_sizes: dict[int, int], middle: int) -> Display:
    bids = {p: q for p, q in price_sizes.items() if p < middle}
    asks = {p: q for p, q in price_sizes.items() if p > middle}
    return shown(bids, asks)


@settings(max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("show"), levels, prices),
            st.tuples(st.just("enter"), st.sampled_from([BUY, SELL]), prices, sizes),
            st.tuples(st.just("remove"), st.integers(0, 30)),
        ),
        max_size=25,
    )
)
def test_fills_keep_to_limits_sizes_and_what_was_displayed(steps) -> None:
    book = OrderBook()
    orders: dict[str, Waiting] = {}
    filled: dict[str, int] = defaultdict(int)
    size: dict[str, int] = {}
    at, available = 0, {BUY: 0, SELL: 0}
    for step in steps:
        own = {BUY: 0, SELL: 0}
        if step[0] == "show":
            at += 1
            display = _split_levels(step[1], step[2])
            available = {
                BUY: sum(rung.quantity for rung in display.asks),
                SELL: sum(rung.quantity for rung in display.bids),
            }
            trades = book.show(display, at)
        elif step[0] == "enter":
            name = f"o{len(orders)}"
            orders[name] = Waiting(name, step[1], step[2], step[3])
            size[name] = step[3]
            trades = book.enter(orders[name])
        else:
            name = f"o{step[1]}"
            left = book.remove(name)
            if name in size:
                assert left in (0, size[name] - filled[name])
                size[name] = filled[name]
            trades = []
        for trade in trades:
            order = orders[trade.order_id]
            filled[trade.order_id] += trade.quantity
            own[order.side] += trade.quantity
            assert trade.quantity > 0
            limit = order.limit
            assert trade.price <= limit if order.side is BUY else trade.price >= limit
            assert filled[trade.order_id] <= size[trade.order_id]
        crossed = min(own[BUY], own[SELL]) if step[0] == "enter" else 0
        for side in (BUY, SELL):
            available[side] -= own[side] - crossed
            assert available[side] >= 0  # never more than was on show
