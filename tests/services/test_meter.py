"""A key that asks too much waits; other keys do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.errors import LimitReached
from quantgraph.domain.rates import Rates
from quantgraph.services.meter import KeyMeter

RATES = Rates(reads=100, reads_per_second=10, orders=3, orders_per_second=1)


class Timer:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
def meter(timer: Timer) -> KeyMeter:
    return KeyMeter(RATES, timer)


def wait_of(act, *given) -> int:
    with pytest.raises(LimitReached) as caught:
        act(*given)
    assert caught.value.reason == "RATE_LIMITED"
    return int(caught.value.details["retry_after_ms"])


def test_a_bucket_empties_and_fills_by_the_second(meter, timer):
    assert meter.read("k", 90).reads == 10
    assert wait_of(meter.read, "k", 30) == 2_000
    timer.now = 2.0
    assert meter.read("k", 30).reads == 0
    timer.now = 1_000.0
    assert meter.read("k", 1).reads == 99


def test_a_refusal_takes_nothing(meter):
    meter.order("k", 1)
    for _ in range(5):
        wait_of(meter.order, "k", 3)
    assert meter.order("k", 2).orders == 0


def test_reads_and_orders_and_keys_are_apart(meter):
    meter.read("k", 100)
    assert meter.order("k", 3).orders == 0
    assert wait_of(meter.order, "k", 1) == 1_000
    assert meter.read("other", 100).reads == 0


def test_what_is_dearer_than_a_bucket_takes_a_full_one(meter, timer):
    assert meter.read("k", 250).reads == -150
    assert wait_of(meter.read, "k", 1) == 15_100
    timer.now = 15.1
    assert meter.read("k", 1).reads == 0


def test_no_blame_lifts_a_debt(meter):
    """Every request looks at what is left by a blame of nothing."""
    meter.read("k", 250)
    assert meter.blame("k", 0).reads == -150
    assert meter.blame("k", 10).reads == -150


def test_blame_is_bounded(meter, timer):
    for _ in range(1_000):
        meter.blame("k", 10)
    timer.now = 10.0
    assert meter.read("k", 0).reads == 0


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 60)), max_size=60))
def test_no_more_is_given_than_was_held_and_filled(steps):
    timer = Timer()
    meter, given = KeyMeter(RATES, timer), 0
    for passed, points in steps:
        timer.now += passed
        try:
            meter.read("k", points)
        except LimitReached:
            continue
        given += points
    assert given <= RATES.reads + RATES.reads_per_second * timer.now + 1e-6


def test_of_more_keys_than_are_kept_the_oldest_begins_anew(meter, monkeypatch):
    monkeypatch.setattr("quantgraph.services.meter._KEYS", 3)
    for key in "abcd":
        meter.read(key, 60)
    assert [meter.blame(key, 0).reads for key in "bcd"] == [40] * 3
    assert meter.read("a", 60).reads == 40


def test_a_wait_is_long_enough(meter, timer):
    meter.read("k", 100)
    timer.now = wait_of(meter.read, "k", 33) / 1_000
    assert meter.read("k", 33).reads == 0


def test_other_rates_leave_what_is_held_as_far_as_it_fits(meter, timer):
    meter.read("poor", 90)
    meter.read("rich", 1)
    meter.adopt(Rates(reads=50, reads_per_second=5, orders=9, orders_per_second=1))
    assert (meter.read("poor", 0).reads, meter.read("rich", 0).reads) == (10, 50)
    assert meter.read("new", 0).orders == 9
    timer.now = 2.0
    assert (meter.read("poor", 0).reads, meter.read("rich", 0).reads) == (20, 50)
    meter.adopt(RATES)
    assert (meter.read("poor", 0).reads, meter.read("rich", 0).reads) == (20, 50)
