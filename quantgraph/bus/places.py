"""The bus as this gateway has it."""

from dataclasses import dataclass, field

from quantgraph.bus.names import Names
from quantgraph.bus.ports import Bus, BusTally


@dataclass(frozen=True, slots=True)
class BusPlace:
    """The bus, what is called how there, and what is done over it."""

    line: Bus
    names: Names
    tally: BusTally = field(default_factory=BusTally)

    @property
    def connected(self) -> bool:
        """Whether it is there now."""
        return self.line.session is not None
