"""What a process sets that serves for long."""

import gc
import sys
import weakref

import pytest

from api.steady import steady


@pytest.fixture(autouse=True)
def as_before():
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)
    gc.unfreeze()


def test_the_loop_waits_briefly_for_threads_and_the_collector_leaves_the_start_alone() -> None:
    steady()
    assert sys.getswitchinterval() == pytest.approx(0.000_5)
    assert gc.get_freeze_count() > 10_000


class Circle:
    def __init__(self):
        self.own = self


def test_circles_are_found_ten_thousand_objects_late() -> None:
    steady()
    lost = weakref.ref(Circle())
    kept = [[] for _ in range(5_000)]
    assert lost() is not None
    kept += [[] for _ in range(6_000)]
    assert lost() is None
    assert len(kept) == 11_000
