"""Calls that watch the same quotes: read and written once, and each takes them at its own pace."""

import asyncio

import pytest

from grpc_bridge.lines import tell
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.members import Wish
from quantgraph.domain.streams import QuoteWatch
from quantgraph.services.broadcast import Broadcast
from quantgraph.services.quotes import SharedQuotes
from quantgraph.v1 import quotes_pb2
from quantgraph.wire.quote_bytes import QuoteBytes
from tests.api.lines import A, B, Feed
from tests.waiting import settled, until


class Call:
    """A call as its server sees it: a message is out once the client has read it."""

    def __init__(self, stage, symbols):
        self.coming = None
        wish = Wish(stage.texts, QuoteWatch(symbols), None)
        self.task = asyncio.create_task(tell(stage.broadcast, wish, self))

    async def write(self, message):
        assert self.coming is None
        self.coming = message, asyncio.get_running_loop().create_future()
        await self.coming[1]

    async def next(self):
        """Read a message."""
        await until(lambda: self.coming)
        (message, out), self.coming = self.coming, None
        out.set_result(None)
        await settled()
        return message


class Stage:
    """Quotes that a test says, and calls that watch them."""

    def __init__(self) -> None:
        self.feed = Feed()
        self.shared = SharedQuotes(self.feed, self.feed, lambda: "e1")
        self.broadcast = Broadcast(self.shared, 0)
        self.texts = QuoteBytes()
        self.calls = []

    async def watch(self, *symbols):
        """Return a call whose first message is on its way."""
        call = Call(self, symbols)
        self.calls.append(call)
        await until(lambda: call.coming)
        return call

    async def say(self, symbol, *times):
        for time in times:
            self.feed.say(symbol, time)
            await asyncio.sleep(0)
            await settled()
            await until(lambda: not self.broadcast.busy)

    async def close(self):
        for call in self.calls:
            call.task.cancel()
        await asyncio.gather(*(call.task for call in self.calls), return_exceptions=True)
        await self.shared.close()


def read(message):
    """Return the events of a message as (symbol, sequence, conflated)."""
    events = quotes_pb2.WatchQuotesResponse.FromString(message).events
    return [(each.quote.symbol, each.sequence, each.conflated_count) for each in events]


@pytest.fixture
async def stage():
    stage = Stage()
    yield stage
    await stage.close()


async def test_calls_in_step_are_one_reader_and_get_the_same_bytes(stage):
    calls = [await stage.watch(A, B) for _ in range(3)]
    for call in calls:
        await call.next()
    await stage.say(B, 1)
    messages = [await call.next() for call in calls]
    assert stage.broadcast.cohort_count == 1
    assert read(messages[0]) == [(B, 1, 0)]
    assert all(message is messages[0] for message in messages)


async def test_what_comes_while_a_call_writes_is_one_message(stage):
    call = await stage.watch(A)
    await stage.say(A, 1, 2)
    assert read(await call.next()) == [(A, 0, 0)]
    assert read(await call.next()) == [(A, 1, 0), (A, 2, 0)]
    assert call.coming is None


async def test_who_holds_too_much_is_told_the_newest_and_holds_nobody_up(stage, monkeypatch):
    monkeypatch.setattr("grpc_bridge.lines.HELD_BYTES", 10)
    slow, quick = await stage.watch(A), await stage.watch(A)
    await quick.next()
    seen = []
    for time in range(1, 5):
        await stage.say(A, time)
        seen += read(await quick.next())
    assert seen == [(A, number, 0) for number in range(1, 5)]
    told = [read(await slow.next()) for _ in range(2)]
    assert told == [[(A, 0, 0)], [(A, 1, 0)]]
    await until(lambda: not stage.broadcast.busy)
    assert read(await slow.next()) == [(A, 4, 2)]
    await stage.say(A, 5)
    assert read(await slow.next()) == read(await quick.next()) == [(A, 5, 0)]
    assert stage.broadcast.cohort_count == 1


async def test_what_waits_is_told_before_what_ended_the_stream(stage):
    call = await stage.watch(A)
    await stage.say(A, 1)
    await stage.shared.close()
    await settled()
    assert read(await call.next()) == [(A, 0, 0)]
    assert not call.task.done()
    assert read(await call.next()) == [(A, 1, 0)]
    with pytest.raises(Unavailable):
        await call.task
    assert stage.broadcast.cohort_count == 0


async def test_a_call_that_is_left_reads_no_more(stage):
    call = await stage.watch(A)
    other = await stage.watch(A)
    await stage.say(A, 1)  # waits for the snapshot to be out
    call.task.cancel()
    await until(call.task.done)
    assert stage.broadcast.cohort_count == 1
    await call.next()
    assert call.coming is None
    assert read(await other.next()) == [(A, 0, 0)]


async def test_a_client_that_is_gone_ends_its_call(stage):
    call = await stage.watch(A)
    await stage.say(A, 1)
    call.coming[1].set_exception(ConnectionError("gone"))
    await until(call.task.done)
    assert call.task.cancelled()
    assert stage.broadcast.cohort_count == 0
