"""Streams that many share: one upstream per watch, whatever the number of readers."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Generic, Protocol, TypeVar

import structlog

from quantgraph.domain.errors import EpochChanged, GatewayError, LimitReached, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import SourceState
from quantgraph.domain.subscriptions import attach
from quantgraph.services.lines import Following, Line
from quantgraph.services.quotes import GRACE_S, HEARTBEAT_S, MAX_SUBSCRIBERS, RETRY_S

_log = structlog.get_logger(__name__)


class Watch(Hashable, Protocol):
    """What is followed: equal ones share an upstream."""

    @property
    def symbol(self) -> str:
        """Whose it is."""
        ...


W = TypeVar("W", bound=Watch)
L = TypeVar("L", bound=Line)
E = TypeVar("E")


def never(_: Exception) -> bool:
    """Take up a lost upstream again, whatever it was lost by."""
    return False


@dataclass(frozen=True, slots=True)
class Kind(Generic[W, L, E]):
    """What one kind of stream is made of.

    `carry` makes, for each line, what carries the upstream to it until that ends; it is called
    again after a loss. `over`: whether an error of an open line is its end, and no loss. `name` is
    that of its losses in the log.
    """

    name: str
    line: Callable[[str, int], L]
    reader: Callable[[L, W], Following[E]]
    carry: Callable[[W, L], Callable[[], Awaitable[None]]]
    state: Callable[[], SourceState]
    epoch: Callable[[], str]
    over: Callable[[Exception], bool] = never
    monotonic: Callable[[], float] = monotonic


class Upstreams(Generic[W, L, E]):
    """One kind of stream; the last reader leaving ends an upstream after a grace period."""

    def __init__(self, kind: Kind[W, L, E]) -> None:
        """Follow nothing until somebody asks."""
        self._kind = kind
        self._lines: dict[W, L] = {}
        # Sequences outlive their upstream: within an epoch a number is never given twice.
        self._sequences: dict[W, int] = {}
        self._readers = 0
        self._closed: GatewayError | None = None

    @property
    def count(self) -> int:
        """Watches that are followed now."""
        return len(self._lines)

    async def watch(self, watch: W) -> AsyncGenerator[E, None]:
        """Yield a snapshot, then what is new, and a heartbeat at least every 5 s."""
        self._check()
        line = self._join(watch)
        try:
            await line.opened()
            reader = self._kind.reader(line, watch)
            attach(reader)
            yield reader.snapshot()
            async for event in self._updates(reader, line):
                yield event
        finally:
            self._leave(watch, line)

    async def start_over(self) -> None:
        """End every stream because a new epoch begins, in which sequences start at 1 again."""
        self._sequences.clear()
        text = "A new epoch has begun; subscribe again."
        await self._end_all(EpochChanged(Reason.EPOCH_CHANGED, text))

    async def close(self) -> None:
        """End every upstream and tell every reader; take no more."""
        text = "The gateway is stopping; connect again later."
        self._closed = Unavailable(Reason.SHUTTING_DOWN, text)
        await self._end_all(self._closed)

    async def _updates(self, reader: Following[E], line: L) -> AsyncGenerator[E, None]:
        now = self._kind.monotonic
        beat = now() + HEARTBEAT_S
        while True:
            told = False
            for event in reader.news():
                told = True
                yield event
            if reader.turned() or now() >= beat:
                beat = now() + HEARTBEAT_S
                state = self._kind.state()
                yield reader.beat(replace(state, connected=state.connected and not line.lost))
            elif not told:
                await line.rest(max(beat - now(), 0.0))

    def _check(self) -> None:
        if self._closed is not None:
            raise self._closed
        if self._readers >= MAX_SUBSCRIBERS:
            text = f"{self._readers} such streams are open; this is the most."
            raise LimitReached(Reason.SUBSCRIPTION_LIMIT, text)

    def _join(self, watch: W) -> L:
        line = self._lines.get(watch)
        if line is None:
            line = self._kind.line(self._kind.epoch(), self._sequences.get(watch, 0))
            self._lines[watch] = line
            line.task = asyncio.create_task(self._follow(watch, line))
        if line.ending is not None:
            line.ending.cancel()
            line.ending = None
        line.readers += 1
        self._readers += 1
        return line

    def _leave(self, watch: W, line: L) -> None:
        self._readers -= 1
        line.readers -= 1
        if not line.readers and self._lines.get(watch) is line:
            loop = asyncio.get_running_loop()
            line.ending = loop.call_later(GRACE_S, self._end, watch, line)

    def _end(self, watch: W, line: L) -> None:
        if self._forget(watch, line) and line.task is not None:
            line.task.cancel()

    def _forget(self, watch: W, line: L) -> bool:
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

    async def _follow(self, watch: W, line: L) -> None:
        """Carry what is told to its readers until cancelled; a lost feed is taken up again."""
        carry = self._kind.carry(watch, line)
        while True:
            try:
                await carry()
                error: Exception = Unavailable(Reason.SOURCE_UNAVAILABLE, "The feed has ended.")
            except Exception as found:
                error = found
            if not line.ready or self._kind.over(error):
                # What will never be told is no loss.
                if self._forget(watch, line) and line.ending is not None:
                    line.ending.cancel()
                line.fail(error)
                return
            if not line.lost:
                lost, why = f"{self._kind.name}_lost", type(error).__name__
                _log.warning(lost, symbol=watch.symbol, error=why)
            line.lose()
            await asyncio.sleep(RETRY_S)
