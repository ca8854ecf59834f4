"""Live bars over the simulated market: what is final is what `bars` answers, and comes once."""

import asyncio
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from quantgraph.domain.aggregation import bucket_end
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.errors import EpochChanged, LimitReached, NotFound, Unavailable
from quantgraph.domain.live_bars import BarWatch, columns_of, rows_of
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import StreamKind
from quantgraph.services import bar_lines, upstreams
from quantgraph.services.derived import DerivedBars
from quantgraph.services.live_bars import BarSources, SharedBars
from tests.backends.sim.conftest import DAY_S, SESSION_S, calendar, make_stage, workers  # noqa: F401 fixtures
from tests.waiting import until

MAOTAI = "600519.SH"
MIN_1 = BarWatch(MAOTAI, Period.MIN_1)


async def drained():
    """Let every reader take what there is."""
    for _ in range(8):
        await asyncio.sleep(0)


class Feed:
    """The market's bars under way, looked at when a test says so."""

    def __init__(self, market):
        self.market, self.inboxes, self.begun = market, set(), 0

    async def follow(self, symbol, period):
        inbox = asyncio.Queue()
        inbox.put_nowait(None)
        self.inboxes.add(inbox)
        self.begun += 1
        try:
            while True:
                error = await inbox.get()
                if error is not None:
                    inbox.task_done()
                    raise error
                yield await self.market.forming(symbol, period)
                inbox.task_done()
        finally:
            self.inboxes.discard(inbox)

    def state(self):
        return self.market.state()

    async def tick(self, error=None):
        """Have everybody look, and wait until they have."""
        inboxes = list(self.inboxes)
        for inbox in inboxes:
            inbox.put_nowait(error)
        for inbox in inboxes:
            await inbox.join()


class Live:
    """A market moved by hand, and its live bars."""

    def __init__(self, stage, workers):  # noqa: F811 the fixture
        self.stage, self.feed = stage, Feed(stage.market)
        self.bars = DerivedBars(stage.market, workers)
        self.shared = SharedBars(
            BarSources(self.feed, self.bars, stage.clock, lambda: stage.clock.moment().epoch)
        )

    @property
    def now(self):
        return self.stage.clock.moment().ms

    async def to(self, seconds, days=0):
        self.stage.move_to(days, seconds)
        await self.feed.tick()

    async def answered(self, watch, start, end):
        request = BarRequest((watch.symbol,), watch.period, Window(start, end))
        (series,) = await self.bars.bars(request)
        return rows_of(series.columns)

    @asynccontextmanager
    async def read(self, watch):
        """Yield what a reader has been told so far, without heartbeats, and how to hold it up."""
        async with aclosing(self.shared.watch(watch)) as events:
            found, free = [], asyncio.Event()
            free.set()
            found.append(await anext(events))

            async def follow():
                async for event in events:
                    if event.kind is not StreamKind.HEARTBEAT:
                        found.append(event)
                    await free.wait()

            task = asyncio.create_task(follow())
            try:
                yield found, free
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def live(make_stage, workers):  # noqa: F811 the fixture
    live = Live(make_stage(), workers)
    yield live
    await live.shared.close()


def walk(period):
    """Running seconds of a life: over lunch, over night, and for long periods over months."""
    random, place, end = Random(period), 600.0, DAY_S + 5_000
    longest = 500 if period.minutes else 1
    if not period.minutes:
        days = {Period.DAY_1: 1, Period.WEEK_1: 3, Period.MONTH_1: 12}.get(period, 37)
        end, longest = 12 * days * DAY_S, days * DAY_S
    while place < end:
        yield place
        place += random.uniform(1, longest)


@pytest.mark.parametrize("period", list(Period))
async def test_the_finals_are_what_bars_answers_whatever_the_reader_missed(live, period):
    watch = BarWatch(MAOTAI, period)
    await live.to(300)
    async with live.read(watch) as (found, free):
        for number, place in enumerate(walk(period)):
            (free.clear if number // 3 % 2 else free.set)()
            await live.to(place)
            await drained()
            for event in found:
                assert event.bar.time <= live.now
                assert not event.final or bucket_end(period, event.bar.time) < live.now
        free.set()
        await drained()
        finals = [each.bar for each in found if each.final]
        first = found[0].bar.time
        told = await live.answered(watch, first, live.now)
        assert finals == [bar for bar in told if bucket_end(period, bar.time) < live.now]
        assert finals
        for one, other in pairwise(found):
            assert other.previous_sequence == one.sequence
            assert other.conflated_count == other.sequence - one.sequence - 1
        assert any(each.conflated_count for each in found)
        assert {each.data_source for each in found} == {Source.SIMULATED}


async def test_the_bar_under_way_grows_into_the_final_one(live):
    await live.to(70)
    async with live.read(MIN_1) as (found, _):
        for second in (80, 100, 119):
            await live.to(second)
            await drained()
        grown = [each.bar for each in found]
        assert not any(each.final for each in found)
        await live.to(130)
        await drained()
    final = next(each.bar for each in found if each.final)
    assert len(grown) == 4
    for one, other in pairwise((*grown, final)):
        assert (one.time, one.open, one.previous_close) == (
            other.time,
            other.open,
            other.previous_close,
        )
        assert (one.high <= other.high, one.low >= other.low) == (True, True)
        assert (one.volume <= other.volume, one.amount <= other.amount) == (True, True)
    assert found[-1].bar.time == final.time + 60_000


@pytest.mark.parametrize("period", [Period.MIN_5, Period.HOUR_1, Period.DAY_1, Period.WEEK_1])
async def test_the_bar_under_way_of_a_long_period_has_all_that_traded_in_it(live, period):
    await live.to(1_000, days=1)
    async with live.read(BarWatch(MAOTAI, period)) as (found, _):
        minutes = await live.answered(MIN_1, found[0].bar.time, live.now)
        quote = (await live.stage.market.quotes([MAOTAI]))[0]
    (event,) = found
    assert (event.kind, event.final) == (StreamKind.SNAPSHOT, False)
    assert event.bar.high >= max(each.high for each in minutes)
    assert event.bar.close == quote.last_price
    assert event.bar.volume >= sum(each.volume for each in minutes)


async def test_before_the_first_trade_the_snapshot_is_the_last_final_bar(live):
    await live.to(DAY_S - 900 + 300)  # 09:20 of the second day
    async with live.read(MIN_1) as (found, _):
        (event,) = found
        assert (event.kind, event.final) == (StreamKind.SNAPSHOT, True)
        assert event.bar.time < live.now - 12 * 3_600_000
        await live.to(DAY_S - 900 + 660)  # 09:26: the auction of the minute to come has printed
        await drained()
        assert len(found) == 1


async def test_after_the_close_the_snapshot_is_the_last_final_bar(live):
    await live.to(SESSION_S - 310)
    async with live.read(MIN_1) as (found, _):
        await live.to(SESSION_S + 60)
        await drained()
        async with live.read(MIN_1) as (late, _):
            (event,) = late
    assert (event.kind, event.final, event.bar) == (StreamKind.SNAPSHOT, True, found[-1].bar)


async def test_a_jump_skips_no_final_bar(live, monkeypatch):
    monkeypatch.setattr("quantgraph.services.forming._PAGE", 240)
    await live.to(61)
    async with live.read(MIN_1) as (found, _):
        start = found[0].bar.time
        live.stage.clock.jump(live.now + 6 * 86_400_000)
        await live.feed.tick()
        await drained()
        finals = [each.bar for each in found if each.final]
        told = await live.answered(MIN_1, start, live.now)
    assert len(finals) > 900
    assert finals == told


async def test_all_readers_of_a_symbol_and_period_share_an_upstream(live, monkeypatch):
    monkeypatch.setattr(upstreams, "GRACE_S", 0.0)
    await live.to(61)
    async with live.read(MIN_1) as (one, _), live.read(MIN_1) as (other, _):
        async with live.read(BarWatch(MAOTAI, Period.MIN_5)):
            assert live.shared.upstream_count == 2
        await until(lambda: live.shared.upstream_count == 1)
        assert live.feed.begun == 2
        await live.to(200)
        await drained()
        assert one == other
        last = one[-1].sequence
    await until(lambda: live.shared.upstream_count == 0)
    await until(lambda: not live.feed.inboxes)
    async with live.read(MIN_1) as (again, _):
        assert again[0].sequence > last


async def test_a_reader_who_comes_back_within_the_grace_finds_the_upstream(live):
    await live.to(61)
    async with live.read(MIN_1):
        pass
    async with live.read(MIN_1):
        assert live.feed.begun == 1


async def test_a_reader_too_far_behind_is_told_so(live, monkeypatch):
    monkeypatch.setattr(bar_lines, "MOST_FINALS", 3)
    await live.to(61)
    events = live.shared.watch(MIN_1)
    assert (await anext(events)).kind is StreamKind.SNAPSHOT
    await live.to(61 + 4 * 60)
    with pytest.raises(LimitReached) as caught:
        while True:
            await anext(events)
    assert caught.value.reason is Reason.SLOW_CONSUMER


async def test_a_lost_feed_is_told_at_once_and_no_final_is_missed(live, monkeypatch):
    monkeypatch.setattr(upstreams, "RETRY_S", 0.0)
    await live.to(70)
    async with aclosing(live.shared.watch(MIN_1)) as events:
        start = (await anext(events)).bar.time
        live.stage.move_to(0, 400)
        await live.feed.tick(OSError("the terminal hangs up"))
        lost = await anext(events)
        assert (lost.kind, lost.source.connected) == (StreamKind.HEARTBEAT, False)
        found = []
        while not found or found[-1].kind is not StreamKind.HEARTBEAT:
            found.append(await anext(events))
    assert found[-1].source.connected
    told = await live.answered(MIN_1, start, live.now)
    assert [each.bar for each in found if each.final] == told


async def test_a_symbol_that_is_not_there_ends_the_stream(live):
    with pytest.raises(NotFound) as caught:
        await anext(live.shared.watch(BarWatch("999999.SH", Period.DAY_1)))
    assert caught.value.reason is Reason.UNKNOWN_SYMBOL
    assert live.shared.upstream_count == 0


async def test_a_new_epoch_and_a_stop_end_every_stream(live):
    await live.to(61)
    events = live.shared.watch(MIN_1)
    first = await anext(events)
    await live.shared.start_over()
    with pytest.raises(EpochChanged):
        await anext(events)
    again = live.shared.watch(MIN_1)
    assert (await anext(again)).sequence <= first.sequence
    await live.shared.close()
    with pytest.raises(Unavailable):
        await anext(again)
    with pytest.raises(Unavailable):
        await anext(live.shared.watch(MIN_1))


async def test_nothing_of_a_new_epoch_is_told_as_of_the_old_one(live):
    await live.to(61)
    async with live.read(MIN_1) as (found, _):
        epoch, begin = live.stage.clock.restart(live.now + 3_600_000)
        begin()
        await live.feed.tick()
        await drained()
        assert [each.epoch for each in found] == [found[0].epoch]
        assert found[0].epoch != epoch


@pytest.mark.parametrize(("source", "grows"), [(Source.SIMULATED, False), (Source.REPLAY, True)])
async def test_an_imported_series_grows_by_what_was_recorded_alone(live, source, grows):
    inner, look = live.bars.bars, live.stage.market.forming

    async def imported(request):
        return [replace(each, source=Source.IMPORTED) for each in await inner(request)]

    async def forming(symbol, period):
        found = await look(symbol, period)
        return None if found is None else replace(found, source=source)

    live.bars.bars, live.stage.market.forming = imported, forming
    await live.to(70)
    async with live.read(MIN_1) as (found, _):
        await live.to(130)
        await drained()
        told = [(each.final, each.data_source) for each in found]
    final = (True, Source.IMPORTED)
    assert told == ([(False, source), final, (False, source)] if grows else [final, final])


async def test_rows_and_columns_are_the_same(live):
    rows = await live.answered(MIN_1, None, live.now)
    rows[0] = replace(rows[0], amount=None, previous_close=None)
    assert rows_of(columns_of(rows)) == rows
