"""What the simulated exchange's world is made of."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from quantgraph.backends.sim.announced import Announced
from quantgraph.backends.sim.engine.port import Engine
from quantgraph.backends.sim.hall import Rules
from quantgraph.backends.sim.moments import LeashedClock
from quantgraph.backends.sim.securities import Security
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.ports.market import Dividends
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.seeds import SeedAccount


@dataclass(frozen=True, slots=True)
class WorldParts:
    """What the exchange's world is made of.

    `listing` makes the security of a symbol and a day, off the event loop; it raises OrderRefused
    where there is none. `open_orders` per account and `live_symbols` are limits. `engine` runs the
    exchange; None: in this process. `portion_s`: real seconds that anybody works on it at once,
    or waits for others who do, about. `announced` are the events that prices follow.
    """

    clock: LeashedClock
    calendar: TradingCalendar
    dividends: Dividends
    listing: Callable[[str, date], Awaitable[Security]]
    accounts: Sequence[SeedAccount]
    fees: FeeSchedule = field(default_factory=FeeSchedule)
    open_orders: int = 1_000
    live_symbols: int = 500
    engine: Engine | None = None
    announced: Announced = field(default_factory=Announced)
    portion_s: float = 0.05
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def rules(self, epoch: str) -> Rules:
        """Return what the exchange of a world judges by."""
        return Rules(
            calendar=self.calendar,
            fees=self.fees,
            # The end of an epoch's id is random: no two worlds give the same broker order id.
            prefix=f"SIM{epoch[-8:]}",
            open_orders=self.open_orders,
            live_symbols=self.live_symbols,
        )
