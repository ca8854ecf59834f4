"""Shared quotes: a reader is told why its stream ends, wherever in it the end comes."""

import asyncio

import pytest

from quantgraph.domain.errors import EpochChanged, NotFound, Unavailable, unknown_symbol
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import QuoteWatch, SourceState, StreamKind
from quantgraph.services.quotes import SharedQuotes

A, B = "600519.SH", "000001.SZ"


def quote(symbol, time=1):
    return Quote(symbol, time, 1.0, 1, 1, 1, 1, 0, 0.0, (), (), False, Source.SIMULATED)


class Feed:
    """A feed and its first quotes; a test says when it breaks, and holds snapshots back."""

    def __init__(self):
        self.broken = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def quotes(self, symbols):
        await self.open.wait()
        return [quote(symbol) for symbol in symbols]

    async def follow(self, symbol):
        yield quote(symbol, 2)
        await self.broken.wait()

    def state(self):
        return SourceState(connected=True, last_event_time=None, lag_ms=None)


@pytest.fixture
async def feed():
    return Feed()


@pytest.fixture
async def shared(feed):
    shared = SharedQuotes(feed, feed, lambda: "e1")
    yield shared
    await shared.close()


async def test_a_reader_inside_its_snapshots_is_told_that_the_gateway_stops(shared):
    events = shared.watch(QuoteWatch((A, B)))
    assert (await anext(events)).kind is StreamKind.SNAPSHOT
    await shared.close()
    with pytest.raises(Unavailable) as caught:
        await anext(events)
    assert caught.value.reason is Reason.SHUTTING_DOWN


async def test_a_reader_inside_its_snapshots_is_told_of_a_new_epoch(shared):
    events = shared.watch(QuoteWatch((A, B)))
    await anext(events)
    await shared.start_over()
    # Another reader's upstream of the new epoch is not this one's.
    other = shared.watch(QuoteWatch((B,)))
    await anext(other)
    with pytest.raises(EpochChanged):
        await anext(events)
    assert (await anext(other)).kind is StreamKind.UPDATE


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr("quantgraph.services.quotes.RETRY_S", 0.001)


async def test_a_lost_source_is_told_at_once_and_taken_up_again(shared, feed, hasty):
    events = shared.watch(QuoteWatch((A,)))
    other = await shared.tap(QuoteWatch((B,)), lambda _: None)
    assert (await anext(events)).kind is StreamKind.SNAPSHOT
    assert (await anext(events)).kind is StreamKind.UPDATE
    feed.broken.set()
    lost = await anext(events)
    assert (lost.kind, lost.source.connected) == (StreamKind.HEARTBEAT, False)
    assert [each.kind for each in other.due(9)][-1] is StreamKind.HEARTBEAT
    feed.broken.clear()
    back = await anext(events)
    assert (back.kind, back.previous_sequence) == (StreamKind.UPDATE, 1)
    await events.aclose()
    other.close()


async def test_one_lost_symbol_is_a_lost_source_for_its_readers_alone(shared, feed, hasty):
    async def follow(symbol):
        if symbol == B:
            raise OSError("the terminal hangs up")
        yield quote(symbol, 2)
        await feed.broken.wait()

    feed.follow = follow
    well, ill = shared.watch(QuoteWatch((A,))), shared.watch(QuoteWatch((A, B)))
    for events in (well, ill):
        await anext(events)
    told = [await anext(ill) for _ in range(3)]
    assert [each.source.connected for each in told if each.source is not None] == [False]
    assert (await anext(well)).kind is StreamKind.UPDATE
    states = {
        box.watch.symbols: shared.beat(box, "e1").source.connected
        for box in shared._upstreams[A].boxes
    }
    assert states == {(A,): True, (A, B): False}


async def test_a_symbol_that_is_no_more_ends_its_streams(shared, feed):
    async def follow(symbol):
        raise unknown_symbol(symbol)
        yield

    feed.follow = follow
    events = shared.watch(QuoteWatch((A,)))
    await anext(events)
    with pytest.raises(NotFound):
        await anext(events)
    assert shared.upstream_count == 0


@pytest.mark.parametrize("turns", range(4))
async def test_whoever_comes_while_the_gateway_stops_is_told_so(shared, feed, turns):
    await anext(shared.watch(QuoteWatch((A,))))
    feed.open.clear()
    coming = asyncio.ensure_future(anext(shared.watch(QuoteWatch((A, B)))))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(shared.close())
    for _ in range(turns):
        await asyncio.sleep(0)
    feed.open.set()
    with pytest.raises(Unavailable) as caught:
        await coming
    assert caught.value.reason is Reason.SHUTTING_DOWN
    await closing
    assert shared.upstream_count == 0


async def test_what_a_reader_left_behind_does_not_end_the_next_ones_stream(shared):
    old = shared.watch(QuoteWatch((A,)))
    await anext(old)
    await old.aclose()
    grace = shared._upstreams[A].ending
    await shared.start_over()
    new = shared.watch(QuoteWatch((A,)))
    await anext(new)
    grace._run()  # what the loop does when the grace is over
    assert shared.upstream_count == 1
    assert (await anext(new)).kind is StreamKind.UPDATE


async def test_a_member_without_a_quote_is_left_out_and_a_named_symbol_is_not(feed, shared):
    async def quotes(symbols):
        return [unknown_symbol(each) if each == B else quote(each) for each in symbols]

    feed.quotes = quotes
    events = shared.watch(QuoteWatch((B, A), named=False))
    assert (await anext(events)).quote.symbol == A
    assert shared.upstream_count == 1
    await events.aclose()
    for refused in (QuoteWatch((B, A)), QuoteWatch((B,), named=False)):
        with pytest.raises(NotFound):
            await anext(shared.watch(refused))


class Told(Feed):
    """The same feed, which calls whoever listens."""

    async def listen(self, symbol, told):
        self.listeners += 1
        told(quote(symbol, 2))
        await self.broken.wait()
        raise Unavailable(Reason.TERMINAL_OFFLINE, "gone")

    async def follow(self, symbol):
        raise AssertionError
        yield

    listeners = 0


async def test_a_feed_that_calls_its_listener_is_shared_as_one_that_is_read(hasty):
    feed = Told()
    shared = SharedQuotes(feed, feed, lambda: "e1")
    events = shared.watch(QuoteWatch((A,)))
    told = [await anext(events), await anext(events)]
    assert [each.kind for each in told] == [StreamKind.SNAPSHOT, StreamKind.UPDATE]
    feed.broken.set()
    lost = await anext(events)
    assert (lost.kind, lost.source.connected) == (StreamKind.HEARTBEAT, False)
    feed.broken.clear()
    back = await anext(events)
    assert (back.kind, back.previous_sequence) == (StreamKind.UPDATE, 1)
    assert feed.listeners == 2
    await shared.close()
