"""A turn that cost something is followed by a rest as long, within bounds."""

import pytest

from quantgraph.domain.rests import rested


@pytest.mark.parametrize(
    ("cost", "until"), [(0.0004, 0.0), (0.0005, 10.001), (0.002, 10.004), (0.004, 10.005)]
)
def test_turns_begin_apart_by_what_they_cost_and_by_no_more_than_is_gathered(cost, until):
    assert rested(10.0, 10.0 + cost + 1e-12, 0.005) == pytest.approx(until)
