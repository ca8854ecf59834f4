"""Writes to the order journal, on a thread of their own: whatever waits shares the next fsync.

The thread belongs to the journal alone. Reads, imports and all else that is slow have a pool
(`workers.py`); nothing of it ever stands between a sent order and the record of its outcome.
"""

import asyncio
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Literal, TypeAlias

import structlog

from quantgraph.domain.errors import LimitReached, Unavailable
from quantgraph.domain.journal import Entry, Journal, Outcome, Recorded
from quantgraph.domain.reasons import Reason

_Asked: TypeAlias = tuple[Entry, "asyncio.Future[Recorded]"]
_Found: TypeAlias = Recorded | Exception
# Hears on the loop what has become durable, in that order, before those who asked for it.
Heard: TypeAlias = Callable[[Entry, Recorded], None]
# Seconds until outcomes that the disk did not take are offered to it again.
_PAUSE_S = 0.5
# Seconds of rest until the journal's newest entry is anchored.
_REST_S = 1.0
_logger = structlog.get_logger(__name__)


class Recorder:
    """Keeps the order in which entries came; a lone one waits for nobody.

    An intent that cannot be written is answered with its error, and is not sent. An outcome tells
    what has happened already: it stays until it is written, and so does its caller.
    """

    def __init__(
        self,
        journal: Journal,
        places: int,
        pause_s: float = _PAUSE_S,
        heard: Heard | None = None,
        took: Callable[[float], None] | None = None,
    ) -> None:
        """Record in `journal`; at most `places` orders, and as many cancels, are on their way.

        `took` hears how many seconds an entry took to be durable.
        """
        self._journal = journal
        self._heard, self._took = heard, took
        self._places = places
        # Apart: orders that wait for a broken disk must not keep anybody from canceling.
        self._free = {"orders": places, "cancels": places}
        self._waiting = self._under_way = 0
        self._pause = pause_s
        self._gathered: list[_Asked] = []
        self._queue: SimpleQueue[list[_Asked] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._ended = asyncio.Event()
        self._closing = self._ending = False

    @property
    def waiting(self) -> int:
        """How many outcomes the disk has not taken yet. Any thread may ask."""
        return self._waiting

    @property
    def quiet(self) -> bool:
        """Whether all that was asked for has been heard of: the file has nothing newer."""
        return not self._under_way

    def resize(self, places: int) -> None:
        """Let so many be on their way from now on; those that are stay."""
        for what in self._free:
            self._free[what] += places - self._places
        self._places = places

    @contextmanager
    def place(self, what: Literal["orders", "cancels"] = "orders") -> Generator[None, None, None]:
        """Hold a place for an order, from before its intent until its outcome is recorded.

        So the queue is bounded, and has room for every outcome. Raises LimitReached OVERLOADED.
        """
        if self._free[what] <= 0:
            text = f"{self._places} {what} are on their way already; try again later."
            raise LimitReached(Reason.OVERLOADED, text)
        self._free[what] -= 1
        try:
            yield
        finally:
            self._free[what] += 1

    async def record(self, entry: Entry) -> Recorded:
        """Return when the entry is durable. Errors: those of `Journal.record`.

        A caller that gives up stops waiting; its entry is recorded all the same.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Recorded] = loop.create_future()
        if not self._gathered:
            # After all that is ready to run: what comes in one turn of the loop goes together.
            loop.call_soon(self._pass_on)
        self._gathered.append((entry, answer))
        self._under_way += 1
        began = monotonic()
        recorded = await answer
        if self._took is not None:
            self._took(monotonic() - began)
        return recorded

    async def close(self) -> None:
        """Return when everything that was asked for is recorded, or was tried a last time.

        What is asked for later is tried once; close again then.
        """
        self._closing = True
        self._pass_on()
        while self._thread is not None:
            self._ending = True
            self._queue.put(None)
            await self._ended.wait()
            self._thread.join()
            self._thread, self._ending = None, False
            self._pass_on()

    def _pass_on(self) -> None:
        # A thread that was told to end looks at nothing behind that: the next one gets it.
        if not self._gathered or self._ending:
            return
        if self._thread is None:
            self._ended.clear()
            loop = asyncio.get_running_loop()
            # A daemon: a loop that died without `close` must not keep the process.
            self._thread = threading.Thread(
                target=self._write, args=(loop,), name="quantgraph-journal", daemon=True
            )
            self._thread.start()
        asked, self._gathered = self._gathered, []
        self._queue.put(asked)

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        kept: list[_Asked] = []
        open_, anchored = True, True
        while open_:
            asked, open_ = self._take(kept, None if anchored else _REST_S)
            if not asked:
                anchored = anchored or self._anchor()
                continue
            anchored = False
            found = self._commit([entry for entry, _ in asked])
            pairs = list(zip(asked, found, strict=True))
            kept = [] if self._closing else [each for each, of in pairs if _unwritten(each, of)]
            self._tell(len(kept), sum(_refused(each, of) for each, of in pairs))
            if kept:
                pairs = [(each, of) for each, of in pairs if not _unwritten(each, of)]
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(self._give, pairs)
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._ended.set)

    def _tell(self, waiting: int, refused: int) -> None:
        """Say in the log what the disk did not take; the same that still waits only once."""
        if waiting and waiting != self._waiting:
            _logger.error("outcomes_wait_for_the_disk", count=waiting)
        self._waiting = waiting
        if refused:
            _logger.error("intents_refused_by_the_disk", count=refused)

    def _take(self, kept: list[_Asked], rest: float | None) -> tuple[list[_Asked], bool]:
        """Wait for work, and return all there is behind what was kept; False at the end.

        Nothing comes back where nothing was asked for in `rest` seconds.
        """
        asked = list(kept)
        with suppress(Empty):
            wait = self._pause if kept else rest
            while (more := self._queue.get(timeout=wait)) is not None:
                asked += more
                wait = 0
            return asked, False
        return asked, True

    def _anchor(self) -> bool:
        self._journal.anchor()
        return True

    def _give(self, pairs: Sequence[tuple[_Asked, _Found]]) -> None:
        for (entry, answer), found in pairs:
            self._under_way -= 1
            if self._heard is not None and isinstance(found, Recorded):
                self._heard(entry, found)
            if answer.done():
                continue
            if isinstance(found, Exception):
                answer.set_exception(found)
            else:
                answer.set_result(found)

    def _commit(self, entries: list[Entry]) -> Sequence[_Found]:
        if not entries:
            return []
        try:
            return self._journal.record(entries)
        except Exception as error:
            return [error] * len(entries)


def _refused(asked: _Asked, found: _Found) -> bool:
    """Return whether this is an intent that the disk did not take: it goes no further."""
    return not isinstance(asked[0], Outcome) and isinstance(found, Unavailable)


def _unwritten(asked: _Asked, found: _Found) -> bool:
    """Return whether this is an outcome that the disk did not take."""
    return isinstance(asked[0], Outcome) and isinstance(found, Unavailable)
