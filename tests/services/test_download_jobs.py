"""Downloads as jobs: one at a time, told of, canceled at once, and gone on with after a restart."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from structlog.testing import capture_logs

from quantgraph.domain.bars import Adjustment, BarColumns, BarSeries, Coverage, Period
from quantgraph.domain.downloads import (
    DownloadEvent,
    DownloadKind,
    DownloadProgress,
    DownloadQuery,
    DownloadState,
    DownloadWish,
)
from quantgraph.domain.errors import GatewayError, Unavailable, Unsupported, unknown_symbol
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import StreamKind
from quantgraph.services.download_jobs import DownloadBounds, DownloadJobs, DownloadParts
from quantgraph.services.download_news import DownloadNews
from quantgraph.services.missing import DownloadedBars
from quantgraph.services.workers import Workers
from quantgraph.store.downloads import DownloadStore
from tests.waiting import until

MANY = tuple(f"{number:06}.SZ" for number in range(1, 51))
ONE, TWO = ("600519.SH",), ("600519.SH", "000001.SZ")
DAYS = DownloadWish(DownloadKind.DAYS, MANY)
BONDS = DownloadWish(DownloadKind.BONDS)
AWAY = Unavailable(Reason.SOURCE_UNAVAILABLE, "closed")
SILENT = Unavailable(Reason.TIMED_OUT, "silent")


@dataclass
class Far:
    """A terminal: what it was asked for, who it fails, and where it stands still."""

    source = Source.TERMINAL
    asked: list[DownloadWish] = field(default_factory=list)
    bad: dict[str, GatewayError] = field(default_factory=dict)
    outages: list[GatewayError] = field(default_factory=list)
    hangs_at: int | None = None
    running: int = 0
    stopped: int = 0

    async def run(self, wish, told):
        self.asked.append(wish)
        self.running += 1
        assert self.running == 1, "one at a time"
        try:
            if self.hangs_at is not None and len(self.asked) > self.hangs_at:
                await asyncio.get_running_loop().create_future()
            if self.outages:
                raise self.outages.pop(0)
            for symbol in wish.symbols:
                if symbol in self.bad:
                    raise self.bad[symbol]
            # Steps of its own: several a symbol.
            total = 8 * max(len(wish.symbols), 1)
            for number in range(1, total + 1):
                told(DownloadProgress(number, total, f"step {number}"))
            return DownloadProgress(total, total)
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        finally:
            self.running -= 1


class Clock:
    time = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)

    def now(self):
        return self.time


class Ids:
    def __init__(self):
        self._numbers = count(1)

    def new(self, prefix):
        return f"{prefix}{next(self._numbers)}"


IDS = Ids()


@pytest.fixture
def workers():
    workers = Workers(2, 16)
    yield workers
    workers.close()


@pytest.fixture
def opened(tmp_path, workers) -> Callable[..., DownloadJobs]:
    """Open the downloads of the same file over a terminal, as often as asked."""

    def run(far, clock=None, **bounds):
        shelf = DownloadStore(tmp_path / "downloads.sqlite")
        given = DownloadBounds(**{"away_s": 0.0, **bounds})
        parts = DownloadParts(far, shelf, workers, given, clock or Clock(), IDS)
        jobs = DownloadJobs(replace(parts, news=DownloadNews(0.0)))
        jobs.begin()
        return jobs

    return run


async def ended(jobs: DownloadJobs, job_id: str):
    async with asyncio.timeout(20), aclosing(jobs.events(job_id)) as events:
        return [event.job async for event in events if event.job is not None][-1]


async def fetched(jobs: DownloadJobs, wish: DownloadWish):
    return await ended(jobs, (await jobs.start(wish)).job.id)


async def test_a_job_walks_its_symbols_in_portions_and_says_when_it_is_done(opened):
    far = Far()
    jobs = opened(far)
    started = await jobs.start(DAYS)
    assert (started.changed, started.job.state, started.job.total) == (
        True, DownloadState.QUEUED, 50,
    )  # fmt: skip
    job = await ended(jobs, started.job.id)
    assert (job.state, job.done, job.total, job.failures) == (DownloadState.DONE, 50, 50, ())
    assert job.started_at == job.ended_at == Clock.time
    assert [len(each.symbols) for each in far.asked] == [20, 20, 10]
    assert sum((each.symbols for each in far.asked), ()) == MANY
    await jobs.close()


async def test_a_whole_list_counts_the_terminals_own_steps(opened):
    jobs = opened(Far())
    job = await fetched(jobs, BONDS)
    assert (job.state, job.done, job.total) == (DownloadState.DONE, 8, 8)
    assert (jobs.under_way(), jobs.ended) == ({}, {(DownloadKind.BONDS, DownloadState.DONE): 1})
    await jobs.close()


async def test_what_waits_runs_and_has_ended_is_counted(opened):
    jobs = opened(Far(hangs_at=0))
    await jobs.start(BONDS)
    second = await jobs.start(DAYS)
    await until(lambda: jobs.under_way()[DownloadState.RUNNING])
    assert jobs.under_way() == {DownloadState.RUNNING: 1, DownloadState.QUEUED: 1}
    await jobs.cancel(second.job.id)
    assert jobs.ended == {(DownloadKind.DAYS, DownloadState.CANCELED): 1}
    assert jobs.under_way() == {DownloadState.RUNNING: 1}
    await jobs.close()


async def test_who_fails_is_named_and_the_others_go_on(opened):
    refused = Unavailable(Reason.DOWNLOAD_REFUSED, "无权限")
    far = Far(bad={MANY[3]: refused, MANY[44]: unknown_symbol(MANY[44])})
    jobs = opened(far)
    with capture_logs() as lines:
        job = await fetched(jobs, DAYS)
        await until(lambda: lines)
    assert lines == [
        {"event": "download_ended", "log_level": "info", "id": job.id, "kind": "DAYS",
         "state": "DONE", "failed": 2}
    ]  # fmt: skip
    assert (job.state, job.done) == (DownloadState.DONE, 50)
    assert [(each.symbol, each.code) for each in job.failures] == [
        (MANY[3], Reason.DOWNLOAD_REFUSED),
        (MANY[44], Reason.UNKNOWN_SYMBOL),
    ]
    assert job.failures[0].message == "无权限"
    await jobs.close()


async def test_a_terminal_that_says_nothing_of_three_in_a_row_ends_the_job(opened):
    far = Far(bad=dict.fromkeys(MANY, SILENT))
    jobs = opened(far)
    job = await fetched(jobs, DAYS)
    assert (job.state, job.code, len(job.failures)) == (DownloadState.FAILED, Reason.TIMED_OUT, 2)
    assert len(far.asked) == 4
    await jobs.close()


async def test_what_a_terminal_lacks_ends_the_job_at_once(opened):
    far = Far(outages=[Unsupported(Reason.TERMINAL_LACKS, "older")])
    jobs = opened(far)
    job = await fetched(jobs, DAYS)
    assert (job.state, job.code, job.message) == (
        DownloadState.FAILED, Reason.TERMINAL_LACKS, "older",
    )  # fmt: skip
    assert len(far.asked) == 1
    await jobs.close()


async def test_a_fault_of_our_own_ends_the_job_and_the_next_one_runs(opened):
    far = Far()
    far.outages.append(KeyError("ours"))  # pyright: ignore[reportArgumentType] it is none of ours
    jobs = opened(far)
    first, second = await jobs.start(DAYS), await jobs.start(BONDS)
    assert (await ended(jobs, second.job.id)).state is DownloadState.DONE
    broken = await jobs.job(first.job.id)
    assert (broken.state, broken.code) == (DownloadState.FAILED, Reason.INTERNAL)
    await jobs.close()


async def test_a_terminal_that_is_lost_is_waited_for_and_the_job_goes_on_where_it_was(opened):
    far = Far(bad={MANY[30]: AWAY})
    jobs = opened(far)
    started = await jobs.start(DAYS)
    async with aclosing(jobs.events(started.job.id)) as events:
        async for event in events:
            if event.job is not None and event.job.message == "closed":
                break
    assert (event.job.state, event.job.done) == (DownloadState.QUEUED, 20)
    far.bad.clear()
    job = await ended(jobs, started.job.id)
    assert (job.state, job.done) == (DownloadState.DONE, 50)
    assert [each.symbols[0] for each in far.asked].count(MANY[0]) == 1
    assert far.asked[-1].symbols == MANY[40:]
    await jobs.close()


async def test_a_restart_goes_on_where_it_was(opened):
    far = Far(hangs_at=2)
    jobs = opened(far)
    first, second = await jobs.start(DAYS), await jobs.start(BONDS)
    await until(lambda: len(far.asked) == 3)
    await jobs.close()
    assert far.stopped == 1
    again = Far()
    jobs = opened(again)
    done = await ended(jobs, first.job.id)
    assert (done.state, done.done, done.created_at) == (
        DownloadState.DONE, 50, first.job.created_at,
    )  # fmt: skip
    assert again.asked[0].symbols == MANY[40:]
    assert (await ended(jobs, second.job.id)).state is DownloadState.DONE
    await jobs.close()


async def test_a_kill_costs_no_more_than_the_portion_under_way(opened):
    far = Far(hangs_at=2)
    jobs = opened(far)
    started = await jobs.start(DAYS)
    await until(lambda: len(far.asked) == 3)
    again = Far()
    # Of the first gateway nothing is closed: the file is as a kill leaves it.
    later = opened(again)
    assert (await later.job(started.job.id)).done == 40
    assert (await ended(later, started.job.id)).state is DownloadState.DONE
    assert [each.symbols for each in again.asked] == [MANY[40:]]
    await later.close()
    await jobs.close()


async def test_a_download_that_hangs_is_canceled_at_once_and_the_next_one_runs(opened):
    far = Far(hangs_at=0)
    jobs = opened(far)
    hung, next_one = await jobs.start(DAYS), await jobs.start(BONDS)
    await until(lambda: far.asked)
    far.hangs_at = None
    done = await jobs.cancel(hung.job.id)
    assert (done.changed, done.job.state) == (True, DownloadState.CANCELED)
    assert (await ended(jobs, next_one.job.id)).state is DownloadState.DONE
    assert far.stopped == 1
    again = await jobs.cancel(hung.job.id)
    assert (again.changed, again.job) == (False, done.job)
    await jobs.close()
    assert (await opened(far).job(hung.job.id)).state is DownloadState.CANCELED


async def test_a_job_that_waits_is_canceled_without_a_word_to_the_terminal(opened):
    far = Far(hangs_at=0)
    jobs = opened(far)
    await jobs.start(DAYS)
    waiting = await jobs.start(BONDS)
    await jobs.cancel(waiting.job.id)
    await until(lambda: far.asked)
    assert [each.kind for each in far.asked] == [DownloadKind.DAYS]
    assert far.stopped == 0
    await jobs.close()


async def test_the_same_wish_under_way_is_answered_by_the_same_job(opened):
    jobs = opened(Far(hangs_at=0))
    first = await jobs.start(DAYS)
    again = await jobs.start(replace(DAYS, symbols=MANY[::-1]))
    assert (again.changed, again.job.id) == (False, first.job.id)
    await jobs.cancel(first.job.id)
    assert (await jobs.start(DAYS)).changed
    await jobs.close()


async def test_beyond_the_bound_a_download_is_refused(opened):
    jobs = opened(Far(hangs_at=0), waiting=1)
    first = await jobs.start(DAYS)
    with pytest.raises(GatewayError) as told:
        await jobs.start(BONDS)
    assert told.value.reason is Reason.DOWNLOAD_LIMIT
    assert not (await jobs.start(DAYS)).changed
    await jobs.cancel(first.job.id)
    assert (await jobs.start(BONDS)).changed
    await jobs.close()


async def test_of_ended_jobs_the_newest_are_remembered(opened):
    far, clock = Far(), Clock()
    jobs = opened(far, clock, kept=2)
    kinds = (DownloadKind.BONDS, DownloadKind.SECTORS, DownloadKind.WEIGHTS)
    ids = []
    for kind in kinds:
        clock.time += timedelta(seconds=1)
        ids.append((await fetched(jobs, DownloadWish(kind))).id)
    await jobs.close()
    page = await opened(far, clock, kept=2).jobs(DownloadQuery())
    assert [each.id for each in page.jobs] == ids[:0:-1]


async def test_pages_are_newest_first_and_filtered(opened):
    jobs = opened(Far())
    bonds = await fetched(jobs, BONDS)
    sectors = await fetched(jobs, DownloadWish(DownloadKind.SECTORS))
    days = await fetched(jobs, DAYS)
    page = await jobs.jobs(DownloadQuery(first=2))
    assert ([each.id for each in page.jobs], page.more) == ([days.id, sectors.id], True)
    rest = await jobs.jobs(DownloadQuery(first=2, after=sectors.id))
    assert ([each.id for each in rest.jobs], rest.more) == ([bonds.id], False)
    of_kind = await jobs.jobs(DownloadQuery(kinds=frozenset({DownloadKind.SECTORS})))
    assert [each.id for each in of_kind.jobs] == [sectors.id]
    failed = await jobs.jobs(DownloadQuery(states=frozenset({DownloadState.FAILED})))
    assert failed.jobs == ()
    with pytest.raises(GatewayError) as told:
        await jobs.jobs(DownloadQuery(after="download_x"))
    assert told.value.reason is Reason.INVALID_CURSOR
    await jobs.close()


async def taken(events: AsyncGenerator[DownloadEvent, None], number: int) -> list[DownloadEvent]:
    return [await anext(events) for _ in range(number)]


async def test_a_slow_reader_skips_steps_and_hears_every_end(opened):
    far = Far()
    jobs = opened(far)
    async with aclosing(jobs.events(None)) as events:
        assert (await anext(events)).kind is StreamKind.CAUGHT_UP
        first = await jobs.start(DAYS)
        second = await jobs.start(BONDS)
        await ended(jobs, second.job.id)
        heard = await taken(events, 2)
    assert [(each.kind, each.job.id, each.job.state) for each in heard] == [
        (StreamKind.UPDATE, first.job.id, DownloadState.DONE),
        (StreamKind.UPDATE, second.job.id, DownloadState.DONE),
    ]
    await jobs.close()


async def test_who_comes_later_is_shown_what_is_under_way(opened):
    jobs = opened(Far(hangs_at=0))
    await fetched(opened(Far()), DownloadWish(DownloadKind.SECTORS))
    days = await jobs.start(DAYS)
    async with aclosing(jobs.events(None)) as events:
        shown, caught_up = await taken(events, 2)
    assert (shown.kind, shown.job.id) == (StreamKind.SNAPSHOT, days.job.id)
    assert caught_up == DownloadEvent(StreamKind.CAUGHT_UP)
    await jobs.close()


async def test_a_gateway_that_stops_ends_streams(opened):
    jobs = opened(Far(hangs_at=0))
    async with aclosing(jobs.events(None)) as events:
        await anext(events)
        jobs.drain()
        with pytest.raises(Unavailable) as told:
            await anext(events)
    assert told.value.reason is Reason.SHUTTING_DOWN
    await jobs.close()


@pytest.mark.parametrize("ask", ["job", "cancel"])
async def test_what_nobody_started_is_not_found(opened, ask):
    with pytest.raises(GatewayError) as told:
        await getattr(opened(Far()), ask)("download_x")
    assert told.value.reason is Reason.UNKNOWN_DOWNLOAD


async def test_missing_bars_are_downloaded_once_and_not_again_at_once(opened):
    far, clock = Far(hangs_at=1), Clock()
    jobs = opened(far, clock, again=timedelta(minutes=30))
    bars = DownloadedBars(jobs)
    nothing = Coverage(None, None, complete=None, missing=None)
    columns = BarColumns(0, {})
    lacking = BarSeries(ONE[0], Period.DAY_1, Adjustment.NONE, Source.TERMINAL, columns, nothing)
    first = (await bars.fetch(lacking)).coverage.download_id
    assert (await bars.fetch(lacking)).coverage.download_id == first
    await ended(jobs, first)
    clock.time += timedelta(minutes=30)
    assert (await bars.fetch(lacking)).coverage.download_id == first
    clock.time += timedelta(seconds=1)
    second = (await bars.fetch(lacking)).coverage.download_id
    assert second != first
    # Nor what somebody has canceled: a chart that asks again would start it again.
    await jobs.cancel(second)
    assert (await bars.fetch(lacking)).coverage.download_id == second
    whole = replace(lacking, coverage=Coverage(1, 2, complete=True, missing=0))
    assert await bars.fetch(whole) is whole
    await jobs.close()


async def test_a_disk_that_refuses_starts_nothing(opened, tmp_path):
    far = Far()
    jobs = opened(far)
    (tmp_path / "downloads.sqlite").write_bytes(b"no database")
    with pytest.raises(Unavailable) as told:
        await jobs.start(DAYS)
    assert told.value.reason is Reason.STORE_UNAVAILABLE
    assert (await jobs.jobs(DownloadQuery())).jobs == ()
    assert far.asked == []
    await jobs.close()
