"""The simulated exchange as a process of its own: `python -m api.child`, begun by the gateway.

Its input and output are the gateway's pipes; it ends when they do. Prices are made here, from the
same store, read only, so that orders, reports and screens are all that travels.
"""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

from api.imported import StoreListings
from api.replays import WorldPlan
from quantgraph.backends.sim.engine.child import Clerk, Lister
from quantgraph.backends.sim.engine.messages import HEAD, Quoted, size, unpack
from quantgraph.backends.sim.engine.standing import StandingClock
from quantgraph.backends.sim.listing import make_security
from quantgraph.backends.sim.market import MarketParts
from quantgraph.backends.sim.paths import World
from quantgraph.backends.sim.replayed import ReplayedMarket
from quantgraph.backends.sim.securities import Security
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.store.market import MarketStore

P = ParamSpec("P")
R = TypeVar("R")
# By 5 ms, as it is by itself, a call waits as long for the thread that moves the order books.
_SWITCH_S = 0.000_5
_NICE = 5
# Everything a book is made of is given back by counting references, nothing goes round in circles
# (a test says so): the collector, left as it is, reads through thousands of books to find nothing.
# What errors leave behind is still found, 50,000 objects late at most.
_COLLECTED = (50_000, 20, 50)
COMMAND: Sequence[str] = (sys.executable, "-m", "api.child")


@dataclass(frozen=True, slots=True)
class Setup:
    """What the prices of the gateway's world hang on."""

    folder: Path
    seed: int
    calendar: TradingCalendar
    plan: WorldPlan
    interval_ms: int


class _Here:
    """Implements `feed.Runner`: nobody else waits in this process."""

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run blocking work at once."""
        return work(*args, **kwargs)


def open_market(setup: Setup, clock: StandingClock) -> ReplayedMarket:
    """Return the market of the store's prices."""
    store, start = MarketStore(setup.folder), setup.plan.start
    world = World(setup.seed, setup.calendar, start, StoreListings(store, start))
    parts = MarketParts(clock, _Here(), setup.interval_ms)
    return ReplayedMarket(world, parts, setup.plan.recordings(store))


def open_lister(setup: Setup) -> Lister:
    """Return what makes securities from the store's prices."""
    clock = StandingClock(setup.plan.start)
    market, loop = open_market(setup, clock), asyncio.Runner()

    def lister(quoted: Quoted, day: date) -> Security:
        clock.day = day
        market.announced.put(quoted.instrument.symbol, quoted.announced)
        return loop.run(make_security(quoted.instrument, day, market, setup.calendar))

    return lister


def main() -> None:
    """Serve until the gateway is gone."""
    _give_way()
    # Ctrl-C reaches the whole group: the gateway ends first, and tells by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, sink = _pipes()
    setup = unpack(source.read(size(source.read(HEAD))))
    collect_seldom()
    Clerk(open_lister(setup), (source, sink)).serve()
    # The reading thread may still stand in its read: nothing is left to be done in order.
    os._exit(0)


def collect_seldom() -> None:
    """Let the collector leave alone what the start made, and look at the rest now and then."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED)


def _give_way() -> None:
    """Let the gateway go first where cores are scarce, and the thread that reads its calls here."""
    sys.setswitchinterval(_SWITCH_S)
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_NICE)


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take both pipes away from whoever would print into them."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return source, sink


if __name__ == "__main__":
    main()
