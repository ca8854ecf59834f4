"""Live bars shared: one upstream per symbol and period, whatever the number of readers."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

import structlog

from quantgraph.domain.bars import Period
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import EpochChanged, GatewayError, LimitReached, Unavailable
from quantgraph.domain.live_bars import BarEvent, BarWatch
from quantgraph.domain.ports.market import BarFeed, Bars
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import StreamKind
from quantgraph.domain.subscriptions import attach
from quantgraph.services.bar_lines import Line, Reader
from quantgraph.services.forming import Former
from quantgraph.services.quotes import GRACE_S, HEARTBEAT_S, MAX_SUBSCRIBERS, RETRY_S

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BarSources:
    """What live bars are made of: the feed, the bars that are `bars`, clock and epoch."""

    feed: BarFeed
    bars: Bars
    clock: Clock
    epoch: Callable[[], str]
    monotonic: Callable[[], float] = time.monotonic


class SharedBars:
    """Implements `BarStream`; the last reader leaving ends an upstream after a grace period."""

    def __init__(self, sources: BarSources) -> None:
        """Follow nothing until somebody asks."""
        self._sources = sources
        self._lines: dict[BarWatch, Line] = {}
        # Sequences outlive their upstream: within an epoch a number is never given twice.
        self._sequences: dict[BarWatch, int] = {}
        self._readers = 0
        self._closed: GatewayError | None = None

    @property
    def upstream_count(self) -> int:
        """Symbols and periods followed now."""
        return len(self._lines)

    async def watch(self, watch: BarWatch) -> AsyncGenerator[BarEvent, None]:
        """Yield a snapshot, then updates, and a heartbeat at least every 5 s."""
        self._check()
        line = self._join(watch)
        try:
            await line.opened()
            reader = Reader(line, watch)
            attach(reader)
            yield reader.snapshot()
            async for event in self._updates(reader, line, watch):
                yield event
        finally:
            self._leave(watch, line)

    async def start_over(self) -> None:
        """End every stream because a new epoch begins, in which sequences start at 1 again."""
        self._sequences.clear()
        text = "A new epoch has begun; subscribe again."
        await self._end_all(EpochChanged(Reason.EPOCH_CHANGED, text))

    async def close(self) -> None:
        """End every upstream and tell every reader."""
        text = "The gateway is stopping; connect again later."
        self._closed = Unavailable(Reason.SHUTTING_DOWN, text)
        await self._end_all(self._closed)

    async def _updates(
        self, reader: Reader, line: Line, watch: BarWatch
    ) -> AsyncGenerator[BarEvent, None]:
        monotonic = self._sources.monotonic
        beat = monotonic() + HEARTBEAT_S
        while True:
            waiting = reader.updates()
            for told in waiting:
                yield reader.update(told)
            if reader.turned() or monotonic() >= beat:
                beat = monotonic() + HEARTBEAT_S
                yield self._beat(line, watch)
            elif not waiting:
                await line.rest(max(beat - monotonic(), 0.0))

    def _beat(self, line: Line, watch: BarWatch) -> BarEvent:
        state = self._sources.feed.state()
        state = replace(state, connected=state.connected and not line.lost)
        kind, epoch = StreamKind.HEARTBEAT, line.epoch
        return BarEvent(kind, epoch, watch.symbol, watch.period, source=state)

    def _check(self) -> None:
        if self._closed is not None:
            raise self._closed
        if self._readers >= MAX_SUBSCRIBERS:
            text = f"{self._readers} streams of bars are open; this is the most."
            raise LimitReached(Reason.SUBSCRIPTION_LIMIT, text)

    def _join(self, watch: BarWatch) -> Line:
        line = self._lines.get(watch)
        if line is None:
            line = Line(self._sources.epoch(), self._sequences.get(watch, 0))
            self._lines[watch] = line
            line.task = asyncio.create_task(self._follow(watch, line))
        if line.ending is not None:
            line.ending.cancel()
            line.ending = None
        line.readers += 1
        self._readers += 1
        return line

    def _leave(self, watch: BarWatch, line: Line) -> None:
        self._readers -= 1
        line.readers -= 1
        if not line.readers and self._lines.get(watch) is line:
            loop = asyncio.get_running_loop()
            line.ending = loop.call_later(GRACE_S, self._end, watch, line)

    def _end(self, watch: BarWatch, line: Line) -> None:
        if self._forget(watch, line) and line.task is not None:
            line.task.cancel()

    def _forget(self, watch: BarWatch, line: Line) -> bool:
        if self._lines.get(watch) is not line:
            return False
        if line.sequence:
            self._sequences[watch] = line.sequence
        del self._lines[watch]
        return True

    async def _end_all(self, error: GatewayError) -> None:
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

    async def _follow(self, watch: BarWatch, line: Line) -> None:
        """Carry one symbol's bars to its readers until cancelled; a lost feed is taken up again."""
        sources = self._sources
        former = Former(watch, line, (sources.bars, sources.clock, sources.epoch))
        while True:
            try:
                await self._carry(watch, line, former)
                error: Exception = Unavailable(Reason.SOURCE_UNAVAILABLE, "The feed has ended.")
            except Exception as found:
                error = found
            if not line.ready:
                self._forget(watch, line)
                line.fail(error)
                return
            if not line.lost:
                _log.warning("bars_lost", symbol=watch.symbol, error=type(error).__name__)
            line.lose()
            await asyncio.sleep(RETRY_S)

    async def _carry(self, watch: BarWatch, line: Line, former: Former) -> None:
        if not line.ready:  # whether there is such a symbol, and why it has no bars
            await former.advance(None)
        base: Period = watch.period.base
        async with aclosing(self._sources.feed.follow(watch.symbol, base)) as bars:
            async for bar in bars:
                await former.advance(bar)
                line.lost = False
                line.open()
