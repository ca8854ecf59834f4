"""Puts the parts together; it and the modules it is made of name back-ends, stores and services."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from api.bounds import is_local
from api.ledgers import Logs, open_logs
from api.simulated import SimulatedWorld
from api.training import Training
from api.wiring import Assembly, Wiring
from api.worlds import Sources
from quantgraph.config import Config
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.system import Mode
from quantgraph.services.access import KeyAccess
from quantgraph.services.calendar import load_calendar
from quantgraph.services.workers import Workers
from quantgraph.store.folder import hold_folder
from quantgraph.store.keys import KeyStore
from quantgraph.store.market import MarketStore

__all__ = ["Assembly", "open_assembly"]


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
        access, workers = _open_access(config, folder, stack)
        store = MarketStore(folder, config.cache.columns_mb * 1_000_000)
        stack.callback(store.close)
        mock = _Mock(config, (store, load_calendar(config.calendar, folder), workers))
        logs = open_logs(config, mock.sim.clock.moment().epoch, stack)
        assembly = mock.assemble(logs, access)
        await mock.wiring.start()
        stack.push_async_callback(mock.wiring.close)
        yield assembly


def _open_access(config: Config, folder: Path, stack: AsyncExitStack) -> tuple[KeyAccess, Workers]:
    keys, local = KeyStore(folder / "keys.sqlite"), is_local(config)
    if not local and not keys.usable():
        text = "Beyond loopback API keys are required. Make one: `quantgraph keys create`."
        raise StartupError(Reason.KEYS_REQUIRED, text, folder=str(folder))
    workers = Workers(config.limits.worker_threads, config.limits.worker_backlog)
    stack.callback(workers.close)
    return KeyAccess(keys, workers, open_locally=local), workers


class _Mock:
    """The parts of mock mode: a simulated world, which may start over, and who operates it."""

    def __init__(self, config: Config, sources: Sources) -> None:
        self.sim = SimulatedWorld(config, sources, self._start_over)
        self.wiring = Wiring(self.sim.world)

    def assemble(self, logs: Logs, access: KeyAccess) -> Assembly:
        """Return the gateway over these parts."""
        wiring = self.wiring
        path = wiring.open_path(logs)
        training = Training(self.sim, path, logs.journal, wiring.streams.start_over)
        return wiring.assemble(access, training.desk)

    async def _start_over(self, epoch: str) -> None:
        self.sim.faulty.start_over()
        await self.wiring.path.trading.start_over(epoch)
        await self.wiring.streams.start_over()
