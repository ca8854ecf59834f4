"""Puts the parts together; it and the modules it is made of name back-ends, stores and services."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from api.bounds import is_local
from api.buses import open_bus
from api.ledgers import Logs, open_audit, open_logs
from api.log_writer import LogWriter
from api.publishing import publish
from api.relayed import RelayedPath
from api.simulated import SimulatedWorld
from api.terminals import TerminalClock, TerminalWorld
from api.tracing import open_tracer
from api.training import Training
from api.vendor import open_terminal, require_terminal
from api.watch import Watch
from api.wiring import Assembly, Wiring
from api.worlds import Sources
from quantgraph.bus.places import BusPlace
from quantgraph.config import Config
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import Clock, SystemClock
from quantgraph.domain.errors import StartupError
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.ports.desk import FarDesk
from quantgraph.domain.reasons import Reason
from quantgraph.domain.system import Mode
from quantgraph.services.access import KeyAccess
from quantgraph.services.calendar import load_calendar
from quantgraph.services.interception import TwinKeys
from quantgraph.services.traced import traced_backend
from quantgraph.services.workers import Workers
from quantgraph.store.folder import hold_folder, usable_folder
from quantgraph.store.heads import HeadFile
from quantgraph.store.keys import KeyStore
from quantgraph.store.market import MarketStore

__all__ = ["Assembly", "open_assembly"]


# Makes the terminal that dev and prod are over; raises StartupError where it cannot be one.
OpenBackend = Callable[[Config, TradingCalendar], Backend]


@asynccontextmanager
async def open_assembly(
    config: Config,
    backend: OpenBackend = open_terminal,
    clock: Clock | None = None,
    log: LogWriter | None = None,
) -> AsyncGenerator[Assembly, None]:
    """Open the store, start the simulation or the terminal, and close all at the end.

    Requests and acts are told to `log`.

    Raises StartupError: MODE_UNAVAILABLE, KEYS_REQUIRED, DATA_DIR_UNUSABLE, STORE_CORRUPT,
    STORE_VERSION, SDK_UNUSABLE, CONFIG_INVALID; Unsupported CALENDAR_NOT_COVERED where no two
    trading days are covered.
    """
    simulated = config.mode is Mode.MOCK and not config.venues
    if not simulated and backend is open_terminal:
        require_terminal(config)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(hold_folder(config.data_path))
        access, workers = _open_access(config, folder, stack)
        store = MarketStore(folder, config.cache.columns_mb * 1_000_000)
        stack.callback(store.close)
        sources = store, load_calendar(config.calendar, folder), workers
        tracer = open_tracer(config)
        if tracer is not None:
            stack.push_async_callback(tracer.close)
        bus = open_bus(config, stack)
        watch = Watch(log, config.limits.key_subscriptions, tracer, bus)
        if simulated:
            mode: _Mock | _Real | _Relayed = _Mock(config, sources, watch)
        else:
            terminal = _terminal(config, sources[1], backend, bus)
            if tracer is not None:
                terminal = traced_backend(terminal)
            world = TerminalWorld(config, sources, terminal, clock or _clock(config, terminal))
            far = terminal.desk
            mode = _Real(world, watch) if far is None else _Relayed(world, watch, far)
        wiring = mode.wiring
        assembly = mode.assemble(stack, access)
        await wiring.start()
        stack.push_async_callback(wiring.close)
        if bus is not None:
            publish(config, assembly.gateway, bus, stack)
        yield assembly


def _terminal(
    config: Config, calendar: TradingCalendar, backend: OpenBackend, bus: BusPlace | None
) -> Backend:
    if backend is open_terminal:
        return open_terminal(config, calendar, bus)
    return backend(config, calendar)


def _clock(config: Config, terminal: Backend) -> Clock:
    return TerminalClock(terminal.clock) if config.venues else SystemClock()


def _open_access(config: Config, folder: Path, stack: AsyncExitStack) -> tuple[KeyAccess, Workers]:
    keys, local = KeyStore(folder / "keys.sqlite"), is_local(config)
    if not local and not keys.usable():
        text = "Beyond loopback API keys are required. Make one: `quantgraph keys create`."
        raise StartupError(Reason.KEYS_REQUIRED, text, folder=str(folder))
    workers = Workers(config.limits.worker_threads, config.limits.worker_backlog)
    stack.callback(workers.close)
    ring = TwinKeys(keys) if config.mode is Mode.DEV else keys
    return KeyAccess(ring, workers, open_locally=local), workers


class _Mock:
    """The parts of mock mode: a simulated world, which may start over, and who operates it."""

    def __init__(self, config: Config, sources: Sources, watch: Watch) -> None:
        self.sim = SimulatedWorld(config, sources, self._start_over)
        self.wiring = Wiring(self.sim.world, watch)

    def assemble(self, stack: AsyncExitStack, access: KeyAccess) -> Assembly:
        """Return the gateway over these parts."""
        wiring = self.wiring
        logs = _opened(wiring, stack)
        self._path = path = wiring.open_path(logs)
        training = Training(self.sim, path, logs.journal, wiring.streams.start_over)
        return wiring.assemble(access, training.desk)

    async def _start_over(self, epoch: str) -> None:
        self.sim.faulty.start_over()
        await self._path.trading.start_over(epoch)
        await self.wiring.streams.start_over()


class _Real:
    """The parts of dev and prod: a terminal's world, which nobody operates."""

    def __init__(self, terminal: TerminalWorld, watch: Watch) -> None:
        self.wiring = Wiring(terminal.world, watch)

    def assemble(self, stack: AsyncExitStack, access: KeyAccess) -> Assembly:
        """Return the gateway over these parts."""
        self.wiring.open_path(_opened(self.wiring, stack))
        return self.wiring.assemble(access)


class _Relayed:
    """The parts of prod over another gateway, which has the desk: no journal is opened here."""

    def __init__(self, terminal: TerminalWorld, watch: Watch, far: FarDesk) -> None:
        self.wiring = Wiring(terminal.world, watch)
        self._far = far

    def assemble(self, stack: AsyncExitStack, access: KeyAccess) -> Assembly:
        """Return the gateway over these parts."""
        wiring, config = self.wiring, self.wiring.world.config
        folder = usable_folder(config.asked_path)
        # Of an agent's own journal the heads are the agent's to keep.
        heads = HeadFile(folder / "heads" if config.isolate else config.head_path)
        audit = open_audit(folder, heads, stack, wiring.watch.acts.took)
        wiring.take_way(RelayedPath(self._far, config.mode, audit), audit)
        return wiring.assemble(access)


def _opened(wiring: Wiring, stack: AsyncExitStack) -> Logs:
    world = wiring.world
    epoch = world.clock.moment().epoch
    return open_logs(world.config, epoch, stack, wiring.watch.acts.took)
