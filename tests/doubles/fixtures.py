"""The double of a terminal, for the tests of any room."""

import pytest

from tests.doubles import native
from tests.doubles.counter import Counter
from tests.doubles.world import SimWorld


@pytest.fixture
def double():
    """The native double of this process, with nothing behind it yet."""
    native.sdk("xttrader")
    double = native.installed()
    double.touched.clear()
    double.escaped.clear()
    yield double
    assert double.escaped == []


@pytest.fixture(scope="module")
def far_side():
    """One exchange for a module: to open it takes longer than a test."""
    world = SimWorld()
    yield world
    world.close()


@pytest.fixture
def counter(double, far_side):
    counter = Counter(double, far_side)
    yield counter
    counter.close()
