"""A market that a test tells quote by quote, and a paper exchange that trades by it."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from quantgraph.backends.sim.listing import Listing
from quantgraph.backends.sim.paper import PaperMarket, show_frames
from quantgraph.backends.sim.parts import WorldParts
from quantgraph.backends.sim.terminal import SimTerminal
from quantgraph.backends.sim.wall import PaperClock
from quantgraph.domain.calendar import at, from_ms
from quantgraph.domain.errors import NotFound
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState
from quantgraph.services.wall import WallClock

from .conftest import START, make_calendar
from .hall import instrument

SYMBOL = "600000.SH"
CALENDAR = make_calendar()


def quote(seconds=0.0, *, bids=(("9.99", 500),), asks=(("10.00", 500),), **more) -> Quote:
    levels = [tuple(Level(float(price), size) for price, size in side) for side in (bids, asks)]
    told = {"last_price": 10.0, "open": 10.0, "high": 10.0, "low": 10.0}
    made = Quote(
        symbol=SYMBOL,
        time=at(START, time(10, 0)) + int(seconds * 1_000),
        previous_close=9.9,
        volume=1_000,
        amount=10_000.0,
        bids=levels[0],
        asks=levels[1],
        suspended=False,
        source=Source.TERMINAL,
        **told,
    )
    return replace(made, **more)


@dataclass
class HandClock:
    """A clock that the test moves."""

    time: datetime = field(default_factory=lambda: from_ms(at(START, time(10, 0))))

    def now(self) -> datetime:
        return self.time


class Market:
    """One symbol's feed: quotes come when the test tells them."""

    def __init__(self, clock: HandClock) -> None:
        self.clock, self.newest = clock, quote()
        self.queue: asyncio.Queue[Quote | Exception] = asyncio.Queue()
        self.follows, self.connected = 0, True

    async def quotes(self, symbols):
        known = {SYMBOL: self.newest}
        return [known.get(each) or NotFound(Reason.UNKNOWN_SYMBOL, each) for each in symbols]

    async def follow(self, symbol):
        self.follows += 1
        while True:
            told = await self.queue.get()
            if isinstance(told, Exception):
                raise told
            yield told

    def state(self):
        return SourceState(self.connected, None, None)

    async def instruments(self, symbols):
        return [instrument() if each == SYMBOL else None for each in symbols]


class Quiet:
    async def dividends(self, symbols, period):
        return [() for _ in symbols]


class Desk:
    """A terminal whose exchange matches by a market's quotes."""

    def __init__(self, *accounts, epoch="epoch_1") -> None:
        self.clock = HandClock()
        self.wall = PaperClock(WallClock(self.clock, CALENDAR, epoch))
        self.market = Market(self.clock)
        self.paper = PaperMarket(self.market, self.market, self.wall)
        parts = WorldParts(
            clock=self.wall,
            calendar=CALENDAR,
            dividends=Quiet(),
            listing=Listing(self.market, self.paper, CALENDAR),
            accounts=accounts,
        )
        self.terminal = SimTerminal(parts, self.market)
        self.paper.attend(self._show)
        self.reports = self.terminal.reports()
        self.shown = asyncio.Event()

    async def _show(self, symbol: str) -> None:
        await self.terminal.operate(show_frames, symbol)
        self.shown.set()

    async def tell(self, seconds: float, **more) -> None:
        """Let time pass and a quote come, until the book has taken it."""
        self.clock.time += timedelta(seconds=seconds)
        self.shown.clear()
        now = at(START, time(10, 0))
        offset = self.clock.time.timestamp() - now / 1_000
        self.market.newest = quote(offset, **more)
        self.market.queue.put_nowait(self.market.newest)
        await asyncio.wait_for(self.shown.wait(), 5)

    async def next(self):
        return await asyncio.wait_for(anext(self.reports), 5)

    async def drain(self):
        return [await self.next() for _ in range(self.terminal.driver.reporting.queue.qsize())]

    async def close(self) -> None:
        await self.paper.close()
        await self.terminal.close()
