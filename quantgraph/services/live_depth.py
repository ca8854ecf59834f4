"""Live books and queues: one upstream per watch, whatever the number of readers."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from time import monotonic
from typing import Generic, TypeAlias, TypeVar

import structlog

from quantgraph.domain.depth import DepthEvent, DepthWatch, OrderBook, OrderQueues
from quantgraph.domain.errors import (
    EpochChanged,
    GatewayError,
    LimitReached,
    Unavailable,
    bad_request,
)
from quantgraph.domain.ports.depth import DepthFeed
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import SourceState, StreamKind
from quantgraph.domain.subscriptions import attach
from quantgraph.services.depth_lines import Line, Reader
from quantgraph.services.quotes import GRACE_S, HEARTBEAT_S, MAX_SUBSCRIBERS, RETRY_S

T = TypeVar("T")
Follow: TypeAlias = Callable[[DepthWatch], AsyncGenerator[T | None, None]]
BOOK_LEVELS, QUEUE_LEVELS = 1_000, 100
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Source(Generic[T]):
    """What a kind of stream is made of."""

    follow: Follow[T]
    state: Callable[[], SourceState]
    epoch: Callable[[], str]
    levels: int


class SharedDepth:
    """Implements `DepthStream` over a terminal's feed."""

    def __init__(self, feed: DepthFeed, epoch: Callable[[], str]) -> None:
        """Follow nothing until somebody asks."""
        self._books = Shared(_Source(feed.books, feed.state, epoch, BOOK_LEVELS))
        self._queues = Shared(_Source(feed.queues, feed.state, epoch, QUEUE_LEVELS))

    @property
    def upstream_count(self) -> int:
        """Watches that are followed at the terminal now."""
        return self._books.upstream_count + self._queues.upstream_count

    def watch_books(self, watch: DepthWatch) -> AsyncGenerator[DepthEvent[OrderBook], None]:
        """Yield what becomes of a book; see the port."""
        return self._books.watch(watch)

    def watch_queues(self, watch: DepthWatch) -> AsyncGenerator[DepthEvent[OrderQueues], None]:
        """Yield what becomes of queues; see the port."""
        return self._queues.watch(watch)

    async def start_over(self) -> None:
        """End every stream because a new epoch begins, in which sequences start at 1 again."""
        error = EpochChanged(Reason.EPOCH_CHANGED, "A new epoch has begun; subscribe again.")
        await self._books.end(error)
        await self._queues.end(error)

    async def close(self) -> None:
        """End every upstream and tell every reader."""
        text = "The gateway is stopping; connect again later."
        error = Unavailable(Reason.SHUTTING_DOWN, text)
        await self._books.close(error)
        await self._queues.close(error)


class Shared(Generic[T]):
    """One kind of stream; the last reader leaving ends an upstream after a grace period."""

    def __init__(self, source: _Source[T]) -> None:
        """Follow nothing until somebody asks."""
        self._source = source
        self._lines: dict[DepthWatch, Line[T]] = {}
        # Sequences outlive their upstream: within an epoch a number is never given twice.
        self._sequences: dict[DepthWatch, int] = {}
        self._readers = 0
        self._closed: GatewayError | None = None

    @property
    def upstream_count(self) -> int:
        """Watches that are followed now."""
        return len(self._lines)

    async def watch(self, watch: DepthWatch) -> AsyncGenerator[DepthEvent[T], None]:
        """Yield a snapshot, then the newest state at each change, and a heartbeat every 5 s."""
        self._check(watch)
        line = self._join(watch)
        try:
            await line.opened()
            reader = Reader(line, watch)
            attach(reader)
            yield reader.event(StreamKind.SNAPSHOT)
            async for event in self._updates(reader, line):
                yield event
        finally:
            self._leave(watch, line)

    async def end(self, error: GatewayError) -> None:
        """End every stream with an error; sequences start anew."""
        self._sequences.clear()
        # Taken away first: whoever comes while they end begins upstreams of its own.
        ended, self._lines = list(self._lines.values()), {}
        for line in ended:
            line.fail(error)
            if line.ending is not None:
                line.ending.cancel()
        tasks = [line.task for line in ended if line.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self, error: GatewayError) -> None:
        """End every stream with an error, and take no more."""
        self._closed = error
        await self.end(error)

    async def _updates(
        self, reader: Reader[T], line: Line[T]
    ) -> AsyncGenerator[DepthEvent[T], None]:
        beat = monotonic() + HEARTBEAT_S
        while True:
            late = reader.late()
            if late:
                yield reader.event(StreamKind.UPDATE)
            if reader.turned() or monotonic() >= beat:
                beat = monotonic() + HEARTBEAT_S
                state = self._source.state()
                state = replace(state, connected=state.connected and not line.lost)
                yield reader.beat(state)
            elif not late:
                await line.rest(max(beat - monotonic(), 0.0))

    def _check(self, watch: DepthWatch) -> None:
        if self._closed is not None:
            raise self._closed
        if not 1 <= watch.levels <= self._source.levels:
            text = f"levels is {watch.levels}; ask for 1 to {self._source.levels}."
            raise bad_request(text, field="levels")
        if self._readers >= MAX_SUBSCRIBERS:
            text = f"{self._readers} such streams are open; this is the most."
            raise LimitReached(Reason.SUBSCRIPTION_LIMIT, text)

    def _join(self, watch: DepthWatch) -> Line[T]:
        line = self._lines.get(watch)
        if line is None:
            line = Line[T](self._source.epoch(), self._sequences.get(watch, 0))
            self._lines[watch] = line
            line.task = asyncio.create_task(self._follow(watch, line))
        if line.ending is not None:
            line.ending.cancel()
            line.ending = None
        line.readers += 1
        self._readers += 1
        return line

    def _leave(self, watch: DepthWatch, line: Line[T]) -> None:
        self._readers -= 1
        line.readers -= 1
        if not line.readers and self._lines.get(watch) is line:
            loop = asyncio.get_running_loop()
            line.ending = loop.call_later(GRACE_S, self._end, watch, line)

    def _end(self, watch: DepthWatch, line: Line[T]) -> None:
        if self._forget(watch, line) and line.task is not None:
            line.task.cancel()

    def _forget(self, watch: DepthWatch, line: Line[T]) -> bool:
        if self._lines.get(watch) is not line:
            return False
        if line.sequence:
            self._sequences[watch] = line.sequence
        del self._lines[watch]
        return True

    async def _follow(self, watch: DepthWatch, line: Line[T]) -> None:
        """Carry what is told to its readers until cancelled; a lost feed is taken up again."""
        while True:
            try:
                async with aclosing(self._source.follow(watch)) as items:
                    async for item in items:
                        line.publish(item)
                error: Exception = Unavailable(Reason.SOURCE_UNAVAILABLE, "The feed has ended.")
            except Exception as found:
                error = found
            final = isinstance(error, GatewayError) and not isinstance(error, Unavailable)
            if final or not line.ready:
                # What the terminal will never tell is no loss.
                if self._forget(watch, line) and line.ending is not None:
                    line.ending.cancel()
                line.fail(error)
                return
            if not line.lost:
                _log.warning("depth_lost", symbol=watch.symbol, error=type(error).__name__)
            line.lose()
            await asyncio.sleep(RETRY_S)
