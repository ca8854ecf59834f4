"""What a simulated terminal over a stage's market is made of."""

import asyncio
from collections.abc import Sequence

from quantgraph.backends.sim.listing import Listing
from quantgraph.backends.sim.parts import WorldParts
from quantgraph.seeds import SeedAccount

from .conftest import Stage


def world(
    stage: Stage, accounts: Sequence[SeedAccount], sleep=asyncio.sleep, portion_s: float = 60.0
) -> WorldParts:
    """Make the parts; however long a test takes, its books keep up unless it says otherwise."""
    market = stage.market
    return WorldParts(
        clock=stage.clock,
        calendar=stage.calendar,
        dividends=market,
        listing=Listing(market, market, stage.calendar),
        accounts=accounts,
        portion_s=portion_s,
        announced=market.announced,
        sleep=sleep,
    )
