"""What the simulated terminal lists besides instruments, as of its clock's day."""

from collections.abc import Sequence

from quantgraph.backends.sim.bonds import list_bonds
from quantgraph.backends.sim.clock import MarketClock
from quantgraph.backends.sim.etfs import EtfDesk
from quantgraph.backends.sim.feed import Runner
from quantgraph.backends.sim.paths import Paths
from quantgraph.domain.bonds import BondRequest, ConvertibleBond
from quantgraph.domain.etfs import EtfBasket


class SimCatalog:
    """Implements `Catalog`."""

    def __init__(self, clock: MarketClock, runner: Runner, paths: Paths) -> None:
        """List by the clock and the paths' prices; the runner does what blocks."""
        self._clock = clock
        self._run = runner.run
        self._etfs = EtfDesk(paths)

    async def etf_basket(self, symbol: str) -> EtfBasket | None:
        """Return the fund's list of the clock's day, None for anything else."""
        return await self._run(self._etfs.basket, symbol, self._clock.moment().day)

    async def bonds(self, request: BondRequest) -> Sequence[ConvertibleBond]:
        """Return the listed bonds of a request, by symbol."""
        return list_bonds(request, self._clock.moment().day)
