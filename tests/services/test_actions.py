"""Acts are counted within any second, in whatever order they are told."""

import pytest

from quantgraph.services.actions import ActionCount

NOON = 1_709_265_600_000


@pytest.mark.parametrize("told", [("early", "late"), ("late", "early")])
def test_each_act_leaves_the_second_at_its_own_time(told):
    times = {"early": NOON - 500, "late": NOON}
    count = ActionCount()
    for name in told:
        count.stamp(name, times[name], NOON)
    assert count.last_second(NOON + 499) == 2
    assert count.last_second(NOON + 500) == 1
    assert count.last_second(NOON + 1_000) == 0
    assert count.today(NOON + 1_000) == 2
