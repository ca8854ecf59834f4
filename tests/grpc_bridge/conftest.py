"""A real server on a free port over the gateway in memory, and a real channel to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from grpc import aio

from grpc_bridge.server import GrpcServer, start
from quantgraph.config import GrpcConfig
from tests.grpc_bridge.world import World

Serve = Callable[..., Awaitable[GrpcServer]]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def serve(world: World) -> AsyncIterator[Serve]:
    """Starts servers over the world; all are stopped at the end."""
    async with AsyncExitStack() as stack:

        async def run(**settings: Any) -> GrpcServer:
            server = await start(world.gateway, GrpcConfig(port=0, **settings))
            stack.push_async_callback(server.stop, 0)
            return server

        yield run


@pytest.fixture
async def channel(serve: Serve) -> AsyncIterator[aio.Channel]:
    server = await serve()
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel
