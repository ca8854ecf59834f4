"""One thread for all calls of the data SDK: it has no locks of its own, and no deadlines."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from time import monotonic
from typing import Any, Generic, TypeVar

import structlog

from quantgraph.backends.xtquant.crossing import enter
from quantgraph.domain.errors import GatewayError, LimitReached, Unavailable
from quantgraph.domain.reasons import Reason

R = TypeVar("R")
_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DataLimits:
    """Bounds of the calls. `seconds`: what a call may take once it runs, and may wait before.

    `waiting`: calls that wait at most. After a call that hangs nothing is asked for
    `pause_seconds`, then a fresh thread takes over; at most `lost_threads` hang at once.
    """

    seconds: float = 30.0
    waiting: int = 256
    pause_seconds: float = 3.0
    lost_threads: int = 2


@dataclass(slots=True, eq=False)
class _Job(Generic[R]):
    work: Callable[[], R]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[R]
    started: float | None = None
    dropped: bool = False

    def run(self) -> None:
        self.started = monotonic()
        try:
            result = self.work()
        except BaseException as error:
            self._tell(self.answer.set_exception, error)
        else:
            self._tell(self.answer.set_result, result)

    def _tell(self, say: Callable[[Any], None], what: object) -> None:
        enter(self.loop, self._say, say, what)

    def _say(self, say: Callable[[Any], None], what: object) -> None:
        if not self.answer.done():
            say(what)


class _Line:
    """A thread and what waits for it. A daemon: a call that hangs must not keep the process."""

    def __init__(self, number: int) -> None:
        self.jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self.stuck = False
        self._thread = threading.Thread(target=self._work, name=f"xtdata-{number}", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while (job := self.jobs.get()) is not None:
            if not job.dropped:
                job.run()
            # A future keeps what it was given: columns of megabytes must not wait for the next.
            del job

    def close(self) -> None:
        self.jobs.put(None)


@dataclass(slots=True)
class DataState:
    """How the data thread fares. `hanging` calls have not come back from the SDK."""

    waiting: int = 0
    hanging: int = 0
    refused_until: float = field(default=0.0, repr=False)


class DataThread:
    """Runs blocking SDK calls one after the other, each with a deadline of its own.

    A call that passes it is answered TIMED_OUT, and goes on alone: nothing can stop it. Until it
    comes back, or a fresh thread takes over, all others are SOURCE_UNAVAILABLE.
    """

    def __init__(self, limits: DataLimits | None = None) -> None:
        """Start nothing: what is made and never asked has no thread to end."""
        self._limits = limits or DataLimits()
        self._made = 0
        self._jobs: set[_Job[Any]] = set()
        self._line: _Line | None = None
        self.state = DataState()

    async def run(self, work: Callable[[], R], seconds: float | None = None) -> R:
        """Run blocking work on the thread and return its result, or raise what it raised.

        Errors: OVERLOADED where too many wait, TIMED_OUT past the deadline, SOURCE_UNAVAILABLE
        while an earlier call hangs.
        """
        self._check()
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future())
        self._jobs.add(job)
        self.state.waiting += 1
        self._line = line = self._line or self._fresh()
        line.jobs.put(job)
        try:
            return await self._answer(job, self._limits.seconds if seconds is None else seconds)
        finally:
            job.dropped = True
            self.state.waiting -= 1
            self._jobs.discard(job)

    def close(self) -> None:
        """End the thread after what runs now; what waits is dropped."""
        for job in self._jobs:
            job.dropped = True
            job.answer.cancel()
        if self._line is not None:
            self._line.close()

    async def _answer(self, job: _Job[R], seconds: float) -> R:
        """Wait as long for its turn as it may then take: a call behind a slow one is not late."""
        done, _ = await asyncio.wait([job.answer], timeout=seconds)
        if not done and job.started is not None:
            left = max(job.started + seconds - monotonic(), 0)
            done, _ = await asyncio.wait([job.answer], timeout=left)
        if done:
            return await job.answer
        if job.started is not None:
            self._lose(job, seconds)
        # Cancelled: whatever it still says is nobody's, and no unread exception is reported.
        job.answer.cancel()
        text = f"The terminal did not answer within {seconds:g} s."
        raise Unavailable(Reason.TIMED_OUT, text, seconds=f"{seconds:g}")

    def _lose(self, job: _Job[Any], seconds: float) -> None:
        """Give the thread up that hangs, and tell all who wait behind it."""
        line = self._line
        if line is None or line.stuck:
            return
        line.stuck = True
        self.state.hanging += 1
        self.state.refused_until = monotonic() + self._limits.pause_seconds
        _logger.error("terminal_call_hangs", seconds=seconds, hanging=self.state.hanging)
        for other in self._jobs - {job}:
            other.dropped = True
            if not other.answer.done():
                other.answer.set_exception(self._away())
        # Its place in the queue is reached when the hung call comes back.
        loop = job.loop
        line.jobs.put(_Job(lambda: None, loop, self._returned(loop, line)))

    def _returned(self, loop: asyncio.AbstractEventLoop, line: _Line) -> asyncio.Future[None]:
        back: asyncio.Future[None] = loop.create_future()

        def resume(_: asyncio.Future[None]) -> None:
            self.state.hanging -= 1
            line.stuck = False
            _logger.info("terminal_call_returned", hanging=self.state.hanging)
            if line is self._line:
                self.state.refused_until = 0.0
            else:
                line.close()

        back.add_done_callback(resume)
        return back

    def _check(self) -> None:
        if self._line is not None and self._line.stuck:
            rested = monotonic() >= self.state.refused_until
            if not rested or self.state.hanging >= self._limits.lost_threads:
                raise self._away()
            self._line = self._fresh()
        if self.state.waiting >= self._limits.waiting:
            text = f"{self.state.waiting} calls wait for the terminal already; try again later."
            raise LimitReached(Reason.OVERLOADED, text)

    def _fresh(self) -> _Line:
        self._made += 1
        return _Line(self._made)

    def _away(self) -> GatewayError:
        text = "The terminal does not answer: an earlier call of its data service hangs."
        return Unavailable(Reason.SOURCE_UNAVAILABLE, text)
