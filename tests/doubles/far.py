"""A real terminal's far side: its quote service and its counter, over one simulated market."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from api.vendor import sender_by
from quantgraph.backends.xtquant.backend import TerminalSettings, XtTerminal
from quantgraph.backends.xtquant.data import Address
from quantgraph.backends.xtquant.sdk import load_sdk
from tests.doubles import native
from tests.doubles.counter import Counter
from tests.doubles.market import Exchange
from tests.doubles.world import SimWorld


@dataclass
class FarSide:
    """A terminal's far side: its quote service and its counter, over one simulated market."""

    double: native.Native
    world: SimWorld
    exchange: Exchange
    counter: Counter

    def backend(self, config, calendar):
        """Return the terminal as the gateway sees it, over the real SDK."""
        settings = TerminalSettings("qmt", "C:/QMT/userdata_mini", Address(), 30.0, 20.0)
        del config
        time = calendar, self.world
        return XtTerminal(load_sdk(), settings, time, sender_by(self.world)).backend()


@pytest.fixture(scope="module")
def world() -> Iterator[SimWorld]:
    made = SimWorld()
    yield made
    made.close()


@pytest.fixture
def far(world) -> Iterator[FarSide]:
    with far_side(world) as made:
        yield made


@contextmanager
def far_side(world: SimWorld) -> Iterator[FarSide]:
    """Open the far side of a terminal in this process."""
    sdk = load_sdk() if native.sdk("xttrader") else None
    double = native.installed()
    with warnings.catch_warnings():
        # It reads its table of fields once, and leaves the file open.
        warnings.simplefilter("ignore", ResourceWarning)
        sdk.data.get_field_list("2004")
    sdk.data.disconnect()
    double.escaped.clear()
    exchange = Exchange(world.market, world.clock)
    double.quotes = exchange.client
    counter = Counter(double, world)
    double.touched.clear()
    yield FarSide(double, world, exchange, counter)
    counter.close()
    exchange.close()
    sdk.data.disconnect()
    assert double.escaped == []
