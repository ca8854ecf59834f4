"""The keeper of the paper exchange: it writes after changes, together, and tries again."""

import asyncio

import pytest

from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.services.paper import PaperKeeper
from quantgraph.services.workers import Workers


class Exchange:
    def __init__(self):
        self.count, self.faulty = 0, False

    async def dump(self):
        if self.faulty:
            raise RuntimeError("a fault of ours")
        return {"count": self.count}


class Shelf:
    def __init__(self):
        self.written, self.broken = [], False
        self.tried = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    def write(self, state):
        try:
            if self.broken:
                raise Unavailable(Reason.STORE_UNAVAILABLE, "full")
            self.written.append(state["count"])
        finally:  # not before: the test's thread looks at once
            self.loop.call_soon_threadsafe(self.tried.set)

    async def next_try(self):
        await asyncio.wait_for(self.tried.wait(), 5)
        self.tried.clear()


class Naps:
    """Sleeps until the test ends them."""

    def __init__(self):
        self.asked = asyncio.Queue()

    async def __call__(self, seconds):
        done = asyncio.get_running_loop().create_future()
        self.asked.put_nowait((seconds, done))
        await done

    async def end(self):
        seconds, done = await asyncio.wait_for(self.asked.get(), 5)
        done.set_result(None)
        return seconds


@pytest.fixture
async def parts():
    workers = Workers(1, 8)
    exchange, shelf, naps = Exchange(), Shelf(), Naps()
    keeper = PaperKeeper(exchange, shelf, workers)
    keeper.sleep = naps
    keeper.start()
    yield keeper, exchange, shelf, naps
    await keeper.close()
    workers.close()


async def test_changes_of_a_moment_are_written_once(parts):
    keeper, exchange, shelf, naps = parts
    for _ in range(3):
        exchange.count += 1
        keeper.note()
    await naps.end()
    await shelf.next_try()
    assert shelf.written == [3]
    exchange.count += 1
    keeper.note()
    await naps.end()
    await shelf.next_try()
    assert shelf.written == [3, 4]


async def test_what_could_not_be_written_is_written_later(parts):
    keeper, exchange, shelf, naps = parts
    shelf.broken, exchange.count = True, 7
    keeper.note()
    first = await naps.end()
    await shelf.next_try()
    shelf.broken = False
    assert await naps.end() > first
    await naps.end()
    await shelf.next_try()
    assert shelf.written == [7]


async def test_a_fault_does_not_end_the_keeping(parts):
    keeper, exchange, shelf, naps = parts
    exchange.faulty, exchange.count = True, 7
    keeper.note()
    first = await naps.end()
    seconds, again = await asyncio.wait_for(naps.asked.get(), 5)
    assert seconds > first
    exchange.faulty = False
    again.set_result(None)
    await naps.end()
    await shelf.next_try()
    assert shelf.written == [7]
