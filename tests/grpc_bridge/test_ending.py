"""A gRPC server that is asked to stop again, while it stops, ends sooner and in good order."""

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from grpc import aio

from grpc_bridge.ending import Ending

ROUNDS = 150


@asynccontextmanager
async def held() -> AsyncIterator[tuple[Ending, asyncio.Event, aio.UnaryUnaryCall]]:
    """A server that answers one call once it is let go; yields its end, that event, the call."""
    come, go = asyncio.Event(), asyncio.Event()

    async def hold(_request: bytes, _context: object) -> bytes:
        come.set()
        await go.wait()
        return b"whole"

    method = {"Hold": grpc.unary_unary_rpc_method_handler(hold)}
    server = aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Holds", method),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary("/test.Holds/Hold")(b"")
        await come.wait()
        yield Ending(server), go, call


async def rounds(count: int) -> None:
    """Servers with a call under way, asked to stop twice at any distance."""
    chance = random.Random(1)
    loop = asyncio.get_running_loop()
    for _ in range(count):
        async with held() as (ending, _, _):
            first = asyncio.create_task(ending.stop(chance.choice((0.0, 0.0005, 3.0))))
            until = loop.time() + chance.random() / 1000
            while loop.time() < until:
                await asyncio.sleep(0)
            await asyncio.gather(first, ending.stop(0.0))


def test_a_process_that_is_asked_twice_to_stop_lives_on():
    """In a process of its own: what crashes there crashes here."""
    script = f"from {__name__} import *; asyncio.run(rounds(ROUNDS))"
    ran = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr.decode()[-2000:]


async def test_a_call_has_its_time():
    async with held() as (ending, go, call):
        stopping = asyncio.create_task(ending.stop(60))
        asyncio.get_running_loop().call_later(0.02, go.set)
        assert await call == b"whole"
        async with asyncio.timeout(10):
            await stopping


async def test_the_sooner_of_two_times_counts_whichever_comes_first():
    for graces in ((60.0, 0.0), (0.0, 60.0)):
        async with held() as (ending, _, call):
            async with asyncio.timeout(10):
                await asyncio.gather(*map(ending.stop, graces))
            assert await call.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
            await ending.stop(0)


async def test_who_asked_first_may_go_and_the_end_goes_on():
    async with held() as (ending, go, call):
        first = asyncio.create_task(ending.stop(60))
        await asyncio.sleep(0)
        first.cancel()
        go.set()
        assert await call == b"whole"
        async with asyncio.timeout(10):
            await ending.stop(60)
