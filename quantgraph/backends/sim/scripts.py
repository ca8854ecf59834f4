"""A scenario that a symbol follows, by name: so it can be kept, and followed again."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quantgraph.backends.sim.depth import Limits
from quantgraph.backends.sim.flow.frames import Frames
from quantgraph.backends.sim.flow.scripted import Stage, play
from quantgraph.backends.sim.securities import Security


@dataclass(frozen=True, slots=True)
class Script:
    """The scenario's name and numbers, and the instant (epoch ms) from which on it plays."""

    name: str
    parameters: Mapping[str, Decimal]
    at: int

    def frames(self, security: Security) -> Frames:
        """Return the security's day with it. Errors: those of `flow.scripted.play`."""
        band, ticks = security.band, security.ticks
        limits = None if band is None else Limits(ticks(band.low), ticks(band.high))
        stage = Stage(self.at, ticks(security.previous_close), limits)
        return play(self.name, self.parameters, security.frames, stage)

    def dump(self) -> dict[str, Any]:
        """Return it as values that JSON has."""
        numbers = {name: str(value) for name, value in self.parameters.items()}
        return {"name": self.name, "parameters": numbers, "at": self.at}

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> "Script":
        """Return the one that was dumped."""
        numbers = {name: Decimal(value) for name, value in state["parameters"].items()}
        return cls(state["name"], numbers, state["at"])
