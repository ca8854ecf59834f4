"""The recorded day and a generated market, made once for all tests of the room."""

from collections.abc import Callable
from datetime import date

import pytest

from quantgraph.backends.sim.flow.replay import ReplayFrames
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.paths import Paths, World
from quantgraph.backends.sim.quoting import Quoter
from quantgraph.domain.calendar import TradingCalendar

from ..conftest import START, make_calendar
from . import recorded
from .venues import Floor


@pytest.fixture(scope="session")
def recorded_store(shared, tmp_path_factory):
    store = recorded.open_store(shared, tmp_path_factory.mktemp("recorded"))
    yield store
    store.close()


@pytest.fixture(scope="session")
def recording(recorded_store):
    return recorded.read_day(recorded_store)


@pytest.fixture(scope="session")
def replayed(recording):
    return ReplayFrames(recording, recorded.PHASES)


@pytest.fixture(scope="session")
def quoter() -> Quoter:
    calendar: TradingCalendar = make_calendar(date(2027, 12, 31))
    return Quoter(Paths(World(1, calendar, START, NoListings())), 1_000)


@pytest.fixture
def open_floor(quoter: Quoter) -> Callable[..., Floor]:
    def make(symbol: str, day: date, at: int | None = None) -> Floor:
        return Floor.open(quoter, symbol, day, at)

    return make
