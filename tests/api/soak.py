"""Subscribers that join, leave, stall and are cut; nothing of them may stay behind.

    uv run python -m tests.api.soak --seconds 600

Prints what the gateway held before and after: tasks, upstream subscriptions, readers, memory.
"""

import argparse
import asyncio
import gc
import json
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.api.sockets import INIT, PROTOCOL, complete, subscribe
from tests.conftest import running_gateway

SYMBOLS = ("600519.SH", "000001.SZ", "000858.SZ", "600000.SH")
WAYS = ("complete", "close", "cut", "stall", "error")
ORDERS = 'subscription { orderUpdates(accountId: "sim-1") { kind sequence } }'


@dataclass(frozen=True)
class Held:
    """What a gateway holds for its subscribers; tasks beside those of one reader."""

    tasks: int
    upstreams: int
    readers: int
    memory_mb: float


class Soak:
    """Clients of one gateway. A seed repeats what each of them does, not when."""

    def __init__(self, running, seed: int) -> None:
        self.url = running.addresses.http.replace("http", "ws") + "/graphql"
        self.quotes = running.assembly.quotes
        self.seed = seed
        self.done: Counter[str] = Counter()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.present: set[asyncio.Task[Any]] = set()  # what a gateway with one reader does

    async def run(self, seconds: float, clients: int) -> tuple[Held, Held]:
        """Return what is held before, with one reader, and after all have left."""
        async with connect(self.url, subprotocols=[PROTOCOL], max_queue=None) as first:
            await self.begin(first, Random(0), ["quotes"])
            upstream = next(iter(self.quotes._upstreams.values()))
            self.loop = upstream.task.get_loop()
            self.present = asyncio.all_tasks(self.loop)
            # What is bounded has to be full before it counts, and the first reader must read.
            drained = asyncio.create_task(_drain(first))
            await self._crowd(time.monotonic() + min(seconds / 4, 60), clients)
            before = await self._rest()
            await self._crowd(time.monotonic() + seconds, clients)
            after = await self._rest()
            drained.cancel()
            return before, after

    async def _crowd(self, until: float, clients: int) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(self._live(Random(f"{self.seed} {number}"), until))

    async def _live(self, random: Random, until: float) -> None:
        while time.monotonic() < until:
            way = random.choice(WAYS)
            with suppress(ConnectionClosed, OSError, TimeoutError):
                async with connect(
                    self.url, subprotocols=[PROTOCOL], max_queue=None, close_timeout=1
                ) as client:
                    await self._visit(client, random, way)
            self.done[way] += 1

    async def _visit(self, client: ClientConnection, random: Random, way: str) -> None:
        kinds = random.choices(["quotes", "quotes", "orders"], k=random.randint(1, 3))
        await self.begin(client, random, kinds)
        with suppress(TimeoutError):  # order logs may have nothing to say
            async with asyncio.timeout(random.random()):
                while True:
                    await client.recv()
        match way:
            case "complete":
                await client.send(json.dumps(complete("0")))
            case "cut":
                client.transport.abort()
            case "stall":
                client.transport.pause_reading()
                ping = json.dumps({"type": "ping", "payload": {"x": "x" * 200_000}})
                async with asyncio.timeout(10):  # the gateway hangs up long before
                    while True:
                        await client.send(ping)
            case "error":
                await client.send("[]")
                await client.wait_closed()
            case _:
                pass

    async def begin(self, client: ClientConnection, random: Random, kinds: list[str]) -> None:
        await client.send(json.dumps(INIT))
        await client.recv()
        for number, kind in enumerate(kinds):
            query = ORDERS
            if kind == "quotes":
                some = json.dumps(random.sample(SYMBOLS, random.randint(1, 4)))
                more = random.choice(["", ", minIntervalMs: 100", ", policy: BUFFER"])
                query = f"subscription {{ quotes(symbols: {some}{more}) {{ sequence kind }} }}"
            await client.send(json.dumps(subscribe(str(number), query)))
        await client.recv()

    async def _rest(self) -> Held:
        """Return what is held once all has ended that came with those who have left."""
        assert self.loop is not None
        ended = asyncio.run_coroutine_threadsafe(self._ended(), self.loop)
        tasks = await asyncio.wrap_future(ended)
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return Held(tasks, self.quotes.upstream_count, self._readers(), pages * 4096 / 1e6)

    async def _ended(self) -> int:
        """Wait in the gateway's loop; return how many tasks are left beside those of one reader.

        The gateway's own sleep over and over: tasks of theirs end all the time, and others come.
        """
        mine, late = asyncio.current_task(), set[asyncio.Task[Any]]()
        with suppress(TimeoutError):
            async with asyncio.timeout(20):
                while True:
                    now = asyncio.all_tasks() - {mine}
                    late = now - self.present
                    if len(now) <= len(self.present):
                        return 0
                    await asyncio.wait(late, return_when=asyncio.FIRST_COMPLETED)
        return len(late)

    def _readers(self) -> int:
        return self.quotes._readers


async def _drain(client: ClientConnection) -> None:
    async for _ in client:
        pass


def soak(seconds: float, clients: int, seed: int) -> tuple[Held, Held, Counter[str]]:
    """Live through so many seconds at a gateway of its own."""
    http = {"stall_seconds": 1}
    with tempfile.TemporaryDirectory() as folder, running_gateway(Path(folder), http=http) as it:
        course = Soak(it, seed)
        before, after = asyncio.run(course.run(seconds, clients))
        return before, after, course.done


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.api.soak")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=30)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    before, after, done = soak(options.seconds, options.clients, options.seed)
    print(f"seed {options.seed}: {dict(done)}\nbefore {before}\nafter  {after}")
    same = (before.tasks, before.upstreams, before.readers)
    if same != (after.tasks, after.upstreams, after.readers):
        raise SystemExit("Something of those who left is still there.")
    if after.memory_mb > before.memory_mb * 1.2 + 20:
        raise SystemExit("Memory grew.")


if __name__ == "__main__":
    main()
