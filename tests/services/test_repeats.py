"""One refusal again and again is counted, not written each time; nothing is lost of the count."""

import json
from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.access import Actor, Wire
from quantgraph.domain.audit import Act
from quantgraph.services.repeats import Repeats

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def refusal(key="k", operation="submitOrder"):
    return Act(NOW, Actor(key, Wire.GRAPHQL, "peer"), operation, None, "{}", "RATE_LIMITED")


def of(acts):
    """How many refusals entries stand for, by key."""
    found = Counter()
    for each in acts:
        found[each.actor.key_id] += json.loads(each.what).get("repeated", 1)
    return found


def test_a_flood_is_ten_entries_and_a_count():
    clock = [0.0]
    repeats = Repeats(lambda: clock[0])
    written = [each for _ in range(5_000) for each in repeats.taken(refusal())]
    assert len(written) == 10
    clock[0] = 60.0
    later = list(repeats.taken(refusal()))
    assert [each.what for each in later] == ['{"repeated":4990}', "{}"]
    assert list(repeats.rest()) == []


def test_many_keys_are_counted_in_bounded_memory():
    repeats = Repeats(lambda: 0.0)
    written = [each for n in range(5_000) for _ in range(12) for each in repeats.taken(refusal(n))]
    assert len(repeats._runs) == 1_000
    written += repeats.rest()
    assert set(of(written).values()) == {12}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), max_size=200))
def test_every_refusal_is_written_or_counted(acts):
    clock = [0.0]
    repeats, written = Repeats(lambda: clock[0]), []
    for key, passed in acts:
        clock[0] += passed
        written += repeats.taken(refusal(key))
    written += repeats.rest()
    assert of(written) == Counter(key for key, _ in acts)
