import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.backends.sim.streams import bell, below, draw, stream_key, word


def test_draws_are_splitmix64() -> None:
    # The first outputs of the published generator for seed 0.
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert draw(0, np.arange(3)).tolist() == expected


def test_streams_of_other_words_are_other_streams() -> None:
    keys = {stream_key(1, "600519.SH", "close"), stream_key(1, "600519.SH", "open")}
    keys |= {stream_key(2, "600519.SH", "close"), stream_key(1, "600519.SZ", "close")}
    assert len(keys) == 4


@given(st.integers(0, 2**64 - 1), st.integers(1, 2**31))
def test_bounded_draws_stay_below_their_bound(key: int, bound: int) -> None:
    values = below(draw(key, np.arange(50)), bound)
    assert values.min() >= 0
    assert values.max() < bound


def test_bounded_draws_are_even() -> None:
    counts = np.bincount(below(draw(5, np.arange(100_000)), 10), minlength=10)
    assert np.abs(counts - 10_000).max() < 500


def test_the_bell_has_its_mean_its_deviation_and_its_bounds() -> None:
    values = bell(draw(7, np.arange(200_000)))
    assert abs(values.mean()) < 10
    assert abs(values.std() - 1_000) < 10
    assert np.abs(values).max() <= 3_464


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**60))
def test_one_word_is_the_same_as_many(key: int, counter: int) -> None:
    assert word(key, counter) == int(draw(key, counter))
