"""Where a call auction clears: worked examples, and every price tried by another hand."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quantgraph.backends.sim.core.auction import Clearing, clear
from quantgraph.backends.sim.core.events import Enter, Trade, Turn
from quantgraph.backends.sim.core.tally import Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.depth import Rung
from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.rules.auctions import TieBreak
from quantgraph.domain.rules.sessions import Phase

from .naive import Cleared, Ladder, tried

SH, SZ, BJ = Market.SH, Market.SZ, Market.BJ


def cleared(
    bids: Ladder, asks: Ladder, market: Market, reference: int | None = 1000
) -> Cleared | None:
    """Price, matched, surplus of these orders (price, quantity), or None."""
    bid_rungs = [Rung(*each) for each in sorted(bids, reverse=True)]
    ask_rungs = [Rung(*each) for each in sorted(asks)]
    found = clear(bid_rungs, ask_rungs, Terms(market, None).ties, reference)
    return None if found is None else (found.price, found.matched, found.surplus)


def price_of(bids: Ladder, asks: Ladder, market: Market, reference: int | None) -> int | None:
    found = cleared(bids, asks, market, reference)
    return None if found is None else found[0]


# Worked by hand: 12 shares trade at 365, 8 at 360 and at all prices between.
MANY = (
    [(380, 2), (376, 6), (365, 4), (360, 7), (354, 6)],
    [(352, 5), (357, 1), (360, 2), (365, 6), (370, 6)],
)
ONE = ([(1004, 5)], [(1000, 5)])
# Bids, offers, the reference, and where Shanghai and the other two clear.
GOLDEN = {
    "most volume decides": (*MANY, 350, 365, 365),
    "one price on both sides": ([(1000, 5)], [(1000, 5)], 990, 1000, 1000),
    "better-priced bids are all filled": ([(1005, 8)], [(1000, 5)], 1000, 1005, 1005),
    "better-priced offers are all filled": ([(1005, 5)], [(1000, 8)], 1003, 1000, 1000),
    "a tie is the middle or the nearest": (*ONE, 1001, 1002, 1001),
    "the reference lies above the tie": (*ONE, 1010, 1002, 1004),
    "the reference lies below the tie": (*ONE, 990, 1002, 1000),
    "half a tick goes up": ([(1005, 5)], [(1000, 5)], 1000, 1003, 1000),
    "least unmatched comes first": ([(1004, 5), (1002, 3)], [(1000, 5)], 1000, 1004, 1003),
    "without a reference the middle": (*ONE, None, 1002, 1002),
}


@pytest.mark.parametrize("why", GOLDEN)
def test_the_worked_examples_clear_where_the_rules_say(why: str) -> None:
    bids, asks, reference, shanghai, others = GOLDEN[why]
    assert price_of(bids, asks, SH, reference) == shanghai
    assert price_of(bids, asks, SZ, reference) == others
    assert price_of(bids, asks, BJ, reference) == others


@pytest.mark.parametrize("market", [SH, SZ, BJ])
@pytest.mark.parametrize(("bids", "asks"), [([], [(1, 1)]), ([(1, 1)], []), ([(9, 1)], [(10, 1)])])
def test_nothing_clears_where_no_bid_meets_an_offer(
    market: Market, bids: Ladder, asks: Ladder
) -> None:
    assert cleared(bids, asks, market) is None


def test_the_steps_of_a_dated_rule_come_before_those_of_the_market() -> None:
    ties = (TieBreak.LEAST_IMBALANCE, TieBreak.NEAREST_REFERENCE)
    venue = Venue(Terms(SH, 1001, None, ties))
    venue.apply(Turn(Phase.OPEN_AUCTION))
    for order in (limit(1, Side.BUY, 1004, 100), limit(2, Side.SELL, 1000, 100)):
        venue.apply(order)
    reloaded = Venue.load(venue.dump())
    for each in (venue, reloaded):
        assert each.apply(Turn(Phase.PRE_OPEN)) == [Trade(1, 2, 1001, 100, None)]


def test_a_market_without_an_auction_rule_needs_its_steps() -> None:
    with pytest.raises(ValueError, match="CFFEX"):
        Terms(Market.CFFEX, 1000)


ladders = st.dictionaries(st.integers(1, 14), st.integers(1, 6), max_size=7)


@given(ladders, ladders, st.sampled_from([SH, SZ, BJ]), st.none() | st.integers(1, 14))
@example({14: 5}, {1: 5}, SZ, 3)
@example({9: 2, 5: 2}, {9: 2, 5: 2}, SH, None)
def test_the_price_equals_a_trial_of_every_price(
    bids: dict[int, int], asks: dict[int, int], market: Market, reference: int | None
) -> None:
    buys, sells = list(bids.items()), list(asks.items())
    assert cleared(buys, sells, market, reference) == tried(buys, sells, market, reference)


def collecting(market: Market, previous: int | None = 1000) -> Venue:
    venue = Venue(Terms(market, previous))
    venue.apply(Turn(Phase.OPEN_AUCTION))
    return venue


def limit(key: int, side: Side, price: int, quantity: int) -> Enter:
    return Enter(key, side, quantity, PriceType.LIMIT, price)


def test_an_auction_collects_then_trades_at_one_price_best_and_oldest_first() -> None:
    venue = collecting(SZ, 1002)
    orders = [
        limit(1, Side.BUY, 1003, 200),
        limit(2, Side.BUY, 1005, 100),
        limit(3, Side.BUY, 1003, 300),
        limit(4, Side.SELL, 1003, 150),
        limit(5, Side.SELL, 1000, 250),
    ]
    assert [venue.apply(order) for order in orders] == [[]] * 5
    assert venue.indicative() == Clearing(1003, 400, 200)
    assert venue.apply(Turn(Phase.OPEN_AUCTION_FIXED)) == []
    assert venue.apply(Turn(Phase.PRE_OPEN)) == [
        Trade(2, 5, 1003, 100, None),
        Trade(1, 5, 1003, 150, None),
        Trade(1, 4, 1003, 50, None),
        Trade(3, 4, 1003, 100, None),
    ]
    assert (venue.tally.open, venue.last, venue.tally.volume) == (1003, 1003, 400)
    assert venue.indicative() is None
    assert (venue.depth(Side.BUY), venue.depth(Side.SELL)) == ((Rung(1003, 200),), ())


@pytest.mark.parametrize(("market", "price"), [(SH, 1003), (SZ, 1006), (BJ, 1006)])
def test_a_closing_auction_leans_on_the_last_trade_and_not_on_the_previous_close(
    market: Market, price: int
) -> None:
    venue = Venue(Terms(market, 1000))
    venue.apply(Turn(Phase.CONTINUOUS))
    for order in (limit(1, Side.SELL, 1006, 100), limit(2, Side.BUY, 1006, 100)):
        venue.apply(order)
    venue.apply(Turn(Phase.CLOSE_AUCTION))
    for order in (limit(3, Side.BUY, 1006, 100), limit(4, Side.SELL, 1000, 100)):
        venue.apply(order)
    assert venue.apply(Turn(Phase.CLOSED)) == [Trade(3, 4, price, 100, None)]


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 12), st.integers(1, 9)), max_size=14),
    st.sampled_from([SH, SZ, BJ]),
)
def test_an_auction_gives_each_order_what_its_price_and_time_earn(
    wishes: list[tuple[bool, int, int]], market: Market
) -> None:
    venue = collecting(market, 6)
    for key, (buys, price, quantity) in enumerate(wishes, 1):
        venue.apply(limit(key, Side.BUY if buys else Side.SELL, price, quantity))
    bids = [(p, q) for buys, p, q in wishes if buys]
    asks = [(p, q) for buys, p, q in wishes if not buys]
    found = tried(bids, asks, market, 6)
    trades = [event for event in venue.apply(Turn(Phase.PRE_OPEN)) if isinstance(event, Trade)]
    price, matched, _ = (0, 0, 0) if found is None else found
    assert {trade.price for trade in trades} <= {price}
    for buying in (True, False):
        left = matched
        mine = [(k, p, q) for k, (b, p, q) in enumerate(wishes, 1) if b is buying]
        for key, _, quantity in sorted(mine, key=lambda o: (-o[1] if buying else o[1], o[0])):
            got = sum(t.quantity for t in trades if key == (t.buyer if buying else t.seller))
            assert got == min(left, quantity)
            left -= got
    best_bid, best_ask = venue.best(Side.BUY), venue.best(Side.SELL)
    assert best_bid is None or best_ask is None or best_bid < best_ask
