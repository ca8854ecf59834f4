"""The feed of the bench as the gateway's terminal."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState

_LEVELS = tuple(Level(10.0 + number, 100) for number in range(5))


def quote(symbol: str, volume: int) -> Quote:
    prices = (10.01, 10.0, 10.2, 9.9, 10.0)
    time = 1_700_000_000_000
    return Quote(symbol, time, *prices, volume, 12345.5, _LEVELS, _LEVELS, False, Source.SIMULATED)


class Lane:
    """What is said of one symbol and not taken yet."""

    def __init__(self) -> None:
        self.quotes: list[Quote] = []
        self.waiting: asyncio.Future[None] | None = None

    def put(self, quote: Quote) -> None:
        self.quotes.append(quote)
        if self.waiting is not None:
            self.waiting.set_result(None)
            self.waiting = None


class Feed:
    """Implements `QuoteFeed` and `Quotes`."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}

    def say(self, symbol: str, volume: int) -> None:
        lane = self._lanes.get(symbol)
        if lane is not None:
            lane.put(quote(symbol, volume))

    async def quotes(self, symbols: Sequence[str]) -> Sequence[Quote]:
        return [quote(symbol, 1) for symbol in symbols]

    async def follow(self, symbol: str) -> AsyncIterator[Quote]:
        lane, loop = Lane(), asyncio.get_running_loop()
        self._lanes[symbol] = lane
        try:
            while True:
                quotes, lane.quotes = lane.quotes, []
                for each in quotes:
                    yield each
                if not lane.quotes:
                    lane.waiting = loop.create_future()
                    await lane.waiting
        finally:
            self._lanes.pop(symbol, None)

    def state(self) -> SourceState:
        return SourceState(connected=True, last_event_time=None, lag_ms=None)
