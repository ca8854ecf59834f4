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


steps_of_a_book = st.lists(
    st.one_of(
        st.tuples(st.just("show"), levels, prices),
        st.tuples(st.just("enter"), st.sampled_from([BUY, SELL]), prices, sizes),
        st.tuples(st.just("remove"), st.integers(0, 30)),
    ),
    max_size=25,
)


@settings(max_examples=300)
@given(steps_of_a_book)
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


class PlainBook:
    """The same rules with every order asked at every step: slow, and plain to see through."""

    def __init__(self) -> None:
        self.levels: dict[Side, list[list[int]]] = {BUY: [], SELL: []}
        self.orders: list[Waiting] = []

    def show(self, display: Display) -> list[Trade]:
        self.levels[BUY] = [[rung.price, rung.quantity] for rung in display.bids]
        self.levels[SELL] = [[rung.price, rung.quantity] for rung in display.asks]
        waiting = [order for side in (BUY, SELL) for order in self.queue(side)]
        return [
            Trade(order.order_id, order.limit, quantity)
            for order in waiting
            for _, quantity in self.take(order, order.limit)
        ]

    def enter(self, order: Waiting) -> list[Trade]:
        order.number = len(self.orders)
        trades: list[Trade] = []
        for rival in [*self.queue(opposite(order.side)), None]:
            until = order.limit if rival is None else rival.limit
            taken = self.take(order, nearer(order.side, until, order.limit))
            trades += [Trade(order.order_id, price, quantity) for price, quantity in taken]
            if rival is not None and within(order.side, rival.limit, order.limit):
                quantity = min(order.open, rival.open)
                order.open -= quantity
                rival.open -= quantity
                both = [rival, order] if quantity else []
                trades += [Trade(each.order_id, rival.limit, quantity) for each in both]
        self.orders.append(order)
        return trades

    def remove(self, order_id: str) -> int:
        left = 0
        for order in self.orders:
            if order.order_id == order_id:
                left, order.open = order.open, 0
        return left

    def queue(self, side: Side) -> list[Waiting]:
        found = [order for order in self.orders if order.side is side and order.open]
        sign = -1 if side is BUY else 1
        return sorted(found, key=lambda order: (sign * order.limit, order.number))

    def take(self, order: Waiting, limit: int) -> list[tuple[int, int]]:
        taken: list[tuple[int, int]] = []
        for level in self.levels[opposite(order.side)]:
            quantity = min(order.open, level[1])
            if quantity and within(order.side, level[0], limit):
                level[1] -= quantity
                order.open -= quantity
                taken.append((level[0], quantity))
        return taken


def opposite(side: Side) -> Side:
    return SELL if side is BUY else BUY


def within(side: Side, price: int, limit: int) -> bool:
    return price <= limit if side is BUY else price >= limit


def nearer(side: Side, one: int, other: int) -> int:
    return min(one, other) if side is BUY else max(one, other)


@settings(max_examples=300)
@given(steps_of_a_book)
def test_the_book_answers_as_one_that_asks_every_order_at_every_step(steps) -> None:
    book, plain = OrderBook(), PlainBook()
    for at, step in enumerate(steps):
        if step[0] == "show":
            display = _split_levels(step[1], step[2])
            assert book.show(display, at) == plain.show(display)
        elif step[0] == "enter":
            name = f"o{len(plain.orders)}"
            mine, its = Waiting(name, *step[1:]), Waiting(name, *step[1:])
            assert book.enter(mine) == plain.enter(its)
        else:
            assert book.remove(f"o{step[1]}") == plain.remove(f"o{step[1]}")
        assert len(book) == sum(order.open > 0 for order in plain.orders)


def test_a_thousand_waiting_orders_are_not_asked_when_the_market_stays_away(monkeypatch) -> None:
    book = open_book()
    for number in range(1_000):
        book.enter(Waiting(f"o{number}", BUY, 50 + number % 40, 100))
    asked: list[str] = []
    take = OrderBook._take_displayed

    def count(self, order, **how):
        asked.append(order.order_id)
        return take(self, order, **how)

    monkeypatch.setattr(OrderBook, "_take_displayed", count)
    assert book.show(shown({98: 500}, {101: 500}), 2) == []
    assert book.enter(Waiting("new", SELL, 100, 100)) == []
    assert book.remove("o500") == 100
    assert asked == ["o39", "new"]
