"""A far log that many here read: followed once, whatever the number of readers."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from contextvars import Context
from typing import Generic, TypeAlias

import structlog

from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor, StreamKind
from quantgraph.domain.subscriptions import attach
from quantgraph.services.log_lines import E, Gap, LogLine, LogReader
from quantgraph.services.quotes import GRACE_S, HEARTBEAT_S, RETRY_S

_log = structlog.get_logger(__name__)
Events: TypeAlias = Callable[[LogCursor], AsyncGenerator[E, None]]


class SharedLog(Generic[E]):
    """Implements `events` of a log's port over a far one, which is asked once for each account.

    Who begins, or has fallen behind the ring, reads from `far` until it is where the others are.
    """

    def __init__(self, far: Events[E], feed: Events[E] | None = None) -> None:
        """Follow nothing yet; `feed` tells what the lines are told, `far` where there is none.

        `feed` may leave out, repeat and turn around: it is then begun anew behind what was told.
        """
        self._far = far
        self._feed = feed or far
        self._lines: dict[str, LogLine[E]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed: GatewayError | None = None

    @property
    def count(self) -> int:
        """Logs that are followed now."""
        return len(self._lines)

    async def events(self, cursor: LogCursor) -> AsyncGenerator[E, None]:
        """Yield the log from a place on, each number once; as `far` does."""
        reader = LogReader(cursor.account_id, cursor.epoch, cursor.after)
        while True:
            line = self._line(reader)
            told = self._caught(reader) if line is None else self._followed(reader, line)
            async with aclosing(told) as events:
                async for event in events:
                    yield event

    def drain(self) -> None:
        """End every stream, telling its reader to come back later."""
        text = "The gateway is stopping; go on later behind the newest number."
        self._closed = Unavailable(Reason.SHUTTING_DOWN, text)
        for line in list(self._lines.values()):
            self._end(line, self._closed)

    async def close(self) -> None:
        """Wait until nothing is under way any more."""
        self.drain()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _caught(self, reader: LogReader) -> AsyncGenerator[E, None]:
        """Yield from far until the line has what comes next."""
        if self._closed is not None:
            raise self._closed
        try:
            async with aclosing(self._far(reader.cursor())) as events:
                async for event in events:
                    again = event.kind is StreamKind.CAUGHT_UP and reader.caught_up
                    reader.took(event)
                    attach(reader)
                    if event.kind is StreamKind.CAUGHT_UP and reader.account_id not in self._lines:
                        self._begin(reader.account_id, event)
                    if not again:
                        yield event
                    if self._line(reader) is not None:
                        return
        except GatewayError as error:
            line = self._lines.get(reader.account_id)
            if error.reason is not Reason.TERMINAL_OFFLINE or line is None or not reader.delivered:
                raise
            # Whoever has begun is told that it is away, and goes on when it is not.
            yield line.gone()
            await line.rest(HEARTBEAT_S)

    async def _followed(self, reader: LogReader, line: LogLine[E]) -> AsyncGenerator[E, None]:
        """Yield what the line is told, until the reader has fallen behind its ring."""
        reader.newest = lambda: line.sequence
        attach(reader)
        self._join(line)
        try:
            beats = line.beats
            while (after := reader.after or 0) >= line.low:
                if news := line.behind(after):
                    for event in news:
                        reader.took(event)
                        yield event
                elif not reader.caught_up:
                    reader.took(mark := line.caught_up())
                    yield mark
                elif beats != line.beats and line.beat is not None:
                    beats = line.beats
                    yield line.beat
                else:
                    line.check()
                    await line.rest(HEARTBEAT_S)
        finally:
            self._leave(line)

    def _line(self, reader: LogReader) -> LogLine[E] | None:
        line = self._lines.get(reader.account_id)
        return line if line is not None and line.holds(reader) else None

    def _begin(self, account_id: str, mark: E) -> None:
        if self._closed is None:
            line = self._lines[account_id] = LogLine(account_id, mark)
            # Of nobody's stream: what is read here is read for all.
            task = asyncio.get_running_loop().create_task(self._carry(line), context=Context())
            line.task = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            self._ending(line)

    def _join(self, line: LogLine[E]) -> None:
        line.readers += 1
        if line.ending is not None:
            line.ending.cancel()
            line.ending = None

    def _leave(self, line: LogLine[E]) -> None:
        line.readers -= 1
        if not line.readers:
            self._ending(line)

    def _ending(self, line: LogLine[E]) -> None:
        loop = asyncio.get_running_loop()
        line.ending = loop.call_later(GRACE_S, self._end, line, Gap())

    def _end(self, line: LogLine[E], error: Exception) -> None:
        if self._lines.get(line.account_id) is line:
            del self._lines[line.account_id]
        if line.ending is not None:
            line.ending.cancel()
        if line.task is not None:
            line.task.cancel()
        line.fail(error)

    async def _carry(self, line: LogLine[E]) -> None:
        """Take what is told until somebody says that no more will be."""
        loop = asyncio.get_running_loop()
        due = 0.0
        while True:
            try:
                await self._take(line)
            except Gap:
                _log.info("log_read_anew", sequence=line.sequence)
                await asyncio.sleep(RETRY_S)
                continue
            except GatewayError as error:
                if error.reason is not Reason.TERMINAL_OFFLINE:
                    self._end(line, error)
                    return
            except Exception as error:
                _log.exception("far_log_not_understood")
                self._end(line, error)
                return
            if loop.time() >= due:
                due = loop.time() + HEARTBEAT_S
                line.away()
            await asyncio.sleep(RETRY_S)

    async def _take(self, line: LogLine[E]) -> None:
        line.whole = False
        place = LogCursor(line.account_id, line.epoch, line.sequence)
        async with aclosing(self._feed(place)) as events:
            async for event in events:
                line.take(event)
