"""Puts the parts together; it and the modules it is made of name back-ends, stores and services."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from api.bounds import is_local, limits_of
from api.feeds import MarketStreams
from api.imported import HeldData
from api.ledgers import Logs, open_logs
from api.simulated import SimulatedWorld
from quantgraph.backends.sim.capability import capabilities
from quantgraph.backends.sim.controls import SimControls
from quantgraph.backends.sim.faults.keeping import CounterStage
from quantgraph.config import Config
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import RandomIds
from quantgraph.domain.errors import StartupError
from quantgraph.domain.orders import Destination, Order, OrderKey, PriceType
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.trust import trust_of
from quantgraph.domain.system import BackendInfo, Mode
from quantgraph.services.access import KeyAccess
from quantgraph.services.acts import BATCHES, CONNECTIONS, CONTROLS, SECTORS, SIMULATION, TRADING
from quantgraph.services.adjusted import AdjustedBars
from quantgraph.services.arming import Arming, ArmingParts
from quantgraph.services.audit import audited, noted
from quantgraph.services.batches import OrderBatches
from quantgraph.services.cached import CachedBars
from quantgraph.services.calendar import load_calendar
from quantgraph.services.catalog import ListedMarket, PricedCatalog
from quantgraph.services.connections import SwitchedAccounts, SwitchParts
from quantgraph.services.controls import ControlParts, TradingControls
from quantgraph.services.custom import CustomSectors, SectorLimits
from quantgraph.services.derived import DerivedBars
from quantgraph.services.desk import OrderDesk
from quantgraph.services.dividends import DividendBook
from quantgraph.services.fills import JournalledFills
from quantgraph.services.gate import Gate
from quantgraph.services.guard import OrderGuard
from quantgraph.services.judging import GuardSources
from quantgraph.services.ledger import Ledger
from quantgraph.services.limited import LimitedBars
from quantgraph.services.limits import LimitedTrading, LimitParts
from quantgraph.services.live_bars import BarSources, SharedBars
from quantgraph.services.meter import KeyMeter
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.portfolio import PortfolioDesk, PortfolioSources
from quantgraph.services.previews import OrderPreviews, PreviewParts
from quantgraph.services.quotes import SharedQuotes
from quantgraph.services.redacted import CleanTerminal
from quantgraph.services.rules import RuleBook
from quantgraph.services.sectors import AllSectors
from quantgraph.services.sessions import RuledSessions
from quantgraph.services.simulation import SimulationDesk, SimulationParts
from quantgraph.services.snapshots import MarketBoard
from quantgraph.services.system import GatewaySystem, SystemState
from quantgraph.services.ticks import LimitedTicks
from quantgraph.services.valuing import Valuer
from quantgraph.services.workers import Workers
from quantgraph.services.worlds import KeptWorlds, WorldsParts
from quantgraph.store.arming import ArmingSecret
from quantgraph.store.custom import CustomSectorStore
from quantgraph.store.folder import hold_folder
from quantgraph.store.install import load_install
from quantgraph.store.journal import OrderJournal
from quantgraph.store.keys import KeyStore
from quantgraph.store.market import MarketStore
from quantgraph.store.secret import load_secret
from quantgraph.store.worlds import SnapshotFolder

# Halts and resumes that wait to be written down.
_SWITCHES = 256


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
        mock = _Mock(config, store, calendar, workers)
        logs = open_logs(config, mock.clock.moment().epoch, stack)
        assembly = mock.assemble(logs, KeyAccess(keys, workers, open_locally=local))
        mock.start()
        stack.push_async_callback(mock.close)
        yield assembly


class _Mock:
    """The parts of mock mode, wired together."""

    def __init__(
        self, config: Config, store: MarketStore, calendar: TradingCalendar, workers: Workers
    ) -> None:
        self.config = config
        self._store = store
        self._calendar = calendar
        self._workers = workers
        world = SimulatedWorld(config, (store, calendar, workers), self._start_over)
        self._plan, self._timekeeper = world.plan, world.timekeeper
        self.clock, self.market, self.recorded = world.clock, world.market, world.recorded
        self.terminal, self.faulty = world.terminal, world.faulty
        self.quotes = SharedQuotes(self.market, self.market, self._epoch)
        self._cached = self._cached_bars()
        live = BarSources(world.bar_feed, self._cached, self.clock, self._epoch)
        self.streams = MarketStreams(self.quotes, SharedBars(live))

    def assemble(self, logs: Logs, access: KeyAccess) -> Assembly:
        """Return the gateway over these parts."""
        journal, gate = logs.journal, Gate(logs.controls.present())
        ledger = Ledger(journal, self.terminal, self._workers, self.clock)
        # A thread of their own: a gateway that is busy can be halted.
        self._switching = Workers(1, _SWITCHES)
        gate.arming = self._arming()
        self.controls = TradingControls(gate, self._switches(logs))
        desk = OrderDesk(
            workers=self._workers,
            clock=self.clock,
            ids=RandomIds(),
            destination=Destination.SIMULATED,
            id_prefix="mock_order_",
            install_id=load_install(self.config.data_path),
            in_flight=self.config.limits.orders_in_flight,
            answer_seconds=self.config.trading.answer_seconds,
            check_seconds=self.config.trading.compare_seconds,
            gate=gate,
            approval=timedelta(minutes=self.config.trading.approval_minutes),
            ledger=ledger,
            settle_seconds=self.config.trading.settle_seconds,
            # What the simulated terminal does late it does late by its own clock.
            timer=lambda: self.clock.moment().ms / 1_000,
            alarm=self.controls.alarm,
        )
        clean = CleanTerminal(self.faulty)
        self.trading = JournaledTrading(journal, clean, self.terminal, desk)
        self.limited = LimitedTrading(self.trading, self._limit_parts(ledger))
        switch = SwitchParts(
            logs.statuses, self._workers, self.clock, lambda: self.trading.connected
        )
        self.accounts = SwitchedAccounts(self.terminal, switch)
        gate.on_change(self.accounts.pulse)
        started_at = datetime.now(UTC)
        limits = limits_of(self.config)
        self._held = HeldData(self._store, self._workers, self._plan.note)
        bars = self._bars()
        custom = self._custom()
        reference = AllSectors(self.recorded, custom)
        sources = self._guard()
        trading = audited(OrderGuard(self.limited, sources), logs.audit, TRADING)
        batches = OrderBatches(trading, self.config.limits.batch_orders)
        gateway = Gateway(
            mode=self.config.mode,
            limits=limits,
            clock=self.clock,
            calendar=self._calendar,
            bars=bars,
            ready_bars=bars.ready,
            dividends=DividendBook(self.recorded, self.recorded),
            ticks=LimitedTicks(self.recorded, limits.bar_rows),
            quotes=self.market,
            snapshots=MarketBoard(self.market, reference, limits.bar_rows),
            quote_stream=self.quotes,
            bar_stream=self.streams.bars,
            reference=reference,
            rules=self._rules(),
            sectors=audited(custom, logs.audit, SECTORS),
            sessions=RuledSessions(self._calendar),
            lists=PricedCatalog(
                self.market.catalog, ListedMarket(self.market, self.recorded), limits.bar_rows
            ),
            financials=self.recorded,
            accounts=self.accounts,
            connections=audited(self.accounts, logs.audit, CONNECTIONS),
            controls=audited(self.controls, logs.audit, CONTROLS),
            trading=trading,
            audit=logs.audit,
            meter=KeyMeter(self.config.rates.rates),
            batches=audited(batches, logs.audit, BATCHES),
            previews=OrderPreviews(PreviewParts(sources, self.limited, gate)),
            allowances=self.limited,
            fills=JournalledFills(journal, self.terminal, self._workers, self.trading.events),
            portfolio=self._portfolio(journal),
            access=access,
            system=GatewaySystem(self.config.mode, limits, started_at, self._state(gate)),
            started_at=started_at,
            simulation=audited(self._simulation(reference, journal), logs.audit, SIMULATION),
        )
        note = "no key needed on loopback" if is_local(self.config) else "API keys required"
        parts = (self._store, self.quotes, self.streams)
        orders = (self.trading, self.accounts, self.controls)
        secret = load_secret(self.config.data_path)
        return Assembly(self.config, gateway, self._held.text, note, *parts, *orders, secret)

    def start(self) -> None:
        """Let time act: days end, reports are taken."""
        self.trading.start()
        self.terminal.start()

    async def close(self) -> None:
        """End streams and tasks, the readers of a part before the part."""
        self.trading.drain()
        self.accounts.drain()
        self.controls.drain()
        await self.controls.close()
        await self.accounts.close()
        await self.streams.close()
        await self.faulty.close()
        await self.terminal.close()
        await self.trading.close()
        await self.limited.close()
        self._switching.close()

    def _arming(self) -> Arming | None:
        """Return what arms trading; None in a mode that needs no arming."""
        trading, real = self.config.trading, self.config.mode is Mode.PROD
        if not (real or trading.require_arming):
            return None
        keeper = ArmingSecret(self.config.data_path / "keys.sqlite")
        reported = trading.programmatic_trading_reported or not real
        parts = (keeper, self._workers, self.clock, trading.arming_minutes, reported)
        return Arming(ArmingParts(*parts))

    def _switches(self, logs: Logs) -> ControlParts:
        async def open_orders(account_id: str) -> list[Order]:
            orders, _ = await self._workers.run(logs.journal.open_orders, account_id)
            return orders

        async def cancel(key: OrderKey) -> Order:  # what takes it is assembled later
            return await self.trading.cancel(key)

        switches = (logs.controls, self._switching, self.clock, self.terminal)
        answer = self.config.trading.answer_seconds
        audited_cancel = noted(cancel, logs.audit, TRADING["cancel"])
        return ControlParts(*switches, open_orders, audited_cancel, answer, audit=logs.audit)

    def _bars(self) -> LimitedBars:
        cached = self._cached
        return LimitedBars(cached, self.config.limits, self._calendar, cached.ready)

    def _cached_bars(self) -> CachedBars:
        adjusted = AdjustedBars(self.recorded, self.recorded, self._workers)
        derived = DerivedBars(adjusted, self._workers)
        size = self.config.cache.bars_mb * 1_000_000
        return CachedBars(derived, self._version, size)

    def _rules(self) -> RuleBook:
        prices = (self.market, self.recorded)
        return RuleBook(self.recorded, prices, self.clock, self._calendar)

    def _custom(self) -> CustomSectors:
        limits = self.config.limits
        sizes = SectorLimits(limits.custom_sectors, limits.sector_members, limits.batch_symbols)
        shelf = CustomSectorStore(self.config.data_path / "sectors.sqlite")
        return CustomSectors(self.recorded, shelf, self._workers, sizes)

    def _version(self) -> tuple[bytes, date, str, int]:
        """Return all that imported series depend on; coverage is judged by the clock's day.

        Of replayed days a bar shows once its minute is over.
        """
        moment = self.clock.moment()
        minute = moment.ms // 60_000 if self._plan.replayed else 0
        return self._store.version(), moment.day, moment.epoch, minute

    def _limit_parts(self, ledger: Ledger) -> LimitParts:
        valuer = Valuer(self.clock, self._calendar, self.recorded, self.market)
        return LimitParts(self.config.trading.table, ledger, valuer, self.terminal, self.terminal)

    def _guard(self) -> GuardSources:
        return GuardSources(
            self.clock,
            self._calendar,
            self.recorded,
            self.market,
            self.accounts,
            self.config.rules.fees,
            frozenset(PriceType),
            trust_of(self.config.mode, self.config.rules.accept_unverified),
        )

    def _portfolio(self, journal: OrderJournal) -> PortfolioDesk:
        sources = (self.clock, self.terminal, self.market, self.recorded, journal, self._workers)
        return PortfolioDesk(PortfolioSources(*sources))

    def _worlds(self, controls: SimControls, journal: OrderJournal) -> KeptWorlds:
        mock, folder = self.config.mock, self.config.data_path / "snapshots"
        return KeptWorlds(
            WorldsParts(
                stage=CounterStage(controls, self.faulty),
                clock=self.clock,
                trading=self.trading,
                shelf=SnapshotFolder(folder, mock.snapshots, mock.snapshot_mb * 1_000_000),
                workers=self._workers,
                world={
                    "seed": mock.seed,
                    "start": str(self.clock.start),
                    "liquidity": mock.liquidity,
                },
                copy=journal.copy,
                restored=self.streams.start_over,
            )
        )

    def _simulation(self, reference: Reference, journal: OrderJournal) -> SimulationDesk:
        controls = SimControls(self.terminal, self.market)
        return SimulationDesk(
            SimulationParts(
                clock=self.clock,
                calendar=self._calendar,
                timekeeper=self._timekeeper,
                controls=controls,
                faults=self.faulty,
                worlds=self._worlds(controls, journal),
                accounts=self.accounts,
                reference=reference,
                imports_events=self.recorded.tells_events,
                account_limit=self.config.mock.account_limit,
            )
        )

    def _state(self, gate: Gate) -> SystemState:
        return SystemState(
            clock=self._timekeeper.info,
            data=self._held.now,
            trading=lambda: gate.status(None),
            backends=self._backends,
            problems=self._problems,
        )

    def _backends(self) -> tuple[BackendInfo, ...]:
        return (BackendInfo("sim", "sim", self.trading.connected, capabilities()),)

    def _problems(self) -> Mapping[str, str]:
        found = {**self.controls.problems(), **self.trading.problems()}
        if self.terminal.lost:
            found["exchange"] = "The process of the simulated exchange has ended (EXCHANGE_LOST)."
        elif not self.trading.connected:
            found["trading"] = "The terminal is disconnected, or its reports are not being taken."
        return found

    def _epoch(self) -> str:
        return self.clock.moment().epoch

    async def _start_over(self, epoch: str) -> None:
        self.faulty.start_over()
        await self.trading.start_over(epoch)
        await self.streams.start_over()
