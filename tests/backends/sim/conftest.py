"""A market whose time the test moves by hand."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pytest

from quantgraph.backends.sim.clock import Pace, SimClock
from quantgraph.backends.sim.listings import Listings, NoListings
from quantgraph.backends.sim.market import MarketParts, SimMarket
from quantgraph.backends.sim.paths import World
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.services.workers import Workers

from . import pythons

START = date(2023, 2, 1)
SESSION_S = 4 * 3_600
# From 09:15 to 15:30 without lunch.
DAY_S = 4 * 3_600 + 45 * 60
_CLOSURES = ("2023-01-23", "2023-01-24", "2023-01-25", "2023-01-26", "2023-01-27", "2023-04-05")


def make_calendar(last: date = date(2024, 12, 31)) -> TradingCalendar:
    first = date(1990, 12, 19)
    days = np.arange(np.datetime64(first), np.datetime64(last) + np.timedelta64(1, "D"))
    open_days = days[np.is_busday(days, holidays=np.array(_CLOSURES, dtype="datetime64[D]"))]
    return TradingCalendar(open_days, first=first, last=last, source="test")


@dataclass
class Hand:
    """Real time as the test wants it, in seconds; sleeping means moving it."""

    seconds: float = 0.0
    naps: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.seconds


@dataclass
class CountedIds:
    """Ids in a row, so that tests can name them."""

    count: int = 0

    def new(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count:08d}"


@dataclass
class Stage:
    """A clock, a market and the hand that moves them."""

    hand: Hand
    clock: SimClock
    market: SimMarket
    calendar: TradingCalendar

    def move_to(self, sessions: int, seconds: float) -> None:
        """Set the clock to so many running seconds after 09:30 of the n-th session.

        Of the epoch that began with the clock, or of the one after it: its first day is shorter.
        """
        days = len(self.clock.days)
        self.hand.seconds = sessions * DAY_S + seconds - sessions // days * 15 * 60


@pytest.fixture(scope="session")
def calendar() -> TradingCalendar:
    return make_calendar()


@pytest.fixture(scope="session", params=pythons.VERSIONS)
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Each supported Python in turn; one that is not here is skipped by name."""
    folder = tmp_path_factory.mktemp("python")
    try:
        return pythons.prepare(request.param, folder)
    except pythons.Absent as absent:
        pytest.skip(str(absent))


@pytest.fixture
def workers() -> Iterator[Workers]:
    pool = Workers(2, 64)
    yield pool
    pool.close()


@pytest.fixture
def make_stage(calendar: TradingCalendar, workers: Workers) -> Callable[..., Stage]:
    def make(
        listings: Listings | None = None,
        seed: int = 1,
        interval_ms: int = 1_000,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> Stage:
        hand = Hand()
        clock = SimClock(START, calendar, Pace(1.0, hand, CountedIds()))
        world = World(seed, calendar, clock.start, listings or NoListings())
        parts = MarketParts(clock, workers, interval_ms)
        if sleep is not None:
            parts = MarketParts(clock, workers, interval_ms, sleep)
        return Stage(hand, clock, SimMarket(world, parts), calendar)

    return make


@pytest.fixture
async def stage(make_stage: Callable[..., Stage]) -> AsyncIterator[Stage]:
    yield make_stage()
