"""An agent in prod whose terminal is the simulated exchange, for orders that are really relayed.

    python -m bench.remote.desk serve ...

Its market is that of the tests, its clock runs: what a second allows is given back.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from api import server
from api.assembly import Assembly, open_assembly
from api.cli import run
from quantgraph.config import Config
from tests.api import real


class Running:
    """Implements the tests' `Hand` by the clock of the machine; what is set is where it begins."""

    def __init__(self) -> None:
        self._began, self.seconds = time.monotonic(), 0.0

    def __call__(self) -> float:
        return self.seconds + time.monotonic() - self._began


@asynccontextmanager
async def opened(config: Config, log: Any = None) -> AsyncIterator[Assembly]:
    """Open the gateway over a terminal of its own."""
    terminal = real.Terminal()
    try:
        async with open_assembly(config, terminal.backend, terminal.clock, log) as assembly:
            yield assembly
    finally:
        await terminal.close()


if __name__ == "__main__":
    real.Hand = Running
    real.SEED = real.SEED.model_copy(update={"cash": Decimal(900_000_000_000)})
    server.open_assembly = opened
    run()
