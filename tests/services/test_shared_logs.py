"""A far log is followed once for all its readers here, and each has every number once."""

import asyncio
from contextlib import aclosing

import pytest

from quantgraph.domain.errors import EpochChanged, GatewayError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor, OrderEvent, SourceState, StreamKind
from quantgraph.services import log_lines
from quantgraph.services.shared_logs import SharedLog
from tests.waiting import settled, until

UPDATE, CAUGHT_UP, HEARTBEAT = StreamKind.UPDATE, StreamKind.CAUGHT_UP, StreamKind.HEARTBEAT


class Far:
    """A log elsewhere, which keeps count of who reads it."""

    def __init__(self):
        self.epoch, self.newest, self.open, self.calls = "e1", 0, 0, []
        self.error = None
        self._news = asyncio.Event()

    def grow(self, count=1):
        self.newest += count
        self.stir()

    def stir(self, error=None):
        self.error = error
        self._news.set()
        self._news = asyncio.Event()

    async def events(self, cursor):
        self._check(cursor)
        self.calls.append(cursor)
        self.open += 1
        try:
            after, told = cursor.after or 0, False
            while True:
                self._check(cursor)
                news = self._news
                while after < self.newest:
                    after += 1
                    yield OrderEvent(UPDATE, self.epoch, after)
                if not told:
                    told = True
                    yield OrderEvent(CAUGHT_UP, self.epoch, after)
                    continue
                await news.wait()
        finally:
            self.open -= 1

    def _check(self, cursor):
        if self.error is not None:
            raise self.error
        if cursor.epoch not in {None, self.epoch}:
            raise EpochChanged(Reason.EPOCH_CHANGED, "over")


class Reading:
    """One reader, and what it was told."""

    def __init__(self, shared, **place):
        self.told, self.stopped = [], asyncio.Event()
        self.stopped.set()
        self.task = asyncio.create_task(self._read(shared.events(LogCursor("a", **place))))
        self.task.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _read(self, events):
        async with aclosing(events):
            async for event in events:
                self.told.append(event)
                await self.stopped.wait()

    @property
    def numbers(self):
        return [each.sequence for each in self.told if each.kind is UPDATE]

    def caught_up(self):
        return any(each.kind is CAUGHT_UP for each in self.told)


@pytest.fixture
def far():
    return Far()


@pytest.fixture
async def shared(far):
    made = SharedLog(far.events)
    yield made
    await made.close()


async def test_many_readers_have_one_upstream_and_each_every_number_once(far, shared):
    far.grow(3)
    first = Reading(shared, after=0)
    await until(first.caught_up)
    rest = [Reading(shared, after=0) for _ in range(5)]
    await until(lambda: all(each.caught_up() for each in rest))
    assert shared.count == far.open == 1
    far.grow(2)
    await until(lambda: all(each.numbers == [1, 2, 3, 4, 5] for each in (first, *rest)))
    assert all(sum(e.kind is CAUGHT_UP for e in each.told) == 1 for each in (first, *rest))


async def test_who_comes_behind_a_number_in_the_ring_asks_the_far_log_nothing(far, shared):
    far.grow(3)
    first = Reading(shared, after=0)
    await until(first.caught_up)
    far.grow(2)
    await until(lambda: len(first.numbers) == 5)
    asked = len(far.calls)
    again = Reading(shared, epoch="e1", after=4)
    await until(again.caught_up)
    assert [(e.kind, e.sequence) for e in again.told] == [(UPDATE, 5), (CAUGHT_UP, 5)]
    assert len(far.calls) == asked
    older = Reading(shared, epoch="e1", after=1)
    await until(older.caught_up)
    assert older.numbers == [2, 3, 4, 5]
    assert len(far.calls) == asked + 1


async def test_who_reads_slowly_falls_behind_the_ring_and_misses_nothing(far, monkeypatch):
    monkeypatch.setattr(log_lines, "RING", 10)
    shared = SharedLog(far.events)
    slow, quick = Reading(shared, after=0), Reading(shared, after=0)
    await until(lambda: slow.caught_up() and quick.caught_up())
    slow.stopped.clear()
    far.grow(1)
    await until(lambda: quick.numbers == [1])
    far.grow(99)
    await until(lambda: len(quick.numbers) == 100)
    assert slow.numbers == [1]
    slow.stopped.set()
    await until(lambda: len(slow.numbers) == 100)
    assert slow.numbers == quick.numbers == [*range(1, 101)]
    assert sum(each.kind is CAUGHT_UP for each in slow.told) == 1
    await shared.close()


async def test_a_feed_that_leaves_out_repeats_and_turns_around_is_put_right(far, monkeypatch):
    monkeypatch.setattr("quantgraph.services.shared_logs.RETRY_S", 0)
    played = []

    async def feed(cursor):
        if len(played) < 3:
            played.append(cursor.after)
            for number in ((1, 1, 2), (2, 4), (4, 3))[len(played) - 1]:
                yield OrderEvent(UPDATE, "e1", number)
        async with aclosing(far.events(cursor)) as events:
            async for event in events:
                yield event

    shared = SharedLog(far.events, feed)
    reading = Reading(shared, after=0)
    await until(lambda: len(played) == 3)
    far.grow(6)
    await until(lambda: len(reading.numbers) == 6)
    assert (reading.numbers, played) == ([*range(1, 7)], [0, 2, 2])
    await shared.close()


async def test_a_far_log_that_is_away_is_told_by_heartbeats_and_gone_on_behind(far, shared):
    reading = Reading(shared, after=0)
    await until(reading.caught_up)
    far.stir(Unavailable(Reason.TERMINAL_OFFLINE, "away"))
    await until(lambda: reading.told[-1].kind is HEARTBEAT)
    assert reading.told[-1].source == SourceState(False, None, None)
    late = Reading(shared, epoch="e1", after=0)
    with pytest.raises(GatewayError) as caught:
        await late.task
    assert caught.value.reason is Reason.TERMINAL_OFFLINE
    far.error = None
    far.grow(2)
    await until(lambda: reading.numbers == [1, 2])


async def test_a_log_whose_epoch_is_over_ends_every_stream_as_the_far_one_says(far, shared):
    readings = [Reading(shared, after=0) for _ in range(2)]
    await until(lambda: all(each.caught_up() for each in readings))
    far.epoch = "e2"
    far.stir()
    for each in readings:
        with pytest.raises(EpochChanged):
            await each.task
    assert shared.count == 0


async def test_a_gateway_that_stops_tells_every_reader_to_come_back(far, shared):
    readings = [Reading(shared, after=0) for _ in range(2)]
    await until(lambda: all(each.caught_up() for each in readings))
    shared.drain()
    for each in (*readings, Reading(shared, after=0)):
        with pytest.raises(GatewayError) as caught:
            await each.task
        assert caught.value.reason is Reason.SHUTTING_DOWN
    await shared.close()
    assert far.open == 0


async def test_the_last_reader_that_leaves_ends_the_upstream(far, monkeypatch):
    monkeypatch.setattr("quantgraph.services.shared_logs.GRACE_S", 0)
    shared = SharedLog(far.events)
    reading = Reading(shared, after=0)
    await until(reading.caught_up)
    reading.task.cancel()
    await asyncio.gather(reading.task, return_exceptions=True)
    await settled()
    await until(lambda: far.open == 0)
    assert shared.count == 0


async def test_closing_waits_until_nothing_reads_the_far_log(far, shared):
    reading = Reading(shared, after=0)
    await until(reading.caught_up)
    await shared.close()
    assert far.open == 0


async def test_a_log_that_has_a_reader_is_followed_beyond_the_grace(far, monkeypatch):
    monkeypatch.setattr("quantgraph.services.shared_logs.GRACE_S", 0)
    shared = SharedLog(far.events)
    reading = Reading(shared, after=0)
    await until(reading.caught_up)
    asked = len(far.calls)
    far.grow(2)
    await until(lambda: reading.numbers == [1, 2])
    assert (shared.count, len(far.calls)) == (1, asked)
    await shared.close()


class Behind:
    """A far log that answers whoever reads behind a number, and nobody who reads from before it."""

    def __init__(self, far, error):
        self._far, self._error, self.from_, self.refused = far, error, 0, 0

    async def events(self, cursor):
        if (cursor.after or 0) < self.from_:
            self.refused += 1
            raise self._error
        async with aclosing(self._far.events(cursor)) as events:
            async for event in events:
                yield event


async def behind_the_ring(far, error, monkeypatch):
    """Return a log, one reader that has every number, and another that asks for those it lacks."""
    monkeypatch.setattr(log_lines, "RING", 10)
    behind = Behind(far, error)
    shared = SharedLog(behind.events)
    slow, quick = Reading(shared, after=0), Reading(shared, after=0)
    await until(lambda: slow.caught_up() and quick.caught_up())
    slow.stopped.clear()
    far.grow(1)
    await until(lambda: quick.numbers == [1])
    far.grow(99)
    await until(lambda: len(quick.numbers) == 100)
    behind.from_ = 50
    slow.stopped.set()
    return shared, behind, slow


async def test_who_is_behind_the_ring_of_a_terminal_that_is_away_is_told_once_a_beat(
    far, monkeypatch
):
    away = Unavailable(Reason.TERMINAL_OFFLINE, "away")
    shared, behind, slow = await behind_the_ring(far, away, monkeypatch)
    await until(lambda: slow.told[-1].kind is HEARTBEAT)
    assert slow.told[-1].source == SourceState(False, None, None)
    assert (behind.refused, slow.numbers) == (1, [1])
    await shared.close()


async def test_who_is_behind_the_ring_is_told_any_other_error_and_nobody_else_is(far, monkeypatch):
    over = EpochChanged(Reason.EPOCH_CHANGED, "over")
    shared, _, slow = await behind_the_ring(far, over, monkeypatch)
    await until(slow.task.done)
    with pytest.raises(EpochChanged):
        await slow.task
    assert shared.count == 1
    await shared.close()


async def test_who_was_told_a_part_and_has_nobody_to_follow_is_told_that_it_is_away():
    async def part(_):
        yield OrderEvent(UPDATE, "e1", 1)
        raise Unavailable(Reason.TERMINAL_OFFLINE, "away")

    reading = Reading(SharedLog(part), after=0)
    with pytest.raises(Unavailable, match="away"):
        await reading.task
    assert reading.numbers == [1]
