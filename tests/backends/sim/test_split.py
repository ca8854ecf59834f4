from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.block import Block, Cut, session_weights
from quantgraph.backends.sim.split import split
from quantgraph.backends.sim.streams import draw

SCALE = 100


def make_block(rows: list[tuple[int, int, int, int, int, float]]) -> Block:
    """Rows of low, range, open and close as shares of it in %, volume, mean price in %."""
    low, wide, first, last, volume = (
        np.array([row[i] for row in rows], dtype=np.int64) for i in range(5)
    )
    wide = np.where(volume == 0, 0, wide)
    mean = np.array([row[5] for row in rows])
    opens, close = low + wide * first // 100, low + wide * last // 100
    money = np.round(volume * (low + wide * mean) / SCALE, 2)
    amount = np.clip(money, low * volume / SCALE, (low + wide) * volume / SCALE)
    return Block(opens, low + wide, low, close, volume, amount)


def make_cut(rows: int, parts: int = 240, scale: int = SCALE) -> Cut:
    weights = session_weights() if parts == 240 else np.ones(parts, dtype=np.int64)
    return Cut(parts, draw(3, np.arange(rows)), np.full(rows, scale), weights)


bars = st.lists(
    st.tuples(
        st.integers(100, 300_000),
        st.one_of(st.integers(0, 20), st.integers(0, 30_000)),
        st.integers(0, 100),
        st.integers(0, 100),
        st.one_of(st.just(0), st.integers(1, 5_000), st.integers(1, 10**9)),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=300)
@given(bars, st.sampled_from([60, 240]))
def test_parts_add_up_to_their_bar_exactly(rows, parts) -> None:
    block = make_block(rows)
    cut = split(block, make_cut(len(rows), parts))
    assert (cut.open[:, 0] == block.open).all()
    assert (cut.close[:, -1] == block.close).all()
    assert (cut.high.max(axis=1) == block.high).all()
    assert (cut.low.min(axis=1) == block.low).all()
    assert (cut.volume.sum(axis=1) == block.volume).all()
    for amounts in (cut.amount, cut.amount[:, ::-1]):  # in any order: nothing is rounded
        assert (np.cumsum(amounts, axis=1)[:, -1] == block.amount).all()


@settings(max_examples=200)
@given(bars)
def test_every_part_is_a_bar_of_its_own(rows) -> None:
    cut = split(make_block(rows), make_cut(len(rows)))
    assert (cut.high >= np.maximum(cut.open, cut.close)).all()
    assert (cut.low <= np.minimum(cut.open, cut.close)).all()
    assert (cut.open[:, 1:] == cut.close[:, :-1]).all()
    assert (cut.volume >= 0).all()


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.integers(100, 300_000),
            st.integers(20, 30_000),
            st.integers(0, 100),
            st.integers(0, 100),
            st.integers(1_000_000, 10**9),
            st.floats(0.2, 0.8),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_amounts_of_a_busy_day_fit_the_prices_of_their_minute(rows) -> None:
    block = make_block(rows)
    cut = split(block, make_cut(len(rows)))
    # One lot may lie outside in the last minute: it takes the odd shares and the cents.
    room = (block.high - block.low)[:, None] + 1
    assert (cut.amount >= cut.low * cut.volume / SCALE - room).all()
    assert (cut.amount <= cut.high * cut.volume / SCALE + room).all()
    assert (cut.volume > 0).mean() > 0.9


def test_an_ordinary_day_has_no_minute_that_takes_it_all() -> None:
    rows = [(10_000, 400, 13 * i % 101, 37 * i % 101, 5_000_000, 0.5) for i in range(300)]
    cut = split(make_block(rows), make_cut(300))
    largest = cut.volume.max(axis=1) / cut.volume.sum(axis=1)
    assert np.median(largest) < 0.03
    assert np.quantile(largest, 0.98) < 0.2


def test_extremes_are_reached_at_any_time_of_the_day() -> None:
    rows = [(10_000, 400, 13 * i % 101, 37 * i % 101, 5_000_000, 0.5) for i in range(300)]
    cut = split(make_block(rows), make_cut(300))
    for minutes in (cut.high.argmax(axis=1), cut.low.argmin(axis=1)):
        counts = np.bincount(minutes // 60, minlength=4)
        assert counts.min() > 25
    # Nothing jumps to its extreme out of nowhere.
    assert np.quantile(cut.high - np.maximum(cut.open, cut.close), 0.99) < 400 * 0.2


def test_a_bar_without_volume_stays_flat_and_empty() -> None:
    cut = split(make_block([(1_000, 50, 30, 60, 0, 0.5)]), make_cut(1))
    assert (cut.close == 1_000).all()
    assert cut.volume.sum() == cut.amount.sum() == 0


def test_an_amount_that_is_no_price_times_volume_is_divided_by_volume() -> None:
    index = Block(
        *(np.array([x]) for x in (390_000, 395_000, 385_000, 391_000, 10**10)), np.array([1.5e12])
    )
    cut = split(index, make_cut(1))
    assert cut.amount.sum() == 1.5e12
    ratio = cut.amount / cut.volume
    assert ratio.max() / ratio.min() == pytest.approx(1, rel=1e-4)


def test_prices_alone_are_the_same_as_with_money() -> None:
    block = make_block([(1_000, 300, 30, 60, 1_000_000, 0.5)])
    whole, prices = split(block, make_cut(1)), split(block, make_cut(1), money=False)
    for name in ("open", "high", "low", "close"):
        assert (getattr(whole, name) == getattr(prices, name)).all()


@settings(max_examples=100)
@given(bars, st.sampled_from([60, 240]))
def test_parts_of_a_day_with_auctions_add_up_as_exactly(rows, parts) -> None:
    block, plain = make_block(rows), make_cut(len(rows), parts)
    flags = np.ones(len(rows), dtype=np.bool_)
    opening, closing = (flags, None) if parts == 60 else (None, flags)
    how = replace(plain, opening=opening, closing=closing)
    cut = split(block, how)
    assert (cut.close[:, -1] == block.close).all()
    assert (cut.high.max(axis=1) == block.high).all()
    assert (cut.low.min(axis=1) == block.low).all()
    assert (cut.volume.sum(axis=1) == block.volume).all()
    assert (np.cumsum(cut.amount, axis=1)[:, -1] == block.amount).all()
    if closing is not None:
        assert (cut.volume[:, 237:239] == 0).all()
        assert (cut.high[:, 237:] == cut.low[:, 237:]).all()


def test_an_opening_auction_trades_at_the_open_alone() -> None:
    rows = [(10_000 + i, 400, 13 * i % 101, 37 * i % 101, 40_000, 0.5) for i in range(50)]
    block = make_block(rows)
    cut = split(block, replace(make_cut(50, 60), opening=np.ones(50, dtype=np.bool_)))
    for prices in (cut.open, cut.high, cut.low, cut.close):
        assert (prices[:, 0] == block.open).all()
    assert (cut.volume[:, 0] > 0).all()
    assert (cut.amount[:, 0] * SCALE == block.open * cut.volume[:, 0]).all()


def test_a_closing_auction_comes_near_the_last_price_before_it() -> None:
    rows = [(10_000, 400, 13 * i % 101, 37 * i % 101, 5_000_000, 0.5) for i in range(300)]
    block = make_block(rows)
    cut = split(block, replace(make_cut(300), closing=np.ones(300, dtype=np.bool_)))
    assert np.median(np.abs(cut.close[:, 236] - block.close)) <= 10
    assert (cut.volume[:, 239] > 0).all()


def test_rows_do_not_depend_on_what_is_cut_with_them() -> None:
    rows = [(1_000 + 37 * i, 300, 30, 60, 1_000_000 + i, 0.5) for i in range(5)]
    block, cut = make_block(rows), make_cut(5)
    together = split(block, cut)
    one = Cut(cut.parts, cut.keys[3:4], cut.scale[3:4], cut.weights)
    alone = split(block.take(slice(3, 4)), one)
    for name in ("open", "high", "low", "close", "volume", "amount"):
        assert (getattr(together, name)[3] == getattr(alone, name)[0]).all()
