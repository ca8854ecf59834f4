"""A simulated exchange and what its counter made up beside it, kept as one."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from quantgraph.backends.sim.controls import SimControls
from quantgraph.backends.sim.faults.terminal import FaultyTerminal
from quantgraph.backends.sim.keeping import readable


class CounterStage:
    """Implements `services.worlds.Stage`: the exchange's own list does not know these orders."""

    def __init__(self, exchange: SimControls, counter: FaultyTerminal) -> None:
        """Keep both."""
        self._exchange = exchange
        self._counter = counter

    async def dump(self) -> Mapping[str, Any]:
        """Return the state of both."""
        async with self._counter.arriving:
            return {**await self._exchange.dump(), "counter": self._counter.dump()}

    async def load(self, state: Mapping[str, Any], begin: Callable[[], Awaitable[str]]) -> None:
        """Go on from a state; where that fails nothing has changed."""
        with readable():
            kept = self._counter.read(state["counter"])
        # An order of the world of before must not arrive in the one that was kept.
        async with self._counter.arriving:
            await self._exchange.load(state, begin)
            self._counter.start_over(kept)
