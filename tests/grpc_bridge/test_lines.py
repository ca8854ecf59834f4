"""Calls that watch the same quotes: read and written once, and each takes them at its own pace."""

import asyncio

import pytest

from grpc_bridge.lines import told
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.members import Wish
from quantgraph.domain.streams import QuoteWatch
from quantgraph.services.broadcast import Broadcast
from quantgraph.services.quotes import SharedQuotes
from quantgraph.v1 import quotes_pb2
from quantgraph.wire.quote_bytes import QuoteBytes
from tests.api.lines import A, B, Feed
from tests.waiting import settled, until


class Stage:
    """Quotes that a test says, and calls that watch them."""

    def __init__(self) -> None:
        self.feed = Feed()
        self.shared = SharedQuotes(self.feed, self.feed, lambda: "e1")
        self.broadcast = Broadcast(self.shared, 0)
        self.texts = QuoteBytes()
        self.calls = []

    async def watch(self, *symbols):
        """Return a call, and what it was told first."""
        call = told(self.broadcast, Wish(self.texts, QuoteWatch(symbols), None))
        self.calls.append(call)
        return call, read(await anext(call))

    async def say(self, symbol, *times):
        for time in times:
            self.feed.say(symbol, time)
            await asyncio.sleep(0)
            await settled()
            await until(lambda: not self.broadcast.busy)

    async def close(self):
        for call in self.calls:
            await call.aclose()
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
    calls = [(await stage.watch(A, B))[0] for _ in range(3)]
    waiting = [asyncio.ensure_future(anext(call)) for call in calls]
    await stage.say(B, 1)
    messages = await asyncio.gather(*waiting)
    assert stage.broadcast.cohort_count == 1
    assert read(messages[0]) == [(B, 1, 0)]
    assert all(message is messages[0] for message in messages)


async def test_what_comes_while_a_call_writes_is_one_message(stage):
    call, first = await stage.watch(A)
    assert first == [(A, 0, 0)]
    await stage.say(A, 1, 2)
    assert read(await anext(call)) == [(A, 1, 0), (A, 2, 0)]


async def test_who_holds_too_much_is_told_the_newest_and_holds_nobody_up(stage, monkeypatch):
    monkeypatch.setattr("quantgraph.domain.held._HELD", 10)
    slow, _ = await stage.watch(A)
    quick, _ = await stage.watch(A)
    seen = []
    for time in range(1, 5):
        await stage.say(A, time)
        seen += read(await anext(quick))
    assert seen == [(A, number, 0) for number in range(1, 5)]
    assert read(await anext(slow)) == [(A, 1, 0)]
    assert read(await anext(slow)) == [(A, 4, 2)]
    await stage.say(A, 5)
    assert read(await anext(slow)) == read(await anext(quick)) == [(A, 5, 0)]
    assert stage.broadcast.cohort_count == 1


async def test_what_waits_is_told_before_what_ended_the_stream(stage):
    call, _ = await stage.watch(A)
    await stage.say(A, 1)
    await stage.shared.close()
    await settled()
    assert read(await anext(call)) == [(A, 1, 0)]
    with pytest.raises(Unavailable):
        await anext(call)
    assert stage.broadcast.cohort_count == 0


async def test_a_call_that_is_left_reads_no_more(stage):
    call, _ = await stage.watch(A)
    await call.aclose()
    assert stage.broadcast.cohort_count == 0
