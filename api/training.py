"""What an operator of a simulated world works with: its controls, and the snapshots of it."""

from collections.abc import Awaitable, Callable

from api.simulated import SimulatedWorld
from api.trading import OrderPath
from quantgraph.backends.sim.controls import SimControls
from quantgraph.backends.sim.faults.keeping import CounterStage
from quantgraph.domain.ports.reference import Reference
from quantgraph.services.simulation import SimulationDesk, SimulationParts
from quantgraph.services.worlds import KeptWorlds, WorldsParts
from quantgraph.store.journal import OrderJournal
from quantgraph.store.worlds import SnapshotFolder

Restored = Callable[[], Awaitable[None]]


class Training:
    """Makes the desk of a world; `restored` is awaited when it has gone back to a snapshot."""

    def __init__(
        self, world: SimulatedWorld, path: OrderPath, journal: OrderJournal, restored: Restored
    ) -> None:
        """Train with the orders of `path`, which `journal` keeps."""
        self._world, self._path = world, path
        self._journal, self._restored = journal, restored
        self._controls = SimControls(world.terminal, world.market)

    def desk(self, reference: Reference) -> SimulationDesk:
        """Return the desk, which knows the symbols of `reference`."""
        world = self._world
        return SimulationDesk(
            SimulationParts(
                clock=world.clock,
                calendar=world.calendar,
                timekeeper=world.timekeeper,
                controls=self._controls,
                faults=world.faulty,
                worlds=self._worlds(),
                accounts=self._path.accounts,
                reference=reference,
                imports_events=world.recorded.tells_events,
                account_limit=world.config.mock.account_limit,
            )
        )

    def _worlds(self) -> KeptWorlds:
        world, mock = self._world, self._world.config.mock
        folder = world.config.data_path / "snapshots"
        return KeptWorlds(
            WorldsParts(
                stage=CounterStage(self._controls, world.faulty),
                clock=world.clock,
                trading=self._path.trading,
                shelf=SnapshotFolder(folder, mock.snapshots, mock.snapshot_mb * 1_000_000),
                workers=world.workers,
                world={
                    "seed": mock.seed,
                    "start": str(world.clock.start),
                    "liquidity": mock.liquidity,
                },
                copy=self._journal.copy,
                restored=self._restored,
            )
        )
