"""Deals out of what grew between two displays."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.flow.growth import grown_trades
from quantgraph.backends.sim.flow.recording import Ladder, Shots

STEP = st.tuples(st.integers(0, 3_000), st.integers(990, 1_010), st.integers(-3, 3))


def column(values):
    return np.array(values, np.int64)


def make_shots(steps):
    """Displays of a market that traded `quantity` around `last` in each step."""
    volume, amount, high, low, rows = 0, 0, 0, 0, []
    for number, (quantity, last, away) in enumerate(steps):
        if quantity:
            other = last + away
            volume += quantity
            amount += last * (quantity - quantity // 2) + other * (quantity // 2)
            seen = (last, other) if quantity > 1 else (last,)
            high = max(high, *seen)
            low = min([each for each in (low,) if each] + list(seen))
        shown = last if volume else 0
        rows.append((number * 3_000, shown, high, low, volume, amount, 0))
    columns = [column(each) for each in zip(*rows, strict=True)]
    book = [
        Ladder(column([[price]] * len(steps)), column([[100]] * len(steps)))
        for price in (999, 1_001)
    ]
    return Shots(*columns, *book)


@settings(max_examples=200)
@given(st.lists(STEP, min_size=1, max_size=8))
def test_each_display_has_the_volume_and_nearly_the_money_of_its_deals(steps):
    shots = make_shots(steps)
    trades, counts = grown_trades(shots)
    for row, count in enumerate(counts):
        assert trades.quantity[:count].sum() == shots.volume[row]
    for first, last, row in zip([0, *counts], counts, range(len(steps)), strict=False):
        if last > first:
            assert trades.price[last - 1] == shots.last[row]
    assert (trades.quantity > 0).all()
    inside = (trades.price >= shots.low[-1]) & (trades.price <= shots.high[-1])
    assert inside.all()
    money = int((trades.quantity * trades.price).sum())
    assert abs(money - shots.amount[-1]) <= 12 * max(int(shots.volume[-1]), 1)


def test_a_new_high_and_a_new_low_are_among_the_deals():
    shots = make_shots([(1_000, 1_000, 0), (1_000, 1_002, -3)])
    trades, counts = grown_trades(shots)
    later = trades.price[counts[0] :].tolist()
    assert {1_002, 999} <= set(later)
    assert later[-1] == 1_002


def test_the_taker_is_told_by_the_display_before():
    shots = make_shots([(100, 1_000, 0), (100, 1_001, 0), (100, 999, 0)])
    trades, counts = grown_trades(shots)
    assert trades.side[counts[0] : counts[1]].tolist() == [1] * (counts[1] - counts[0])
    assert trades.side[counts[1] :].tolist() == [-1] * (counts[2] - counts[1])
