"""A real server in a thread of its own, so that the blocking client meets it over loopback."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from grpc_bridge.server import GrpcServer, start
from quantgraph.client import Client, connect
from quantgraph.config import GrpcConfig
from tests.grpc_bridge.world import World


@dataclass
class Running:
    """A served world and the way to its address."""

    world: World
    target: str


@pytest.fixture
def serving() -> Iterator[Callable[[World], Running]]:
    """Serves worlds until the test ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    servers: list[GrpcServer] = []
    worlds: list[World] = []

    def serve(world: World) -> Running:
        begin = start(world.gateway, GrpcConfig(port=0))
        servers.append(asyncio.run_coroutine_threadsafe(begin, loop).result(10))
        worlds.append(world)
        return Running(world, f"127.0.0.1:{servers[-1].port}")

    yield serve
    for server in servers:
        asyncio.run_coroutine_threadsafe(server.stop(0), loop).result(10)
    for world in worlds:
        downloads: Any = world.gateway.downloads
        asyncio.run_coroutine_threadsafe(downloads.close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def running(serving: Callable[[World], Running]) -> Running:
    return serving(World())


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    with connect(running.target) as client:
        yield client
