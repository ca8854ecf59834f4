"""Plain Strawberry on uvicorn: a generator per subscriber, as its documentation shows.

python -m bench.fanout.plain PORT FOLDER SYMBOLS
"""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, Sequence

import strawberry
import uvicorn
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig

from bench.fanout.feeding import Feeding, codes
from schema.scalars import SCALARS, Long, Symbol


@strawberry.type
class Quote:
    symbol: Symbol
    last_price: float | None
    volume: Long
    amount: float


@strawberry.type
class QuoteEvent:
    quote: Quote | None


class Hub:
    """A queue per subscriber, newest last."""

    def __init__(self) -> None:
        self.queues: dict[str, set[asyncio.Queue[QuoteEvent]]] = {}
        self.waiting = 0

    def say(self, symbol: str, volume: int) -> None:
        event = QuoteEvent(quote=quote(symbol, volume))
        for queue in self.queues.get(symbol, ()):
            queue.put_nowait(event)
            self.waiting += 1

    async def told(self) -> None:
        await asyncio.sleep(0)
        while self.waiting:
            await asyncio.sleep(0)


class Newest(asyncio.Queue[QuoteEvent]):
    """Keeps the newest event of each symbol."""

    def __init__(self) -> None:
        super().__init__()
        self._newest: dict[str, QuoteEvent] = {}

    def put_nowait(self, item: QuoteEvent) -> None:
        assert item.quote is not None
        self._newest[item.quote.symbol] = item

    def taken(self) -> list[QuoteEvent]:
        events, self._newest = list(self._newest.values()), {}
        return events


def quote(symbol: str, volume: int) -> Quote:
    return Quote(symbol=Symbol(symbol), last_price=10.01, volume=Long(volume), amount=12345.5)


_HUB = Hub()


@strawberry.type
class Query:
    ready: bool = True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def quotes(
        self, symbols: list[Symbol], min_interval_ms: int | None = None
    ) -> AsyncGenerator[QuoteEvent, None]:
        queue: asyncio.Queue[QuoteEvent] = asyncio.Queue() if min_interval_ms is None else Newest()
        try:
            for symbol in symbols:
                _HUB.queues.setdefault(symbol, set()).add(queue)
                yield QuoteEvent(quote=quote(symbol, 1))
            while True:
                if isinstance(queue, Newest):
                    await asyncio.sleep((min_interval_ms or 0) / 1000)
                    for event in queue.taken():
                        yield event
                    continue
                event = await queue.get()
                _HUB.waiting -= 1
                yield event
        finally:
            for symbol in symbols:
                _HUB.queues[symbol].discard(queue)


async def main(port: int, symbols: Sequence[str]) -> None:
    schema = strawberry.Schema(
        Query, subscription=Subscription, config=StrawberryConfig(scalar_map=SCALARS)
    )
    app = GraphQL(schema)
    settings = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="error",
        lifespan="off",
    )
    server = uvicorn.Server(settings)
    listener = socket.create_server(("127.0.0.1", port), backlog=2_048)
    serving = asyncio.create_task(server.serve([listener]))
    print("listening", flush=True)
    await Feeding(_HUB.say, _HUB.told, symbols).run()
    server.should_exit = server.force_exit = True
    await serving


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1]), codes(int(sys.argv[3]))))
