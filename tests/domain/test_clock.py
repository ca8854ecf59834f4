"""Ids that nobody has given before."""

import time

from quantgraph.domain.clock import RandomIds


def test_no_two_ids_are_the_same():
    ids = RandomIds()
    assert len({ids.new("order_") for _ in range(10_000)}) == 10_000


def test_an_id_stands_behind_those_of_earlier_milliseconds():
    """So that an index of ids grows at its end."""
    ids = RandomIds()
    first, start = ids.new("order_"), time.time_ns()
    while time.time_ns() - start < 10_000_000:
        pass
    later = ids.new("order_")
    assert first < later
    assert len(first) == len(later) == len("order_") + 26
