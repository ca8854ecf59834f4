"""What a paper exchange trades by: the displays of a real market, told as they come."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

import structlog

from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.flow.live import LiveFrames
from quantgraph.backends.sim.keeping import live_in
from quantgraph.backends.sim.moments import MarketClock
from quantgraph.backends.sim.paths import price_scale
from quantgraph.backends.sim.securities import Source
from quantgraph.domain.calendar import day_of
from quantgraph.domain.errors import GatewayError, OrderRefused, Unsupported
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.ports.market import QuoteFeed, Quotes
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport

# A feed that broke is asked for again after so many seconds.
_AGAIN_S = 1.0
Show = Callable[[str], Awaitable[None]]
_logger = structlog.get_logger(__name__)


class RealMarket(Quotes, QuoteFeed, Protocol):
    """Where real quotes come from."""


class PaperMarket:
    """Implements `listing.Sources`: a symbol's day is what its feed tells of it from now on.

    A symbol that was listed once is followed until the day ends. Nothing is matched by a quote of
    another day, nor by the first one: it is what stands there already.
    """

    def __init__(
        self, market: RealMarket, reference: Reference, clock: MarketClock, most: int = 1_000
    ) -> None:
        """Follow nothing yet, and `most` symbols a day."""
        self._market, self._reference, self._clock = market, reference, clock
        self._most = most
        self._followers: dict[str, asyncio.Task[None]] = {}
        self._frames: dict[str, LiveFrames] = {}
        self._day: date | None = None
        self._show: Show | None = None

    def attend(self, show: Show) -> None:
        """Await `show` with the symbol whenever its frames have come to tell more."""
        self._show = show

    async def source(self, symbol: str, day: date) -> Source | None:
        """Return the day of a symbol, None where it is suspended.

        Errors: UNKNOWN_SYMBOL, NOT_QUOTED before its first quote of the day.
        """
        quote, scale = await self._today(symbol, day), await self._scale(symbol)
        if quote.suspended:
            return None
        self._begin(day)
        if symbol not in self._frames and len(self._frames) >= self._most:
            text = f"Orders were placed for {self._most} symbols today, the most that are followed."
            raise OrderRefused(Reason.ORDER_LIMIT, text, limit=self._most)
        frames = self._frames[symbol] = LiveFrames(scale)
        frames.tell(quote, self._clock.moment().ms)
        if symbol not in self._followers:
            follower = self._follow(symbol)
            self._followers[symbol] = asyncio.get_running_loop().create_task(follower)
        previous = Decimal(str(quote.previous_close))
        return Source(previous, frames, frames.so_far)

    async def close(self) -> None:
        """Follow nothing any more."""
        tasks = [*self._followers.values()]
        self._followers.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, day: date) -> None:
        if day != self._day:
            for task in self._followers.values():
                task.cancel()
            self._followers.clear()
            self._frames.clear()
            self._day = day

    async def _today(self, symbol: str, day: date) -> Quote:
        quote = (await self._market.quotes([symbol]))[0]
        if isinstance(quote, GatewayError):
            raise quote
        if day_of(quote.time) != day or quote.previous_close is None:
            text = f"{symbol} has no quote of {day.isoformat()} yet."
            raise Unsupported(Reason.NOT_QUOTED, text, symbol=symbol)
        return quote

    async def _scale(self, symbol: str) -> int:
        found: Sequence[Instrument | None] = await self._reference.instruments([symbol])
        if found[0] is None:
            text = f"The terminal lists no {symbol}."
            raise OrderRefused(Reason.TERMINAL_REFUSED, text, symbol=symbol)
        return price_scale(found[0])

    async def _follow(self, symbol: str) -> None:
        """Show every quote of a symbol until the day ends, however often its feed breaks."""
        day = self._day
        while self._clock.moment().day == day:
            try:
                async with aclosing(self._market.follow(symbol)) as quotes:
                    async for quote in quotes:
                        if self._clock.moment().day != day:
                            return
                        await self._shown(quote)
            except GatewayError as error:
                _logger.warning("paper_feed_lost", symbol=symbol, reason=error.reason.value)
            except Exception:
                # Else the book would stand still until the day ends, and nobody would know why.
                _logger.exception("paper_feed_failed", symbol=symbol)
            await asyncio.sleep(_AGAIN_S)

    async def _shown(self, quote: Quote) -> None:
        now = self._clock.moment()
        frames = self._frames.get(quote.symbol)
        if frames is None or day_of(quote.time) != now.day:
            return
        frames.tell(quote, now.ms)
        if self._show is not None:
            await self._show(quote.symbol)


def kept_for(state: Mapping[str, Any], today: date) -> Mapping[str, Any]:
    """Return a state as it is gone on from on a day: books of an earlier one are closed.

    Its orders are open still, and expire when that day ends. Raises SNAPSHOT_UNUSABLE.
    """
    day, _ = live_in(state)
    if day == today:
        return state
    floor: dict[str, Any] = {**state["floor"], "pits": {}}
    return {**state, "floor": floor, "late": [], "leaving": []}


def show_frames(exchange: Exchange, symbol: str, at: int) -> list[ExecutionReport]:
    """Let a symbol's book take what its frames have come to tell, at an instant (epoch ms)."""
    exchange.dealing.advance(at)
    pit = exchange.dealing.floor.pits.get(symbol)
    if pit is not None:
        pit.heard()
        exchange.dealing.floor.expect(pit)
        exchange.dealing.advance(at)
    return exchange.dealing.tell()
