"""A terminal for dev and prod that is our own exchange, of which the gateway knows nothing."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from api import server
from api.assembly import open_assembly
from quantgraph.backends.sim.capability import capabilities
from quantgraph.backends.sim.clock import Pace, SimClock
from quantgraph.backends.sim.deep import SimDepth, SimDepthFeed
from quantgraph.backends.sim.downloads import SimDownloads, SimShelf
from quantgraph.backends.sim.forming import SimBarFeed
from quantgraph.backends.sim.hong_kong import NoHongKong
from quantgraph.backends.sim.listing import Listing
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.market import MarketParts, SimMarket
from quantgraph.backends.sim.parts import WorldParts
from quantgraph.backends.sim.paths import World
from quantgraph.backends.sim.quotas import HeldQuotas
from quantgraph.backends.sim.terminal import SimTerminal
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.sources import Source
from quantgraph.domain.terminals import (
    TerminalLink,
    TerminalPart,
    TerminalState,
    TerminalStatus,
)
from quantgraph.domain.ticks import TickColumns
from quantgraph.loading import load_config
from quantgraph.seeds import SeedAccount, SeedPosition
from quantgraph.services.futures_positions import NoFutures
from quantgraph.services.workers import Workers
from quantgraph.store.arming import ArmingSecret
from quantgraph.store.keys import KeyStore
from tests.backends.sim.conftest import START, CountedIds, Hand, make_calendar

ROOT = Path(__file__).parents[2]
ACCOUNT, TWIN, SYMBOL = "8880001", "paper-8880001", "600519.SH"
SEED = SeedAccount(
    id=ACCOUNT,
    name="main",
    cash=Decimal("1000000.00"),
    positions=(SeedPosition(symbol=SYMBOL, quantity=300, cost_price=Decimal(1_700)),),
)


class Data:
    """What a terminal tells besides quotes: the market's, and no recordings."""

    def __init__(self, market):
        self.bars, self.dividends = market.bars, market.dividends
        self.financials = market.financials

    async def ticks(self, request):
        return TickColumns(request.symbol, request.kind, Source.TERMINAL, 0, {}, {})


class Market(SimMarket):
    """A market whose feed the test takes away."""

    away = False

    def state(self):
        return replace(super().state(), connected=not self.away)


class Terminal:
    """Time that the test moves by hand, a market and a counter in it; it outlives gateways."""

    def __init__(self, name="main", account=ACCOUNT, seed=1):
        self.name, self.heard = name, []
        self.hand, self.calendar = Hand(), make_calendar()
        self.clock = SimClock(START, self.calendar, Pace(1.0, self.hand, CountedIds()))
        self.workers = Workers(2, 64)
        world = World(seed, self.calendar, self.clock.start, NoListings())
        self.market = Market(world, MarketParts(self.clock, self.workers, 1_000))
        parts = WorldParts(
            clock=self.clock,
            calendar=self.calendar,
            dividends=self.market,
            listing=Listing(self.market, self.market, self.calendar),
            accounts=(SEED.model_copy(update={"id": account}),),
            portion_s=60.0,
        )
        self.counter = SimTerminal(parts, self.market)
        self.hand.seconds = 1_800.0
        self.senders, self.up, self.source = 0, True, Source.TERMINAL
        market = self.market
        self.downloader = SimDownloads(SimShelf(market, market, market, market.catalog), 0.0)

    def backend(self, config, calendar):
        """Return the terminal as a gateway sees it."""
        del config, calendar

        def send():
            self.senders += 1
            return self.counter

        async def nothing():
            return None

        return Backend(
            name=self.name,
            kind="double",
            quotes=self.market,
            data=Data(self.market),
            bar_feed=SimBarFeed(self.market),
            reference=self.market,
            catalog=self.market.catalog,
            depth=SimDepth(self.market),
            depth_feed=SimDepthFeed(self.market),
            quotas=HeldQuotas(self.counter, Data(self.market), (self.calendar, self.clock)),
            futures_positions=NoFutures(self.counter),
            hong_kong=NoHongKong(),
            accounts=self.counter,
            downloader=self.downloader,
            sender=send,
            capabilities=capabilities,
            problems=lambda: {} if self.up else {"market_data": "away"},
            status=self.status,
            heed=self.heard.append,
            start=nothing,
            close=nothing,
        )

    def stand(self, up):
        """Come, or go away; whoever heeds hears of it."""
        self.up, self.market.away = up, not up
        for told in self.heard:
            told()

    def status(self):
        state = TerminalState.CONNECTED if self.up else TerminalState.LOST
        links = (TerminalLink(each, state, None, None, 0, None) for each in TerminalPart)
        return TerminalStatus(self.name, "double", self.source, tuple(links))

    async def close(self):
        await self.counter.close()
        self.workers.close()


@asynccontextmanager
async def gateway(terminal, folder, mode, **sections):
    """Open a gateway of a mode over the terminal."""
    settings = {"data_dir": str(folder), "mode": mode, **sections}
    config = load_config(ROOT / "config.toml", settings)
    config.data_path.mkdir(parents=True, exist_ok=True)
    async with (
        asyncio.timeout(60),
        open_assembly(config, terminal.backend, terminal.clock) as assembly,
    ):
        yield assembly


@asynccontextmanager
async def served(monkeypatch, terminal, folder, mode, **sections):
    """Serve a gateway of a mode over the terminal, on both wires."""
    over = partial(open_assembly, backend=terminal.backend, clock=terminal.clock)
    monkeypatch.setattr(server, "open_assembly", over)
    settings = {"data_dir": str(folder), "mode": mode, "http": {"port": 0}, "grpc": {"port": 0}}
    settings |= sections
    config = load_config(ROOT / "config.toml", settings)
    loop = asyncio.get_running_loop()
    started = loop.create_future()
    async with asyncio.timeout(60):
        serving = loop.create_task(server.serve(config, started.set_result))
        await asyncio.wait((started, serving), return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
        try:
            yield started.result()
        finally:
            started.result().stop()
            await serving


def make_keys(folder, mode):
    """Make an admin's key, which modes beyond mock want before they start; and arm's secret."""
    data = folder / mode
    data.mkdir(parents=True, exist_ok=True)
    return KeyStore(data / "keys.sqlite"), ArmingSecret(data / "keys.sqlite")
