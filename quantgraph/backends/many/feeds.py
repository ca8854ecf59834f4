"""Live data of the terminal that is asked now; the way ends where another one is."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Generic, TypeAlias, TypeVar

from quantgraph.backends.lane import Lane
from quantgraph.backends.many.preferred import Preferred
from quantgraph.domain.bars import Period
from quantgraph.domain.depth import DepthWatch, OrderBook, OrderQueues
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.live_bars import FormingBar
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.snapshots import QuoteColumns
from quantgraph.domain.streams import SourceState

T = TypeVar("T")
_Open: TypeAlias = Callable[[Backend], AsyncGenerator[T, None]]


async def followed(preferred: Preferred, open_: _Open[T]) -> AsyncGenerator[T, None]:
    """Yield what the first terminal tells that stands and can, until another one is asked.

    Errors: those of the feed; TERMINAL_OFFLINE where another one is asked from now on, so that
    every reader is told of the gap, as after a cut, and goes on with the state of then.
    """
    way = _Way(preferred, open_)
    preferred.heard.add(way.look)
    carrying = asyncio.get_running_loop().create_task(way.carry())
    try:
        while True:
            yield await way.lane.take()
    finally:
        preferred.heard.discard(way.look)
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)


class _Way(Generic[T]):
    """One follower's items, from the terminal that was the first when it began."""

    def __init__(self, preferred: Preferred, open_: _Open[T]) -> None:
        self.lane = Lane[T]()
        self._preferred, self._open = preferred, open_
        self._present: str | None = None
        # Those that have no such feed.
        self._lacking: set[str] = set()

    async def carry(self) -> None:
        """Lay on the lane what comes, and why nothing more does."""
        error: Exception = Unavailable(Reason.SOURCE_UNAVAILABLE, "The terminal ended the stream.")
        for each in self._preferred.standing():
            self._present = each.name
            try:
                async with aclosing(self._open(each)) as items:
                    async for item in items:
                        self.lane.put(item)
            except GatewayError as found:
                error = found
                if found.reason is Reason.TERMINAL_LACKS:
                    self._lacking.add(each.name)
                    continue
            except Exception as found:  # whoever follows is told, whatever it is
                error = found
            break
        self.lane.end(error)

    def look(self) -> None:
        """End where another terminal is to be asked by now."""
        names = (each.name for each in self._preferred.standing())
        now = next((name for name in names if name not in self._lacking), None)
        if now is not None and self._present not in (None, now):
            text = f"It comes from terminal {now} from now on."
            self.lane.end(Unavailable(Reason.TERMINAL_OFFLINE, text))


class ManyQuotes:
    """Implements `TerminalQuotes`: asked quotes and boards, and the feed."""

    def __init__(self, preferred: Preferred) -> None:
        """Ask whoever is preferred."""
        self._preferred = preferred

    async def quotes(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        """Return the newest quote per symbol; see `ports.Quotes`."""
        return await self._preferred.ask(lambda each: each.quotes.quotes(symbols))

    async def board(self, symbols: Sequence[str], fields: tuple[str, ...]) -> QuoteColumns:
        """Return the newest quotes of those symbols that are quoted, all of one terminal."""
        return await self._preferred.ask(lambda each: each.quotes.board(symbols, fields))

    def follow(self, symbol: str) -> AsyncGenerator[Quote, None]:
        """Yield the present quote, then every new one; see `followed`. Errors: UNKNOWN_SYMBOL."""
        return followed(self._preferred, lambda each: each.quotes.follow(symbol))

    def state(self) -> SourceState:
        """Return how the feed stands that is asked now."""
        return self._preferred.present.quotes.state()


class ManyBars:
    """Implements `BarFeed`."""

    def __init__(self, preferred: Preferred) -> None:
        """Follow whoever is preferred."""
        self._preferred = preferred

    def follow(self, symbol: str, period: Period) -> AsyncGenerator[FormingBar | None, None]:
        """Yield the bar under way at each change; see `followed`. Errors: UNKNOWN_SYMBOL."""
        return followed(self._preferred, lambda each: each.bar_feed.follow(symbol, period))

    def state(self) -> SourceState:
        """Return how the feed stands that is asked now."""
        return self._preferred.present.bar_feed.state()


class ManyDepth:
    """Implements `DepthFeed`."""

    def __init__(self, preferred: Preferred) -> None:
        """Follow whoever is preferred."""
        self._preferred = preferred

    def books(self, watch: DepthWatch) -> AsyncGenerator[OrderBook | None, None]:
        """Yield the book at each change; see `followed`. Errors: as the port's."""
        return followed(self._preferred, lambda each: each.depth_feed.books(watch))

    def queues(self, watch: DepthWatch) -> AsyncGenerator[OrderQueues | None, None]:
        """Yield the queues at each change; see `followed`. Errors: as the port's."""
        return followed(self._preferred, lambda each: each.depth_feed.queues(watch))

    def state(self) -> SourceState:
        """Return how the feed stands that is asked now."""
        return self._preferred.present.depth_feed.state()
