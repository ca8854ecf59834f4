"""What a simulated terminal over a stage's market is made of."""

import asyncio
from collections.abc import Sequence

from quantgraph.backends.sim.driver import WorldParts
from quantgraph.backends.sim.listing import Listing
from quantgraph.config import SeedAccount

from .conftest import Stage


def world(stage: Stage, accounts: Sequence[SeedAccount], sleep=asyncio.sleep) -> WorldParts:
    market = stage.market
    return WorldParts(
        clock=stage.clock,
        calendar=stage.calendar,
        dividends=market,
        listing=Listing(market, market, stage.calendar),
        accounts=accounts,
        sleep=sleep,
    )
