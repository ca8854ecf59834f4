"""The gateway, whose terminal is a feed of the bench: everything above it is what users get.

python -m bench.fanout.ours PORT FOLDER SYMBOLS [GATHER_MS]
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

from api.app import build_front
from api.assembly import open_assembly
from api.server import _http_server, loop_factory
from bench.fanout.feeding import Feeding, codes
from bench.graphql.dataset import ROOT
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState
from quantgraph.loading import load_config
from quantgraph.services.quotes import SharedQuotes
from resolvers.root import schema_of

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


async def main(port: int, folder: Path, symbols: Sequence[str]) -> None:
    gather = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    http = {"port": port, "gather_ms": gather}
    settings = {"data_dir": str(folder), "http": http, "grpc": {"enabled": False}}
    config = load_config(ROOT / "config.toml", settings)
    feed = Feed()
    shared = SharedQuotes(feed, feed, lambda: "bench")

    async def told() -> None:
        await asyncio.sleep(0)
        upstreams = shared._upstreams.values()  # noqa: SLF001 nothing else knows what waits
        boxes = {box for each in upstreams for box in each.boxes}
        while any(box.state() is None for box in boxes):
            await asyncio.sleep(0)

    async with open_assembly(config) as assembly:
        gateway = replace(assembly.gateway, quote_stream=shared)
        front = build_front(schema_of(config.mode), gateway, config)
        server = _http_server(config, front, None)
        listener = socket.create_server(("127.0.0.1", port), backlog=2_048)
        serving = asyncio.create_task(server.serve([listener]))
        print("listening", flush=True)
        await Feeding(feed.say, told, symbols).run()
        await shared.close()
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main(int(sys.argv[1]), Path(sys.argv[2]), codes(int(sys.argv[3]))))
