"""A sealed limit, at a real venue: who queues waits for trades, who gives in is filled at once."""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.core.events import Cancel, Command, Enter, Trade, Turn
from quantgraph.backends.sim.core.tally import Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.depth import Rung
from quantgraph.backends.sim.flow.frames import Frame
from quantgraph.backends.sim.flow.scripted import play
from quantgraph.backends.sim.flow.shadow import Shadow
from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.rules.sessions import Phase

from .test_scripted import STAGE, make_base

LOW, HIGH = 900, 1_100
BASE = make_base(seconds=180)
BEFORE, UNTIL = STAGE.at - 30_000, STAGE.at + 100_000
Orders = dict[int, list[Command]]
# The limit that is sealed, who queues there, and the price of the limit.
SEALS = [("SEALED_LIMIT_UP", Side.BUY, HIGH), ("SEALED_LIMIT_DOWN", Side.SELL, LOW)]
OTHER = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}
KINDS = [PriceType.LIMIT, *(kind for kind in PriceType if not kind.priced)]


def run(name: str, orders: Orders, **values: int) -> list[tuple[int, Trade]]:
    """Play a scenario from before its instant on; return all trades, with their instants."""
    frames = play(name, {key: Decimal(value) for key, value in values.items()}, BASE, STAGE)
    venue, shadow, trades = Venue(Terms(Market.SH, 1_000, (LOW, HIGH))), Shadow(), []
    venue.apply(Turn(Phase.CONTINUOUS))
    told = [(BEFORE, shadow.open(frames.standing(BEFORE)))]
    for frame in frames.between(BEFORE, UNTIL):
        told += [(frame.at, shadow.feed(frame)), (frame.at, orders.get(frame.at, []))]
        while told:
            when, commands = told.pop(0)
            for command in commands:
                made = venue.apply(command)
                trades += [(when, event) for event in made if isinstance(event, Trade)]
    bid, ask = venue.best(Side.BUY), venue.best(Side.SELL)
    assert bid is None or ask is None or bid < ask
    return trades


def filled(trades, key: int) -> list[tuple[int, int]]:
    """Return price and shares of one order's fills."""
    return [(t.price, t.quantity) for _, t in trades if key in (t.buyer, t.seller)]


# OWN_BEST finds nobody on the side of those who give in; the exchange cancels it.
GIVING = [kind for kind in KINDS if kind is not PriceType.OWN_BEST]


def wishes(kinds: list[PriceType]):
    each = st.integers(0, 99), st.integers(1, 2_000), st.integers(0, 30), st.sampled_from(kinds)
    return st.lists(st.tuples(*each), min_size=1, max_size=8)


@pytest.mark.parametrize(("name", "side", "price"), SEALS)
@settings(max_examples=60)
@given(wishes=wishes(KINDS), queue=st.integers(1, 2_000))
def test_who_queues_at_a_sealed_limit_never_fills(name, side, price, wishes, queue) -> None:
    orders: Orders = defaultdict(list)
    inwards = -1 if side is Side.BUY else 1
    for key, (second, lots, away, kind) in enumerate(wishes, 1):
        limit = price + inwards * away if kind.priced else None
        orders[STAGE.at + second * 1_000].append(Enter(key, side, lots * 100, kind, limit))
    trades = run(name, orders, queue=queue * 100)
    assert [filled(trades, key) for key in range(1, len(wishes) + 1)] == [[]] * len(wishes)


@pytest.mark.parametrize(("name", "side", "price"), SEALS)
@settings(max_examples=60)
@given(wishes=wishes(GIVING), more=st.integers(0, 500))
def test_who_gives_in_fills_whole_and_at_the_limit(name, side, price, wishes, more) -> None:
    orders: Orders = defaultdict(list)
    inwards = -1 if side is Side.BUY else 1
    for key, (second, lots, away, kind) in enumerate(wishes, 1):
        limit = price + inwards * away if kind.priced else None
        orders[STAGE.at + second * 1_000].append(Enter(key, OTHER[side], lots * 100, kind, limit))
    queue = 100 * (sum(lots for _, lots, _, _ in wishes) + more)
    trades = run(name, orders, queue=queue)
    for key, (_, lots, _, _) in enumerate(wishes, 1):
        fills = filled(trades, key)
        assert {each for each, _ in fills} == {price}
        assert sum(quantity for _, quantity in fills) == lots * 100


@pytest.mark.parametrize(("name", "side", "price"), SEALS)
@settings(max_examples=60)
@given(
    second=st.integers(0, 90),
    lots=st.integers(1, 300),
    queue=st.integers(0, 150),
    traded=st.integers(1, 100),
    leaves=st.none() | st.integers(1, 60),
)
def test_a_queue_that_moves_fills_who_is_next_and_no_more(
    name, side, price, second, lots, queue, traded, leaves
) -> None:
    came = STAGE.at + second * 1_000
    gone = None if leaves is None else came + leaves * 1_000
    orders: Orders = {came: [Enter(1, side, lots * 100, limit=price)]}
    if gone is not None:
        orders[gone] = [Cancel(1)]
    trades = run(name, orders, queue=queue * 100, traded=traded)
    values = {"queue": Decimal(queue * 100), "traded": Decimal(traded)}
    frames = play(name, values, BASE, STAGE).between(came, min(gone or UNTIL, UNTIL))
    dealt = sum(deal.quantity for frame in frames for deal in frame.deals)
    most = min(max(dealt - queue * 100, 0), lots * 100)
    assert sum(quantity for _, quantity in filled(trades, 1)) == most


def test_queues_of_these_sizes_do_move() -> None:
    """The one above would hold of queues that nobody ever reaches the head of."""
    orders: Orders = {STAGE.at: [Enter(1, Side.BUY, 3_000, limit=HIGH)]}
    trades = run("SEALED_LIMIT_UP", orders, queue=1_000, traded=100)
    assert sum(quantity for _, quantity in filled(trades, 1)) == 3_000


def test_who_left_in_a_halt_meets_nobody_who_came_in_it() -> None:
    venue, shadow = Venue(Terms(Market.SH, 1_000, (LOW, HIGH))), Shadow()
    screens = [((999,), (1_000,)), ((), ()), ((1_049,), (1_050,))]
    venue.apply(Turn(Phase.CONTINUOUS))
    events: list[object] = []
    for at, (bids, asks) in enumerate(screens):
        both = (tuple(Rung(price, 500) for price in side) for side in (bids, asks))
        frame = Frame(at, (), *both)
        for command in shadow.feed(frame) if at else shadow.open(frame):
            events += venue.apply(command)
        if at == 1:
            events += venue.apply(Enter(1, Side.BUY, 300, limit=1_050))
    prices = [each.price for each in events if isinstance(each, Trade)]
    assert prices == [1_050]
