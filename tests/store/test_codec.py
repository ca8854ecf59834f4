import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quantgraph.store import codec

ANY_DOUBLE = hnp.arrays(
    np.int64, st.integers(0, 300), elements=st.integers(-(2**63), 2**63 - 1)
).map(lambda bits: bits.view(np.float64))
CENTS = hnp.arrays(np.int64, st.integers(0, 300), elements=st.integers(-(10**9), 10**9)).map(
    lambda cents: cents / 100
)
ANY_INT = hnp.arrays(np.int64, st.integers(0, 300), elements=st.integers(-(2**63), 2**63 - 1))
NEAR_INT = hnp.arrays(np.int64, st.integers(0, 300), elements=st.integers(-1000, 1000))


def round_trip(values, valid=None):
    found, mask = codec.decode(codec.encode(values, valid))
    assert found.dtype == values.dtype
    assert found.tobytes() == values.tobytes()
    if valid is None:
        assert mask is None
    else:
        assert (mask == valid).all()


@given(ANY_DOUBLE)
@example(np.array([0.0, -0.0, 5e-324, -5e-324, 1.7976931348623157e308, np.inf, -np.inf, np.nan]))
@example(np.array([0.1 + 0.2, 1e22, 2.0**53, 2.0**53 + 2, 90071992547409.93]))
def test_every_double_comes_back_to_the_bit(values):
    round_trip(values)


@given(CENTS)
@example(np.array([-0.0]))
def test_prices_in_cents_come_back_to_the_bit(values):
    round_trip(values)


@given(st.one_of(ANY_INT, NEAR_INT))
@example(np.array([-(2**63), 2**63 - 1, 0]))
@example(np.array([2**62, -(2**62)]))
def test_every_integer_comes_back(values):
    round_trip(values)


@given(st.data(), NEAR_INT)
def test_what_is_missing_comes_back_as_missing(data, values):
    valid = data.draw(hnp.arrays(np.bool_, len(values)))
    round_trip(codec.clean(values, valid), valid)


@given(hnp.arrays(np.bool_, st.integers(0, 100)), hnp.arrays(np.int8, st.integers(0, 100)))
def test_flags_and_small_integers_come_back(flags, sides):
    round_trip(flags)
    round_trip(sides)


def test_prices_take_far_less_than_eight_bytes():
    steps = np.random.default_rng(1).integers(-50, 51, 10_000)
    prices = (150_000 + np.cumsum(steps)) / 100
    assert len(codec.encode(prices, None)) < 1.2 * len(prices)


def test_a_constant_column_takes_a_few_bytes():
    assert len(codec.encode(np.zeros(244, np.bool_), None)) < 40


@given(st.binary(max_size=200))
def test_garbage_is_refused_as_no_block(data):
    try:
        codec.decode(data)
    except codec.CodecError:
        return


@pytest.mark.parametrize("place", range(0, 120, 7))
def test_a_changed_byte_never_passes_the_hash(place):
    values = np.arange(244) * 0.01 + np.random.default_rng(2).random(244)
    digest = codec.content_hash(values, None)
    data = bytearray(codec.encode(values, None))
    data[place] ^= 0x10
    try:
        found, mask = codec.decode(bytes(data))
    except codec.CodecError:
        return
    assert codec.content_hash(found, mask) != digest


def test_the_hash_knows_what_is_missing_from_what_is_zero():
    values = np.zeros(3)
    assert codec.content_hash(values, None) != codec.content_hash(
        values, np.array([True, False, True])
    )
