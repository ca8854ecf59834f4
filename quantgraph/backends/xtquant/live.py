"""The terminal's live feed: what is followed is subscribed, and again after every loss."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from quantgraph.backends.link import Link, Patience
from quantgraph.backends.xtquant.codes import from_vendor, to_vendor
from quantgraph.backends.xtquant.data import Data, DataClient
from quantgraph.backends.xtquant.deep_feed import DeepLanes
from quantgraph.backends.xtquant.inbox import Inbox, Key, Row
from quantgraph.backends.xtquant.lanes import Lane, Lanes
from quantgraph.backends.xtquant.minutes import read_minute
from quantgraph.backends.xtquant.quotes import read_quote
from quantgraph.backends.xtquant.registry import MINUTE, SINGLES, TICK, Registry
from quantgraph.domain.calendar import to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError, LimitReached
from quantgraph.domain.live_bars import Bar
from quantgraph.domain.ports.market import Quotes
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import SourceState

_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FeedParts:
    """What the feed is made of; `quotes` gives the present state to whoever begins to follow."""

    client: DataClient
    quotes: Quotes
    clock: Clock
    patience: Patience | None = None


class TerminalFeed:
    """Implements `QuoteFeed`: to each follower the present quote at once, then every new one.

    Pushes of one symbol may come out of order, from eight threads: an older one is dropped. While
    the terminal is away followers wait; then the present state comes first.
    """

    def __init__(self, parts: FeedParts) -> None:
        """Start nothing: made on the loop that it serves."""
        self._parts = parts
        self._inbox = Inbox(asyncio.get_running_loop(), self._take)
        self._registry = Registry(self.push)
        self.link = Link(self._renew, parts.clock, parts.patience)
        self._quotes = Lanes[Quote](self._stir)
        self._minutes = Lanes[Bar](self._stir)
        self.deep = DeepLanes(self._stir)
        self._auctions: dict[str, Bar] = {}
        self._last: int | None = None
        # What the terminal says of itself; None where it says nothing.
        self.edition: str | None = None
        self._wanted: set[str] = set()
        self._asking: asyncio.Task[dict[str, Quote | GatewayError]] | None = None
        self._stirring: asyncio.Task[object] | None = None

    async def follow(self, symbol: str) -> AsyncGenerator[Quote, None]:
        """Yield every new quote until closed. Errors: UNKNOWN_SYMBOL."""
        self.link.start()
        key = (to_vendor(symbol), TICK)
        lane = self._quotes.join(key)
        try:
            quote = await self._present(symbol)
            yield quote
            while True:
                newer = await lane.take()
                # Eight threads push, and one may overtake another; the same comes twice as well.
                if newer.time >= quote.time and newer != quote:
                    quote = newer
                    yield quote
        finally:
            self._quotes.leave(key, lane)

    def push(self, period: str, told: Mapping[str, Any]) -> None:
        """Take what the terminal pushes: rows by code. From any thread; never waits."""
        self._inbox.put(period, told)

    def join_minutes(self, symbol: str) -> Lane[Bar]:
        """Follow the minute under way as the terminal pushes it. Errors: SUBSCRIPTION_LIMIT."""
        key = (to_vendor(symbol), MINUTE)
        if key not in self._minutes.keys and len(self._minutes.keys) >= SINGLES:
            text = f"The terminal pushes minutes of {SINGLES} symbols at once, and no more."
            raise LimitReached(Reason.SUBSCRIPTION_LIMIT, text)
        self.link.start()
        return self._minutes.join(key)

    def leave_minutes(self, symbol: str, lane: Lane[Bar]) -> None:
        """Follow them no more."""
        self._minutes.leave((to_vendor(symbol), MINUTE), lane)

    def state(self) -> SourceState:
        """Return whether the terminal is connected, and when it last gave a quote."""
        now = to_ms(self._parts.clock.now())
        lag = None if self._last is None else max(now - self._last, 0)
        return SourceState(self.link.state.connected, self._last, lag)

    @property
    def overrun(self) -> int:
        """Rows that newer ones took the place of before the loop came to them."""
        return self._inbox.overrun

    async def close(self) -> None:
        """End the connection's care and what is under way."""
        tasks = [task for task in (self._stirring, self._asking) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self.link.close()

    def _take(self, key: Key, row: Row) -> None:
        """Take a pushed row on the loop."""
        code, period = key
        symbol = from_vendor(code)
        if symbol is None:
            return
        if period not in (TICK, MINUTE):
            self.deep.put(key, row)
            return
        if period == MINUTE:
            minute = read_minute(symbol, row, self._auctions)
            if minute is not None:
                self._minutes.put(key, minute)
            return
        quote = read_quote(symbol, row)
        if quote is not None:
            self._publish(quote)

    def _publish(self, quote: Quote) -> None:
        self._last = max(self._last or 0, quote.time)
        self._quotes.put((to_vendor(quote.symbol), TICK), quote)

    async def _renew(self) -> None:
        fresh = await self._parts.client.run(self._sync, self._followed)
        self.deep.refuse(self._registry.refused)
        if fresh:
            self.edition = await self._told_edition()
            await self._catch_up()

    async def _told_edition(self) -> str | None:
        try:
            return await self._parts.client.edition() or None
        except Exception as error:
            # Whatever it says of itself, it gives quotes: it is connected.
            _logger.info("terminal_edition_untold", error=type(error).__name__)
            return None

    def _sync(self, data: Data, wanted: frozenset[Key]) -> bool:
        return self._registry.sync(data, wanted)

    async def _catch_up(self) -> None:
        """Tell every follower how things stand: nothing was pushed while the terminal was away."""
        symbols = [s for code, _ in sorted(self._quotes.keys) if (s := from_vendor(code))]
        if symbols:
            for quote in await self._parts.quotes.quotes(symbols):
                if isinstance(quote, Quote):
                    self._publish(quote)

    def _stir(self) -> None:
        """Have the subscriptions follow what is followed: once for all that changes in one turn."""
        if self._stirring is None or self._stirring.done():
            self._stirring = asyncio.get_running_loop().create_task(self._settle())

    @property
    def _followed(self) -> frozenset[Key]:
        return self._quotes.keys | self._minutes.keys | self.deep.keys

    async def settled(self) -> None:
        """Return once the terminal has been asked for all that is followed now, or was away."""
        if self._stirring is not None:
            await asyncio.wait([self._stirring])

    async def _settle(self) -> None:
        while True:
            before = self._followed
            # Where it fails the link has noticed, and tries again by itself.
            await self.link.look()
            if self._followed == before:
                return

    async def _present(self, symbol: str) -> Quote:
        """Return the present quote, asked for together with all that are asked for now."""
        self._wanted.add(symbol)
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask())
        found = (await asyncio.shield(self._asking))[symbol]
        if isinstance(found, GatewayError):
            raise found
        return found

    async def _ask(self) -> dict[str, Quote | GatewayError]:
        # Begins after everybody who is ready to run has asked.
        symbols, self._wanted, self._asking = sorted(self._wanted), set(), None
        found: Sequence[Quote | GatewayError] = await self._parts.quotes.quotes(symbols)
        return dict(zip(symbols, found, strict=True))
