"""Orders of ours on the recorded day: who fills, when, and how much, held against the recording."""

from collections import defaultdict
from datetime import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.core.events import Cancel, Enter
from quantgraph.domain.calendar import at
from quantgraph.domain.orders import Side
from quantgraph.domain.rules.sessions import Phase

from . import recorded
from .floor import Run
from .recorded import DAY
from .waiting import OTHER, Queue, levels

MINUTE = 60_000
MORNING = at(DAY, time(9, 31)), at(DAY, time(11, 20))
AFTERNOON = at(DAY, time(13, 1)), at(DAY, time(14, 46))
INSTANTS = st.one_of(st.integers(*MORNING), st.integers(*AFTERNOON))
SIDES = st.sampled_from(list(Side))


def best(replayed, when, side):
    """The best price of a side; the last one where a sweep left none of its ten levels."""
    standing = levels(replayed.standing(when), side)
    return standing[0].price if standing else replayed.totals(when).last


def ours(trades, key=1):
    return [(when, trade) for when, trade in trades if key in (trade.buyer, trade.seller)]


def test_without_orders_of_ours_the_venue_is_the_recorded_day(replayed):
    run = Run(replayed, at(DAY, time(9, 14)), at(DAY, time(15, 30)))
    printed, wanted = defaultdict(int), defaultdict(int)
    shown = 0
    for frame in run.play():
        for deal in frame.deals:
            wanted[frame.at, deal.price] += deal.quantity
        if run.venue.phase in (Phase.CONTINUOUS, Phase.OPEN_AUCTION_FIXED, Phase.CLOSE_AUCTION):
            assert run.venue.depth(Side.BUY) == frame.bids
            assert run.venue.depth(Side.SELL) == frame.asks
            shown += 1
    for when, trade in run.trades:
        printed[when, trade.price] += trade.quantity
    assert printed == wanted
    assert shown > 21_000
    tally = run.venue.tally
    assert (tally.volume, tally.turnover) == (recorded.VOLUME, recorded.AMOUNT)
    told = tally.open, tally.high, tally.low, tally.last
    assert told == (recorded.OPEN, recorded.HIGH, recorded.LOW, recorded.CLOSE)


@settings(max_examples=10)
@given(start=st.one_of(st.integers(*MORNING), st.integers(*AFTERNOON)))
def test_begun_at_any_instant_it_is_the_rest_of_the_recorded_day(replayed, start):
    run = Run(replayed, start, start + 2 * MINUTE)
    for frame in run.play():
        assert (run.venue.depth(Side.BUY), run.venue.depth(Side.SELL)) == (frame.bids, frame.asks)
    deals = [d for f in replayed.between(start, start + 2 * MINUTE) for d in f.deals]
    assert run.venue.tally.volume == sum(deal.quantity for deal in deals)


@settings(max_examples=40)
@given(start=INSTANTS, side=SIDES, level=st.integers(0, 4), lots=st.integers(1, 20))
def test_an_order_that_waits_fills_when_the_queue_before_it_traded(
    replayed, start, side, level, lots
):
    standing = replayed.standing(start)
    order = Enter(1, side, lots * 100, limit=levels(standing, side)[level].price)
    run = Run(replayed, start, start + 10 * MINUTE)
    run.tell(start, [order])
    queue = Queue(order, standing)
    for frame in run.play():
        queue.take(frame)
        filled = sum(trade.quantity for _, trade in ours(run.trades))
        if queue.through:
            break
        assert filled == order.quantity - queue.open
        assert all(trade.price == order.limit for _, trade in ours(run.trades))
    traded = sum(trade.quantity for _, trade in ours(run.trades))
    assert traded + run.venue.open_quantity(1) == order.quantity


def test_the_queue_is_long_enough_to_matter(replayed):
    """The one above would hold of orders that never fill, or that always do at once."""
    seen = set()
    for start in range(MORNING[0], MORNING[1], 2 * MINUTE):
        price = replayed.standing(start).bids[0].price
        run = Run(replayed, start, start + 5 * MINUTE)
        run.tell(start, [Enter(1, Side.BUY, 100, limit=price)])
        run.finish()
        fills = ours(run.trades)
        seen.add("never" if not fills else "later" if fills[0][0] > start else "at once")
    assert seen == {"never", "later"}


@settings(max_examples=40)
@given(start=INSTANTS, side=SIDES, lots=st.integers(1, 60), reach=st.integers(0, 9))
def test_an_order_that_takes_gets_displayed_size_and_once_only(replayed, start, side, lots, reach):
    standing = replayed.standing(start)
    rivals = levels(standing, OTHER[side])
    limit = rivals[min(reach, len(rivals) - 1)].price
    run = Run(replayed, start, start + 2 * MINUTE)
    run.tell(start, [Enter(1, side, lots * 100, limit=limit), Cancel(1)])
    taken = defaultdict(int)
    for _, trade in ours(run.trades):
        taken[trade.price] += trade.quantity
    shown = {rung.price: rung.quantity for rung in rivals[: reach + 1]}
    assert all(taken[price] <= shown[price] for price in taken)
    assert sum(taken.values()) == min(lots * 100, sum(shown.values()))
    before = len(run.trades)
    for frame in run.play():
        for each in Side:
            held = {rung.price: rung.quantity for rung in levels(frame, each)}
            for rung in run.venue.depth(each):
                assert rung.quantity <= held.get(rung.price, 0)
    printed = sum(trade.quantity for _, trade in run.trades[before:])
    deals = [deal for frame in replayed.between(start, run.until) for deal in frame.deals]
    assert printed <= sum(deal.quantity for deal in deals)


ORDER = st.tuples(
    st.integers(0, 4 * MINUTE), SIDES, st.integers(-6, 6), st.integers(1, 30), st.booleans()
)


# A quarter of an hour into the day somebody buys all ten asks.
SWEPT = at(DAY, time(9, 45, 5)) + 520


@settings(max_examples=30)
@given(start=INSTANTS, wishes=st.lists(ORDER, min_size=1, max_size=12))
@example(start=SWEPT, wishes=[(0, Side.SELL, 0, 1, False)])
def test_whatever_we_do_fills_are_bounded_by_deals_and_displays(replayed, start, wishes):
    until = start + 5 * MINUTE
    orders, limits = defaultdict(list), {}
    for key, (later, side, away, lots, again) in enumerate(wishes, 1):
        price = best(replayed, start + later, side) + away
        limits[key] = side, price, lots * 100
        orders[start + later].append(Enter(key, side, lots * 100, limit=price))
        if again:
            orders[start + later + 30_000].append(Cancel(key))
    run = Run(replayed, start, until, dict(orders)).finish()
    # what anybody could have traded with: all deals, what stood, and all that was ever displayed
    offered = defaultdict(int)
    for frame in (replayed.standing(start), *replayed.between(start, until)):
        for deal in frame.deals:
            offered[deal.price] += deal.quantity
        for rung in (*frame.bids, *frame.asks):
            offered[rung.price] += rung.quantity
    for key, (side, limit, quantity) in limits.items():
        fills = [trade for _, trade in ours(run.trades, key)]
        assert sum(trade.quantity for trade in fills) <= quantity
        sign = 1 if side is Side.BUY else -1
        assert all(sign * trade.price <= sign * limit for trade in fills)
        strangers = [t for t in fills if min(t.buyer, t.seller) < 0]
        reachable = sum(q for price, q in offered.items() if sign * price <= sign * limit)
        assert sum(trade.quantity for trade in strangers) <= reachable
    bid, ask = run.venue.best(Side.BUY), run.venue.best(Side.SELL)
    assert bid is None or ask is None or bid < ask


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, 186_000), (Side.SELL, 184_000)])
def test_an_order_in_the_opening_auction_trades_at_its_print(replayed, side, price):
    start = at(DAY, time(9, 18))
    run = Run(replayed, start, at(DAY, time(9, 29)))
    run.tell(start, [Enter(1, side, 300, limit=price)])
    run.finish()
    assert {when for when, _ in ours(run.trades)} == {at(DAY, time(9, 25))}
    assert sum(trade.quantity for _, trade in ours(run.trades)) == 300
    prices = {trade.price for _, trade in ours(run.trades)}
    assert len(prices) == 1
    assert abs(prices.pop() - recorded.OPEN) <= 2
