"""An agent in prod whose terminal is the simulated exchange, for orders that are really relayed.

    python -m bench.remote.desk serve ...

Its market is that of the tests, its clock runs: what a second allows is given back.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from api import server
from api.assembly import Assembly, OpenBackend, open_assembly
from api.cli import run
from quantgraph.config import Config
from tests.api import real


class Running:
    """Implements the tests' `Hand` by the clock of the machine; what is set is where it begins."""

    def __init__(self) -> None:
        self._began, self.seconds = time.monotonic(), 0.0

    def __call__(self) -> float:
        return self.seconds + time.monotonic() - self._began


def serve(seen: Callable[[Any], OpenBackend]) -> None:
    """Run the command line over a terminal of its own; `seen` says how a gateway sees it."""

    @asynccontextmanager
    async def opened(config: Config, log: Any = None) -> AsyncIterator[Assembly]:
        terminal = real.Terminal()
        try:
            async with open_assembly(config, seen(terminal), terminal.clock, log) as assembly:
                yield assembly
        finally:
            await terminal.close()

    real.Hand = Running
    real.SEED = real.SEED.model_copy(update={"cash": Decimal(900_000_000_000)})
    server.open_assembly = opened
    run()


if __name__ == "__main__":
    serve(lambda terminal: terminal.backend)
