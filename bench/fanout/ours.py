"""The gateway, whose terminal is a feed of the bench: everything above it is what users get.

python -m bench.fanout.ours PORT FOLDER SYMBOLS [GATHER_MS [graphql|grpc]]
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import structlog

from api.app import build_front
from api.assembly import open_assembly
from api.lobby import lobby_of
from api.server import _http_server, loop_factory
from api.steady import steady
from bench.fanout.feeding import Feeding, codes
from bench.fanout.terminal import Feed
from bench.graphql.dataset import ROOT
from grpc_bridge import lines
from grpc_bridge.lines import CallLine
from grpc_bridge.server import start as start_grpc
from quantgraph.config import Config
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.loading import load_config
from quantgraph.services.quotes import SharedQuotes
from resolvers.root import schema_of


class NotedLine(CallLine):
    """A call whose messages the feed waits for, as it does for the peer's."""

    full: ClassVar[set[CallLine]] = set()

    def write(self, frames: bytes) -> None:
        super().write(frames)
        if self._held:
            NotedLine.full.add(self)

    def _go_on(self) -> None:
        NotedLine.full.discard(self)
        super()._go_on()


def settings(port: int, folder: Path) -> Config:
    """Return the shipped configuration but for ports and, where asked for, gathering."""
    gather, wire = int(([*sys.argv[4:5], "5"])[0]), ([*sys.argv[5:6], "graphql"])[0]
    ports = {"http": port, "grpc": 0} if wire == "graphql" else {"http": 0, "grpc": port}
    return load_config(
        ROOT / "config.toml",
        {
            "data_dir": str(folder),
            "http": {"port": ports["http"], "gather_ms": gather},
            "grpc": {"enabled": wire == "grpc", "port": ports["grpc"], "gather_ms": gather},
            # All sockets are of one key here.
            "limits": {"key_connections": 20_000, "key_subscriptions": 20_000},
        },
    )


@asynccontextmanager
async def answering(config: Config, gateway: Gateway) -> AsyncIterator[None]:
    """Answer on the wire that is measured."""
    if config.grpc.enabled:
        server = await start_grpc(gateway, config.grpc, config.limits)
        yield
        await server.stop(0)
        return
    front = build_front(schema_of(config.mode), gateway, config)
    http = _http_server(config, (front, lobby_of(config.http)), None)
    listener = socket.create_server(("127.0.0.1", config.http.port), backlog=2_048)
    serving = asyncio.create_task(http.serve([listener]))
    yield
    http.should_exit = True
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def main(port: int, folder: Path, symbols: Sequence[str]) -> None:
    config = settings(port, folder)
    feed = Feed()
    shared = SharedQuotes(feed, feed, lambda: "bench")

    def waits() -> bool:
        # Looked up each time: readers come and go.
        upstreams = shared._upstreams.values()  # noqa: SLF001 nothing else knows what waits
        boxes = {box for each in upstreams for box in each.boxes}
        return any(box.state() is None for box in boxes)

    async def told() -> None:
        await asyncio.sleep(0)
        while NotedLine.full or waits():
            await asyncio.sleep(0)

    async with open_assembly(config) as assembly:
        gateway = replace(assembly.gateway, quote_stream=shared, quotes=feed)
        async with answering(config, gateway):
            # As `quantgraph serve` does.
            steady()
            print("listening", flush=True)
            await Feeding(feed.say, told, symbols).run()
            await shared.close()


if __name__ == "__main__":
    # Who asks the feed reads standard output.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    lines.CallLine = NotedLine
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main(int(sys.argv[1]), Path(sys.argv[2]), codes(int(sys.argv[3]))))
