"""What the simulated terminal lists besides instruments, as of its clock's day."""

from collections.abc import Sequence

from quantgraph.backends.sim.bonds import list_bonds
from quantgraph.backends.sim.clock import MarketClock
from quantgraph.domain.bonds import BondRequest, ConvertibleBond


class SimCatalog:
    """Implements `Catalog`."""

    def __init__(self, clock: MarketClock) -> None:
        """List by the clock."""
        self._clock = clock

    async def bonds(self, request: BondRequest) -> Sequence[ConvertibleBond]:
        """Return the listed bonds of a request, by symbol."""
        return list_bonds(request, self._clock.moment().day)
