"""The simulated market and exchange on a loop in a thread of its own: a terminal's far side."""

import asyncio
import threading
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, TypeVar

from quantgraph.backends.sim.clock import Pace, SimClock
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.market import MarketParts, SimMarket
from quantgraph.backends.sim.paths import World
from quantgraph.backends.sim.terminal import SimTerminal
from quantgraph.seeds import SeedAccount, SeedPosition
from quantgraph.services.workers import Workers
from tests.backends.sim.conftest import DAY_S, START, CountedIds, Hand, Stage, make_calendar
from tests.backends.sim.world import world as world_parts

T = TypeVar("T")
ACCOUNT = "8880001"
HELD = (
    SeedPosition(symbol="600519.SH", quantity=200, cost_price=Decimal("1500.00")),
    SeedPosition(symbol="000001.SZ", quantity=5_000, cost_price=Decimal("12.50")),
)
_SEEDS = (SeedAccount(id=ACCOUNT, name="一号", cash=Decimal(100_000_000), positions=HELD),)
# Half an hour into the first session: the auction is over, and nothing moves but by hand.
_MORNING_S = 1_800.0


class SimWorld:
    """A market whose time the test moves by hand; any thread may have it run a coroutine."""

    def __init__(self, seeds: tuple[SeedAccount, ...] = _SEEDS) -> None:
        """Start the thread; `close` ends it."""
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="exchange", daemon=True)
        self._thread.start()
        self._workers = Workers(1, 64)
        self.hand = Hand(_MORNING_S)
        self.calendar = make_calendar()
        self.clock = SimClock(START, self.calendar, Pace(1.0, self.hand, CountedIds()))
        market = World(1, self.calendar, self.clock.start, NoListings())
        self.market = SimMarket(market, MarketParts(self.clock, self._workers, 1_000))
        stage = Stage(self.hand, self.clock, self.market, self.calendar)
        self.terminal = self.run(self._open(stage, seeds))

    def now(self) -> Any:
        """Return the market's present instant, aware UTC: it is a `Clock`."""
        return self.clock.now()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the world's thread and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def move(self, days: int = 0, seconds: float = 0.0) -> None:
        """Let time pass, of trading days without lunch."""
        self.hand.seconds += days * DAY_S + seconds
        self.run(self.terminal.driver.present())

    def price(self, symbol: str, side: str) -> Decimal:
        """Return the best displayed price: `asks` or `bids`."""
        (quote,) = self.run(self.market.quotes([symbol]))
        return Decimal(repr(getattr(quote, side)[0].price))

    def close(self) -> None:
        """End the world and its thread."""
        self.run(self.terminal.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(20)
        self.loop.close()
        self._workers.close()

    async def _open(self, stage: Stage, seeds: tuple[SeedAccount, ...]) -> SimTerminal:
        terminal = SimTerminal(world_parts(stage, seeds), self.market)
        self.market.show(terminal.screens)
        return terminal
