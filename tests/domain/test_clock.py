"""Ids that nobody has given before."""

import time

import pytest

from quantgraph.domain.clock import RandomIds


def test_no_two_ids_are_the_same():
    ids = RandomIds()
    assert len({ids.new("order_") for _ in range(10_000)}) == 10_000


def test_an_id_stands_behind_those_of_earlier_milliseconds(monkeypatch: pytest.MonkeyPatch):
    """So that an index of ids grows at its end."""
    ids, step = RandomIds(), 5_000_000
    # A clock that was never set, one that runs, and one as far as a gateway may live.
    begin = 1_700_000_000_000_000_000
    nows = [0, *range(begin, begin + 64 * step, step), 4_000_000_000_000_000_000]
    given = []
    for now in nows:
        monkeypatch.setattr(time, "time_ns", lambda now=now: now)
        given.append(ids.new("order_"))
    assert given == sorted(given)
    assert {len(each) for each in given} == {len("order_") + 26}
