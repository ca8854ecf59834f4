"""The simulated market twice: as it is, and through the REAL SDK over the native double."""

import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from quantgraph.backends.link import Patience
from quantgraph.backends.sim.clock import Pace, SimClock
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.market import MarketParts, SimMarket
from quantgraph.backends.sim.paths import World as PathWorld
from quantgraph.backends.xtquant.client import DataLimits, DataThread
from quantgraph.backends.xtquant.data import Address, Data, DataClient
from quantgraph.backends.xtquant.live import FeedParts, TerminalFeed
from quantgraph.backends.xtquant.market import TerminalMarket
from quantgraph.backends.xtquant.sdk import load_sdk
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.services.workers import Workers
from tests.backends.sim.conftest import DAY_S, START, CountedIds, Hand, make_calendar
from tests.doubles import native
from tests.doubles.market import Exchange


@dataclass
class Pair:
    """The market asked directly, the same market asked through the terminal, and their time."""

    sim: SimMarket
    terminal: TerminalMarket
    exchange: Exchange
    client: DataClient
    hand: Hand
    clock: SimClock
    calendar: TradingCalendar

    def at(self, seconds: float, sessions: int = 0) -> None:
        """Set the clock to so many running seconds after 09:30 of a session."""
        self.hand.seconds = sessions * DAY_S + seconds


@pytest.fixture(scope="session")
def calendar() -> TradingCalendar:
    return make_calendar()


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    made = Workers(2, 64)
    yield made
    made.close()


@dataclass
class World:
    """A market that the tests share: what it generated for one is there for the next."""

    market: SimMarket
    hand: Hand
    clock: SimClock


@pytest.fixture(scope="module")
def world(calendar: TradingCalendar, workers: Workers) -> World:
    hand = Hand()
    clock = SimClock(START, calendar, Pace(1.0, hand, CountedIds()))
    paths = PathWorld(1, calendar, clock.start, NoListings())
    return World(SimMarket(paths, MarketParts(clock, workers, 3_000)), hand, clock)


@pytest.fixture
def exchange(world: World) -> Iterator[Exchange]:
    double = native.installed()
    world.hand.seconds = 0.0
    made = Exchange(world.market, world.clock)
    double.quotes = made.client
    yield made
    made.close()
    assert double.escaped == []


@pytest.fixture
async def feed(pair: Pair) -> AsyncIterator[TerminalFeed]:
    patience = Patience(look=0.01, first=0.01, most=0.02)
    made = TerminalFeed(FeedParts(pair.client, pair.terminal, pair.clock, patience))
    yield made
    await made.close()


@pytest.fixture
async def pair(exchange: Exchange, world: World, calendar: TradingCalendar) -> AsyncIterator[Pair]:
    sdk = load_sdk()
    with warnings.catch_warnings():
        # It reads its table of fields once, and leaves the file open.
        warnings.simplefilter("ignore", ResourceWarning)
        sdk.data.get_field_list("2004")
    # The SDK's connection is the process's: this test's terminal is not the last one's.
    sdk.data.disconnect()
    thread = DataThread(DataLimits(seconds=30.0))
    client = DataClient(Data(sdk, Address()), thread)
    terminal = TerminalMarket(client, calendar, world.clock)
    parts = (exchange, client, world.hand, world.clock, calendar)
    yield Pair(world.market, terminal, *parts)
    exchange.free.set()
    thread.close()
    sdk.data.disconnect()
