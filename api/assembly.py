"""Puts the parts together; it and the modules it is made of name back-ends, stores and services."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from api.bounds import is_local, limits_of
from api.feeds import MarketStreams
from api.imported import HeldData
from api.ledgers import Logs, open_logs
from api.series import limit_bars, open_bars, open_rules, open_sectors
from api.simulated import SimulatedWorld, Sources
from api.trading import OrderPath
from api.training import Training
from quantgraph.backends.sim.capability import capabilities
from quantgraph.config import Config
from quantgraph.domain.errors import StartupError
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.reasons import Reason
from quantgraph.domain.system import BackendInfo, Mode
from quantgraph.services.access import KeyAccess
from quantgraph.services.acts import BATCHES, CONNECTIONS, CONTROLS, SECTORS, SIMULATION, TRADING
from quantgraph.services.audit import audited
from quantgraph.services.batches import OrderBatches
from quantgraph.services.calendar import load_calendar
from quantgraph.services.catalog import ListedMarket, PricedCatalog
from quantgraph.services.connections import SwitchedAccounts
from quantgraph.services.controls import TradingControls
from quantgraph.services.dividends import DividendBook
from quantgraph.services.fills import JournalledFills
from quantgraph.services.live_bars import BarSources, SharedBars
from quantgraph.services.meter import KeyMeter
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.portfolio import PortfolioDesk, PortfolioSources
from quantgraph.services.previews import OrderPreviews, PreviewParts
from quantgraph.services.quotes import SharedQuotes
from quantgraph.services.sectors import AllSectors
from quantgraph.services.sessions import RuledSessions
from quantgraph.services.snapshots import MarketBoard
from quantgraph.services.subscriptions import StreamBook
from quantgraph.services.system import GatewaySystem, SystemState
from quantgraph.services.ticks import LimitedTicks
from quantgraph.services.workers import Workers
from quantgraph.store.folder import hold_folder
from quantgraph.store.journal import OrderJournal
from quantgraph.store.keys import KeyStore
from quantgraph.store.market import MarketStore
from quantgraph.store.secret import load_secret


@dataclass(slots=True)
class Assembly:
    """A gateway, what the server prints of it, and how its streams end."""

    config: Config
    gateway: Gateway
    data: str
    access: str
    store: MarketStore
    quotes: SharedQuotes
    streams: MarketStreams
    trading: JournaledTrading
    accounts: SwitchedAccounts
    controls: TradingControls
    secret: bytes
    _endings: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def drain(self) -> None:
        """End every live stream, telling its reader to come back later."""
        self.trading.drain()
        self.accounts.drain()
        self.controls.drain()
        self._endings.append(asyncio.get_running_loop().create_task(self.streams.close()))


@asynccontextmanager
async def open_assembly(config: Config) -> AsyncGenerator[Assembly, None]:
    """Open the store, start the simulation, and close both at the end.

    Raises StartupError: MODE_UNAVAILABLE, KEYS_REQUIRED, DATA_DIR_UNUSABLE, STORE_CORRUPT,
    STORE_VERSION; Unsupported CALENDAR_NOT_COVERED where no two trading days are covered.
    """
    if config.mode is not Mode.MOCK:
        text = f"Mode {config.mode} needs a trading terminal, and no back-end for one is built in."
        raise StartupError(Reason.MODE_UNAVAILABLE, text, mode=config.mode)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(hold_folder(config.data_path))
        keys = KeyStore(folder / "keys.sqlite")
        local = is_local(config)
        if not local and not keys.usable():
            text = "Beyond loopback API keys are required. Make one: `quantgraph keys create`."
            raise StartupError(Reason.KEYS_REQUIRED, text, folder=str(folder))
        workers = Workers(config.limits.worker_threads, config.limits.worker_backlog)
        stack.callback(workers.close)
        store = MarketStore(folder, config.cache.columns_mb * 1_000_000)
        stack.callback(store.close)
        calendar = load_calendar(config.calendar, folder)
        mock = _Mock(config, (store, calendar, workers))
        logs = open_logs(config, mock.world.clock.moment().epoch, stack)
        assembly = mock.assemble(logs, KeyAccess(keys, workers, open_locally=local))
        mock.start()
        stack.push_async_callback(mock.close)
        yield assembly


class _Mock:
    """The parts of mock mode, wired together."""

    def __init__(self, config: Config, sources: Sources) -> None:
        self.config = config
        self.world = world = SimulatedWorld(config, sources, self._start_over)
        self.quotes = SharedQuotes(world.market, world.market, self._epoch)
        self._cached = open_bars(world)
        live = BarSources(world.bar_feed, self._cached, world.clock, self._epoch)
        self.streams = MarketStreams(self.quotes, SharedBars(live))

    def assemble(self, logs: Logs, access: KeyAccess) -> Assembly:
        """Return the gateway over these parts."""
        config, world, limits = self.config, self.world, limits_of(self.config)
        self.path = path = OrderPath(world, logs)
        training = Training(world, path, logs.journal, self.streams.start_over)
        started_at = datetime.now(UTC)
        self._held = HeldData(world.store, world.workers, world.plan.note)
        bars, custom = limit_bars(world, self._cached), open_sectors(world)
        reference = AllSectors(world.recorded, custom)
        trading = audited(path.guard, logs.audit, TRADING)
        batches = OrderBatches(trading, config.limits.batch_orders)
        gateway = Gateway(
            mode=config.mode,
            limits=limits,
            clock=world.clock,
            calendar=world.calendar,
            bars=bars,
            ready_bars=bars.ready,
            dividends=DividendBook(world.recorded, world.recorded),
            ticks=LimitedTicks(world.recorded, limits.bar_rows),
            quotes=world.market,
            snapshots=MarketBoard(world.market, reference, limits.bar_rows),
            quote_stream=self.quotes,
            bar_stream=self.streams.bars,
            reference=reference,
            rules=open_rules(world),
            sectors=audited(custom, logs.audit, SECTORS),
            sessions=RuledSessions(world.calendar),
            lists=PricedCatalog(
                world.market.catalog, ListedMarket(world.market, world.recorded), limits.bar_rows
            ),
            financials=world.recorded,
            accounts=path.accounts,
            connections=audited(path.accounts, logs.audit, CONNECTIONS),
            controls=audited(path.controls, logs.audit, CONTROLS),
            trading=trading,
            audit=logs.audit,
            meter=KeyMeter(config.rates.rates),
            batches=audited(batches, logs.audit, BATCHES),
            previews=OrderPreviews(PreviewParts(path.sources, path.limited, path.gate)),
            allowances=path.limited,
            fills=JournalledFills(logs.journal, world.terminal, world.workers, path.trading.events),
            portfolio=self._portfolio(logs.journal),
            access=access,
            system=GatewaySystem(config.mode, limits, started_at, self._state()),
            subscriptions=StreamBook(),
            started_at=started_at,
            simulation=audited(training.desk(reference), logs.audit, SIMULATION),
        )
        note = "no key needed on loopback" if is_local(config) else "API keys required"
        parts = (world.store, self.quotes, self.streams)
        orders = (path.trading, path.accounts, path.controls)
        secret = load_secret(config.data_path)
        return Assembly(config, gateway, self._held.text, note, *parts, *orders, secret)

    def start(self) -> None:
        """Let time act: days end, reports are taken."""
        self.path.start()
        self.world.terminal.start()

    async def close(self) -> None:
        """End streams and tasks, the readers of a part before the part."""
        self.path.drain()
        await self.path.rest()
        await self.streams.close()
        await self.world.faulty.close()
        await self.world.terminal.close()
        await self.path.close()

    def _portfolio(self, journal: OrderJournal) -> PortfolioDesk:
        world = self.world
        sources = (world.clock, world.terminal, world.market, world.recorded)
        return PortfolioDesk(PortfolioSources(*sources, journal, world.workers))

    def _state(self) -> SystemState:
        return SystemState(
            clock=self.world.timekeeper.info,
            data=self._held.now,
            trading=lambda: self.path.gate.status(None),
            backends=self._backends,
            problems=self._problems,
        )

    def _backends(self) -> tuple[BackendInfo, ...]:
        return (BackendInfo("sim", "sim", self.path.trading.connected, capabilities()),)

    def _problems(self) -> Mapping[str, str]:
        found = {**self.path.controls.problems(), **self.path.trading.problems()}
        if self.world.terminal.lost:
            found["exchange"] = "The process of the simulated exchange has ended (EXCHANGE_LOST)."
        elif not self.path.trading.connected:
            found["trading"] = "The terminal is disconnected, or its reports are not being taken."
        return found

    def _epoch(self) -> str:
        return self.world.clock.moment().epoch

    async def _start_over(self, epoch: str) -> None:
        self.world.faulty.start_over()
        await self.path.trading.start_over(epoch)
        await self.streams.start_over()
