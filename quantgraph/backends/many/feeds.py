"""Live data of the terminal that is asked now; the way ends where another one is."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import NoReturn, TypeAlias, TypeVar

from quantgraph.backends.lane import Lane
from quantgraph.backends.many.preferred import Preferred
from quantgraph.domain.bars import Period
from quantgraph.domain.depth import DepthWatch, OrderBook, OrderQueues
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.feeds import listening
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

    Errors as of `_Way.hear`.
    """
    lane = Lane[T]()

    async def lay(terminal: Backend) -> None:
        async with aclosing(open_(terminal)) as items:
            async for item in items:
                lane.put(item)

    async def carry() -> None:
        try:
            await _Way(preferred).hear(lay)
        except Exception as error:  # whoever follows is told, whatever it is
            lane.end(error)

    carrying = asyncio.get_running_loop().create_task(carry())
    try:
        while True:
            yield await lane.take()
    finally:
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)


class _Way:
    """The way of something live, from the terminal that is the first when it is begun."""

    def __init__(self, preferred: Preferred) -> None:
        self._preferred = preferred
        self._present: str | None = None
        # Those that have no such feed.
        self._lacking: set[str] = set()
        self._next = ""
        # Ends the hearing, in the task that hears: many symbols need no task each.
        self._turn = asyncio.timeout(None)

    async def hear(self, hear: Callable[[Backend], Awaitable[None]]) -> NoReturn:
        """Hear the first terminal that stands and can.

        Errors: those of the feed; TERMINAL_OFFLINE where another one is asked from now on, so that
        every reader is told of the gap, as after a cut, and goes on with the state of then.
        """
        self._preferred.heard.add(self._look)
        try:
            async with self._turn:
                await self._first(hear)
        except TimeoutError:
            if not self._turn.expired():
                raise
            text = f"It comes from terminal {self._next} from now on."
            raise Unavailable(Reason.TERMINAL_OFFLINE, text) from None
        finally:
            self._preferred.heard.discard(self._look)
        raise Unavailable(Reason.SOURCE_UNAVAILABLE, "The terminal ended the stream.")

    async def _first(self, hear: Callable[[Backend], Awaitable[None]]) -> None:
        refused: list[GatewayError] = []
        for each in self._preferred.standing():
            self._present = each.name
            try:
                return await hear(each)
            except GatewayError as found:
                if found.reason is not Reason.TERMINAL_LACKS:
                    raise
                self._lacking.add(each.name)
                refused.append(found)
        raise refused[-1]

    def _look(self, standing: Sequence[Backend]) -> None:
        """End where another terminal is to be asked by now."""
        now = next((each.name for each in standing if each.name not in self._lacking), None)
        if not self._next and now is not None and self._present not in (None, now):
            self._next = now
            self._turn.reschedule(asyncio.get_running_loop().time())


class ManyQuotes:
    """Implements `TerminalQuotes` and `ToldQuotes`: asked quotes and boards, and the feed."""

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

    def listen(self, symbol: str, told: Callable[[Quote], None]) -> Awaitable[None]:
        """Have `told` called with what `follow` yields; see `ports.ToldQuotes`."""
        return _Way(self._preferred).hear(lambda each: listening(each.quotes)(symbol, told))

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
