"""Live books are shared: one upstream, the newest state to each, and nobody left waiting."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from quantgraph.domain.depth import DepthWatch
from quantgraph.domain.errors import EpochChanged, InvalidRequest, Unavailable, Unsupported
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import StreamKind
from quantgraph.services import upstreams
from quantgraph.services.live_depth import SharedDepth
from tests.grpc_bridge.memory.depth import MemoryDepthFeed, book
from tests.waiting import until

WATCH = DepthWatch("600519.SH", 20)
BOOK = book(WATCH.symbol)
AWAY = Unavailable(Reason.SOURCE_UNAVAILABLE, "away")


@pytest.fixture
def feed():
    return MemoryDepthFeed()


@pytest.fixture
async def shared(feed, monkeypatch):
    monkeypatch.setattr(upstreams, "GRACE_S", 0.0)
    monkeypatch.setattr(upstreams, "RETRY_S", 0.0)
    shared = SharedDepth(feed, lambda: "epoch-1")
    yield shared
    await shared.close()


async def put(feed, *told):
    for each in told:
        feed.inboxes[WATCH].put_nowait(each)
    await until(lambda: WATCH not in feed.inboxes or feed.inboxes[WATCH].empty())
    for _ in range(4):
        await asyncio.sleep(0)


async def test_many_readers_share_one_upstream_which_ends_with_the_last(feed, shared):
    async with (
        aclosing(shared.watch_books(WATCH)) as one,
        aclosing(shared.watch_books(WATCH)) as two,
    ):
        for events in (one, two):
            event = await anext(events)
            assert (event.kind, event.told, event.sequence) == (StreamKind.SNAPSHOT, BOOK, 1)
        assert feed.followed == [WATCH]
        async with aclosing(shared.watch_books(replace(WATCH, levels=5))) as other:
            await anext(other)
            assert shared.upstream_count == 2
    await until(lambda: not feed.inboxes)
    assert shared.upstream_count == 0
    # Within an epoch a number is never given twice.
    async with aclosing(shared.watch_books(WATCH)) as again:
        assert (await anext(again)).sequence == 2


async def test_a_slow_reader_gets_the_newest_state_and_learns_what_was_skipped(feed, shared):
    async with aclosing(shared.watch_books(WATCH)) as events:
        await anext(events)
        await put(feed, *(replace(BOOK, time=BOOK.time + step) for step in (1, 2, 3)))
        event = await anext(events)
        assert (event.kind, event.told.time) == (StreamKind.UPDATE, BOOK.time + 3)
        assert (event.sequence, event.previous_sequence, event.conflated_count) == (4, 1, 2)


async def test_a_lost_feed_is_told_at_once_and_taken_up_again(feed, shared, monkeypatch):
    monkeypatch.setattr(upstreams, "RETRY_S", 3_600.0)
    async with aclosing(shared.watch_books(WATCH)) as events:
        await anext(events)
        await put(feed, AWAY)
        event = await anext(events)
        assert (event.kind, event.source.connected) == (StreamKind.HEARTBEAT, False)
    monkeypatch.setattr(upstreams, "RETRY_S", 0.0)
    await until(lambda: shared.upstream_count == 0)
    async with aclosing(shared.watch_books(WATCH)) as events:
        await anext(events)
        await put(feed, AWAY)
        await until(lambda: len(feed.followed) == 3)
        # The state that came with the new upstream, and that it is there again.
        kinds = {(await anext(events)).kind for _ in range(2)}
        assert StreamKind.UPDATE in kinds


async def test_what_the_terminal_lacks_ends_the_stream(feed, shared):
    async with aclosing(shared.watch_books(WATCH)) as events:
        await anext(events)
        await put(feed, Unsupported(Reason.TERMINAL_LACKS, "no such function"))
        with pytest.raises(Unsupported):
            await anext(events)
    assert shared.upstream_count == 0
    with pytest.raises(Exception, match="999999"):
        await anext(shared.watch_queues(DepthWatch("999999.SH", 1)))


async def test_a_new_epoch_and_a_stop_end_every_stream(shared):
    books, queues = shared.watch_books(WATCH), shared.watch_queues(WATCH)
    assert [(await anext(each)).sequence for each in (books, queues)] == [1, 1]
    await shared.start_over()
    for each in (books, queues):
        with pytest.raises(EpochChanged):
            await anext(each)
    events = shared.watch_books(WATCH)
    assert (await anext(events)).sequence == 1
    await shared.close()
    with pytest.raises(Unavailable):
        await anext(events)
    with pytest.raises(Unavailable):
        await anext(shared.watch_books(WATCH))


@pytest.mark.parametrize("levels", [0, 101, 1_001])
async def test_no_levels_and_too_many_are_refused(shared, levels):
    with pytest.raises(InvalidRequest):
        await anext(shared.watch_queues(DepthWatch("600519.SH", levels)))
    if levels != 101:
        with pytest.raises(InvalidRequest):
            await anext(shared.watch_books(DepthWatch("600519.SH", levels)))


async def test_a_heartbeat_comes_where_nothing_else_does(shared, monkeypatch):
    monkeypatch.setattr(upstreams, "HEARTBEAT_S", 0.0)
    async with aclosing(shared.watch_books(WATCH)) as events:
        await anext(events)
        event = await anext(events)
        assert (event.kind, event.told, event.source.connected) == (
            StreamKind.HEARTBEAT,
            None,
            True,
        )
