"""The order side of the backend: the REAL xttrader.py over the double, at our own exchange."""

import asyncio
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest

from quantgraph.backends.xtquant.accounts import XtAccounts
from quantgraph.backends.xtquant.listener import OrderListener
from quantgraph.backends.xtquant.trader import LinkParts, TraderLink
from quantgraph.backends.xtquant.trading import TradingParts, XtTrading
from quantgraph.domain.orders import Side
from tests.backends.sim.hall import order as make_order
from tests.doubles import native
from tests.doubles.counter import Counter
from tests.doubles.fixtures import counter, double, far_side
from tests.doubles.world import ACCOUNT
from tests.waiting import until

# Fixtures that pytest finds here.
__all__ = ["counter", "double", "far_side"]
SYMBOL = "600519.SH"


@dataclass
class Desk:
    """A link to the double, what hangs on it, and all that its reader was told."""

    counter: Counter
    link: TraderLink
    listener: OrderListener
    trading: XtTrading
    accounts: XtAccounts
    naps: list[float]
    told: list[Any] = field(default_factory=list)
    reader: asyncio.Task[None] | None = None

    def read(self):
        async def read():
            async for event in self.trading.reports():
                self.told.append(event)

        self.reader = asyncio.create_task(read())

    async def heard(self, number):
        """Return the next events once there are so many; more than these are a failure."""
        await until(lambda: len(self.told) >= number)
        told, self.told = self.told, []
        assert len(told) == number, told
        return told

    def hurry(self, seconds=0.05, answer_seconds=0.05):
        """Let deadlines pass soon, once all is connected: on a busy machine that takes its time."""
        self.link._parts = replace(self.link._parts, seconds=seconds)
        self.trading._parts = replace(self.trading._parts, answer_seconds=answer_seconds)

    async def quiet(self):
        """Let all that the counter does and says arrive."""
        await asyncio.to_thread(self.counter.quiet)

    def price(self, side="asks"):
        return str(self.counter.world.price(SYMBOL, side))

    def order(self, tag, price, quantity=100, **more):
        wish = make_order(tag, Side.BUY, quantity, price)
        base = {"account_id": ACCOUNT, "symbol": SYMBOL, "created_at": self.counter.world.now()}
        return replace(wish, **{**base, **more})

    def resting(self, tag="q1resting"):
        return self.order(tag, f"{float(self.price('bids')) - 20:.2f}")


@pytest.fixture
async def open_desk(counter):
    """Make desks; `beat_seconds` an hour, so that nothing is asked that a test did not ask."""
    desks, numbers = [], count(1)

    async def make(kept=100_000, linked=True, read=True, **parts):
        naps = []

        async def nap(seconds):
            naps.append(seconds)
            await asyncio.sleep(0)

        values = {
            "seconds": 20.0,
            "beat_seconds": 3_600.0,
            "numbers": numbers.__next__,
            "sleep": nap,
        }
        module, path = native.sdk("xttrader"), "C:/迅投/userdata_mini"
        link = TraderLink(LinkParts(module, path, **{**values, **parts}))
        world = counter.world
        listener = OrderListener(link, world, kept)
        trading = XtTrading(link, listener, TradingParts(world, 20.0))
        desk = Desk(counter, link, listener, trading, XtAccounts(link), naps)
        desks.append(desk)
        link.start()
        if linked:
            await until(lambda: link.up)
        if linked and read:
            desk.read()
            await until(lambda: desk.told)
            desk.told.clear()
        return desk

    yield make
    for desk in desks:
        desk.listener.close()
        if desk.reader is not None:
            await desk.reader
        await desk.link.close()


@pytest.fixture
async def desk(open_desk):
    return await open_desk()
