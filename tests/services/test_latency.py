"""Dials: percentiles by nearest rank, of the last minutes alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.latency import Latency
from quantgraph.services.latency import Dial


class Watch:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=200))
def test_a_percentile_is_the_least_value_that_so_many_are_not_above(values):
    dial = Dial(Watch())
    for value in values:
        dial.note(value / 1_000)
    found = dial.latency()
    for share, at in ((0.5, found.p50), (0.95, found.p95), (0.99, found.p99)):
        assert sum(each <= at for each in values) >= share * len(values)
        assert sum(each < at for each in values) < share * len(values)
    assert found.count == len(values)


def test_what_is_older_than_the_window_counts_no_more():
    watch = Watch()
    dial = Dial(watch)
    dial.note(5)
    watch.now += 200
    dial.note(1)
    assert dial.latency().p99 == pytest.approx(5_000)
    watch.now += 200
    assert dial.latency() == Latency(1_000, 1_000, 1_000, 1)
    watch.now += 200
    assert dial.latency() == Latency()
    assert dial.tally.count == 2
    assert dial.age() == 400


def test_percentiles_stand_for_a_second():
    watch = Watch()
    dial = Dial(watch)
    dial.note(1)
    assert dial.latency().count == 1
    dial.note(1)
    assert dial.latency().count == 1
    watch.now += 1
    assert dial.latency().count == 2


def test_a_clock_that_stepped_back_measures_nothing_less_than_nought():
    dial = Dial(Watch())
    dial.note(-3)
    assert dial.latency().p50 == 0
