"""Downloads as jobs: queued, run one at a time, told of, canceled, and gone on with."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from contextvars import Context
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from quantgraph.domain.clock import Clock, Ids, RandomIds, SystemClock
from quantgraph.domain.downloads import (
    DownloadChange,
    DownloadEvent,
    DownloadJob,
    DownloadKind,
    DownloadPage,
    DownloadQuery,
    DownloadShelf,
    DownloadState,
    DownloadWish,
)
from quantgraph.domain.errors import ChangeRefused, GatewayError
from quantgraph.domain.ports.downloads import Downloader
from quantgraph.domain.reasons import Reason
from quantgraph.services.download_book import DownloadBook
from quantgraph.services.download_news import DownloadNews
from quantgraph.services.download_run import DownloadRun, RunParts
from quantgraph.services.workers import Workers

_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
# Seconds that a terminal has to stop a download when the gateway ends.
_GRACE_S = 3.0
# The terminal will be back, or has too much to do: the job goes on where it was.
_AWAY = frozenset({Reason.SOURCE_UNAVAILABLE, Reason.TERMINAL_OFFLINE, Reason.OVERLOADED})
_RESTARTED = "The gateway was restarted; it goes on where it was."


@dataclass(frozen=True, slots=True)
class DownloadBounds:
    """How many jobs wait or run, and are kept once they ended; symbols of one job.

    `away_s`: seconds between two tries while the terminal is away. `again`: for so long what has
    ended, also by a refusal or a cancel, is not downloaded again for `ensure`.
    """

    waiting: int = 100
    kept: int = 200
    symbols: int = 1_000
    away_s: float = 15.0
    again: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class DownloadParts:
    """What jobs need: who fetches, where they are kept, real time, and who waits how long."""

    downloader: Downloader
    shelf: DownloadShelf
    workers: Workers
    bounds: DownloadBounds = field(default_factory=DownloadBounds)
    clock: Clock = field(default_factory=SystemClock)
    ids: Ids = field(default_factory=RandomIds)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    news: DownloadNews = field(default_factory=DownloadNews)


class DownloadJobs:
    """Implements `ports.Downloads`; memory holds what the shelf does."""

    def __init__(self, parts: DownloadParts) -> None:
        """Load what is held, blocking: make it at the start. Nothing runs before `begin`."""
        self._parts, self._bounds = parts, parts.bounds
        held = [_interrupted(each) for each in parts.shelf.load()]
        self._book = DownloadBook(held, parts.bounds.kept)
        self._news = parts.news
        self._turn = asyncio.Lock()
        self._edits: set[asyncio.Task[Any]] = set()
        self._worker: asyncio.Task[None] | None = None
        self._running: tuple[str, asyncio.Task[None]] | None = None
        self._closed = False
        # What has ended since the start, by kind and how.
        self.ended: Counter[tuple[DownloadKind, DownloadState]] = Counter()

    def under_way(self) -> Counter[DownloadState]:
        """Return how many jobs wait and run."""
        return Counter(each.state for each in self._book.live())

    def begin(self) -> None:
        """Go on with what a restart interrupted."""
        if self._book.waiting() is not None:
            self._wake()

    def drain(self) -> None:
        """End every stream: the gateway is stopping."""
        self._news.close()

    async def close(self) -> None:
        """Stop what runs; it goes on after the next start."""
        self._closed = True
        self.drain()
        await asyncio.gather(*self._edits, return_exceptions=True)
        if self._running is not None and self._book.get(self._running[0]).state.ended:
            # Its end is being kept: else it would be fetched again.
            await asyncio.wait([self._running[1]], timeout=_GRACE_S)
        tasks = {each for each in (self._worker, self._running and self._running[1]) if each}
        # Twice: a terminal that hangs does not keep the gateway.
        for _ in range(2):
            for each in tasks:
                each.cancel()
            if tasks:
                _, tasks = await asyncio.wait(tasks, timeout=_GRACE_S)

    async def start(self, wish: DownloadWish) -> DownloadChange:
        """Queue a download, or answer the one under way; see `ports.Downloads`."""
        wish = wish.check(self._bounds.symbols)
        return await self._alone(self._add(wish))

    async def cancel(self, job_id: str) -> DownloadChange:
        """End a job; see `ports.Downloads`."""
        return await self._alone(self._cancel(job_id))

    async def job(self, job_id: str) -> DownloadJob:
        """Return a job as it is now. Errors: UNKNOWN_DOWNLOAD."""
        return self._book.get(job_id)

    async def jobs(self, query: DownloadQuery) -> DownloadPage:
        """Return the jobs that match, newest first. Errors: INVALID_CURSOR."""
        return self._book.page(query)

    async def find(self, wish: DownloadWish) -> DownloadJob | None:
        """Return the job for the same, also one that ended lately; see `ports.Downloads`."""
        lately = self._book.lately(wish, self._parts.clock.now(), self._bounds.again)
        return self._book.same(wish) or lately

    async def events(self, job_id: str | None) -> AsyncGenerator[DownloadEvent, None]:
        """Stream jobs; see `ports.Downloads`."""
        present = list(self._book.live()) if job_id is None else [self._book.get(job_id)]
        async with aclosing(self._news.follow(job_id, present)) as events:
            async for event in events:
                yield event

    async def _alone(self, edit: Coroutine[Any, Any, DownloadChange]) -> DownloadChange:
        """Make a change to its end, even where its caller goes away: memory follows the disk."""

        async def run() -> DownloadChange:
            async with self._turn:
                return await edit

        task = asyncio.get_running_loop().create_task(run())
        self._edits.add(task)
        task.add_done_callback(self._edited)
        return await asyncio.shield(task)

    def _edited(self, task: asyncio.Task[DownloadChange]) -> None:
        self._edits.discard(task)
        if not task.cancelled():
            task.exception()  # a caller that went away asks for it no more

    async def _add(self, wish: DownloadWish) -> DownloadChange:
        under_way = self._book.same(wish)
        if under_way is not None:
            return DownloadChange(under_way, changed=False)
        waiting = sum(1 for _ in self._book.live())
        if waiting >= self._bounds.waiting:
            raise _too_many(waiting)
        parts = self._parts
        job = DownloadJob(
            parts.ids.new("download_"),
            wish,
            parts.downloader.source,
            parts.clock.now(),
            total=len(wish.symbols) or None,
        )
        await parts.workers.run(parts.shelf.put, job)
        self._tell(job)
        self._wake()
        return DownloadChange(job, changed=True)

    async def _cancel(self, job_id: str) -> DownloadChange:
        job = self._book.get(job_id)
        if job.state.ended:
            return DownloadChange(job, changed=False)
        job = job.cancel(self._parts.clock.now())
        # At once: a terminal that hangs may take a while to be stopped.
        self._tell(job)
        if self._running is not None and self._running[0] == job_id:
            self._running[1].cancel()
        await self._keep(job)
        return DownloadChange(job, changed=True)

    def _wake(self) -> None:
        if self._worker is None and not self._closed:
            # In nobody's name: it outlives the request that started it.
            self._worker = asyncio.get_running_loop().create_task(self._work(), context=Context())

    async def _work(self) -> None:
        """Run what waits, one after the other: a terminal stops all of its downloads at once."""
        try:
            while (job := self._book.waiting()) is not None:
                task = asyncio.get_running_loop().create_task(self._live(job))
                self._running = job.id, task
                await asyncio.wait([task])
                self._running = None
                if not task.cancelled() and (error := task.exception()) is not None:
                    await self._broken(job.id, error)
        finally:
            self._worker = None

    async def _live(self, job: DownloadJob) -> None:
        """Run a job until it has ended; while the terminal is away it waits."""
        parts = self._parts
        ends = RunParts(parts.downloader, parts.clock, self._tell, self._note)
        while not self._book.get(job.id).state.ended:
            run = DownloadRun(ends, self._book.get(job.id))
            try:
                await run.run()
            except GatewayError as error:
                if error.reason not in _AWAY:
                    self._tell(run.job.fail(parts.clock.now(), error.reason, error.message))
                else:
                    self._tell(run.job.pause(run.whole, error.message))
                    await self._note(self._book.get(job.id))
                    await parts.sleep(self._bounds.away_s)
        await self._end(self._book.get(job.id))

    async def _broken(self, job_id: str, error: BaseException) -> None:
        """End a job that our own fault has ended."""
        _logger.error("download_broken", id=job_id, exc_info=error)
        job = self._book.get(job_id)
        if not job.state.ended:
            running = job if job.state is DownloadState.RUNNING else job.begin(job.created_at)
            text = "The gateway failed; its log says why."
            self._tell(running.fail(self._parts.clock.now(), Reason.INTERNAL, text))
            await self._end(self._book.get(job_id))

    async def _end(self, job: DownloadJob) -> None:
        failed = len(job.failures)
        _logger.info(
            "download_ended", id=job.id, kind=job.wish.kind, state=job.state, failed=failed
        )
        await self._note(job)

    def _tell(self, job: DownloadJob) -> None:
        """Hold a job as it is now, and tell who follows; nothing changes one that has ended."""
        known = self._book.find(job.id)
        if known is not None and known.state.ended:
            return
        self._book.put(job)
        if job.state.ended:
            self.ended[job.wish.kind, job.state] += 1
        self._news.tell(job)

    async def _keep(self, job: DownloadJob) -> None:
        parts = self._parts
        await parts.workers.run(parts.shelf.put, job, self._book.trim())

    async def _note(self, job: DownloadJob) -> None:
        """Keep a job; where the disk refuses, it is fetched again after a restart, no more."""
        try:
            await self._keep(job)
        except GatewayError as error:
            _logger.warning("download_not_kept", id=job.id, reason=error.reason.value)


def _interrupted(job: DownloadJob) -> DownloadJob:
    """Return what ran when the gateway stopped as waiting."""
    return job.pause(job.done, _RESTARTED) if job.state is DownloadState.RUNNING else job


def _too_many(waiting: int) -> ChangeRefused:
    text = (
        f"{waiting} downloads wait or run already, and no more are allowed (downloads.waiting). "
        "Cancel one, or wait for one to end."
    )
    return ChangeRefused(Reason.DOWNLOAD_LIMIT, text, limit=waiting)
