"""The same rpc as examples show it: a queue and a generator per client, a message per quote.

python -m bench.fanout.plain_grpc PORT FOLDER SYMBOLS
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence

import uvloop
from grpc import aio

from bench.fanout.feeding import Feeding, codes
from bench.fanout.terminal import quote
from quantgraph.domain.streams import QuoteEvent, StreamKind
from quantgraph.v1 import quotes_pb2
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceServicer, add_QuoteServiceServicer_to_server
from quantgraph.wire.quotes import event_to_proto


class Hub:
    """A queue per subscriber, newest last."""

    def __init__(self) -> None:
        self.queues: dict[str, set[asyncio.Queue[quotes_pb2.QuoteEvent]]] = {}
        self.waiting = 0
        self._numbers: dict[str, int] = {}

    def say(self, symbol: str, volume: int) -> None:
        number = self._numbers[symbol] = self._numbers.get(symbol, 0) + 1
        event = said(symbol, volume, number)
        for queue in self.queues.get(symbol, ()):
            queue.put_nowait(event)
            self.waiting += 1

    async def told(self) -> None:
        await asyncio.sleep(0)
        while self.waiting:
            await asyncio.sleep(0)


_HUB = Hub()


def said(symbol: str, volume: int, number: int) -> quotes_pb2.QuoteEvent:
    """Return what the gateway tells of the same feed."""
    event = QuoteEvent(StreamKind.UPDATE, "bench", quote(symbol, volume), number, number - 1, 0)
    return event_to_proto(event)


class Servicer(QuoteServiceServicer):
    async def WatchQuotes(  # noqa: N802 named by the contract
        self, request: quotes_pb2.WatchQuotesRequest, context: object
    ) -> AsyncGenerator[quotes_pb2.WatchQuotesResponse, None]:
        queue: asyncio.Queue[quotes_pb2.QuoteEvent] = asyncio.Queue()
        symbols = request.symbols.symbols
        try:
            for symbol in symbols:
                _HUB.queues.setdefault(symbol, set()).add(queue)
                yield quotes_pb2.WatchQuotesResponse(events=[said(symbol, 1, 0)])
            while True:
                event = await queue.get()
                _HUB.waiting -= 1
                yield quotes_pb2.WatchQuotesResponse(events=[event])
        finally:
            for symbol in symbols:
                _HUB.queues[symbol].discard(queue)


async def main(port: int, symbols: Sequence[str]) -> None:
    server = aio.server()
    add_QuoteServiceServicer_to_server(Servicer(), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    print("listening", flush=True)
    await Feeding(_HUB.say, _HUB.told, symbols).run()
    await server.stop(None)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), codes(int(sys.argv[3]))))
