"""Quotes in memory, and streams that say what a test says."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from quantgraph.domain.errors import (
    GatewayError,
    unknown_symbol,
)
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.snapshots import QUOTE_FIELDS, QuoteColumns
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import (
    QuoteEvent,
    QuoteWatch,
    SourceState,
    StreamKind,
)
from quantgraph.domain.subscriptions import Tally
from quantgraph.services.broadcast import Broadcast
from tests.grpc_bridge.memory.bars import SYMBOLS


def quote(symbol: str, price: float) -> Quote:
    level = (Level(price, 100),)
    figures = (price, None, None, None, 9.5, 1000, 10_000.0)
    return Quote(symbol, 1_700_000_000_000, *figures, level, level, False, Source.SIMULATED)


class MemoryQuotes:
    async def quotes(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        return [quote(each, 10.0) if each in SYMBOLS else unknown_symbol(each) for each in symbols]

    async def board(self, symbols: Sequence[str], fields: tuple[str, ...]) -> QuoteColumns:
        listed = tuple(each for each in symbols if each in SYMBOLS)
        values = {name: np.arange(len(listed)).astype(QUOTE_FIELDS[name]) for name in fields}
        return QuoteColumns(listed, Source.SIMULATED, values, {})


@dataclass
class MemoryStream:
    """Says a snapshot, then what a test puts in; counts its readers."""

    waiting: list[asyncio.Queue[QuoteEvent | Exception]] = field(default_factory=list)
    watched: list[QuoteWatch] = field(default_factory=list)
    taps: list["MemoryTap"] = field(default_factory=list)
    sent: int = 0
    endless: bool = False

    @property
    def readers(self) -> int:
        return len(self.waiting)

    async def watch(self, watch: QuoteWatch) -> AsyncGenerator[QuoteEvent, None]:
        inbox: asyncio.Queue[QuoteEvent | Exception] = asyncio.Queue()
        self.waiting.append(inbox)
        self.watched.append(watch)
        try:
            for symbol in watch.symbols:
                if symbol not in SYMBOLS:
                    raise unknown_symbol(symbol)
                yield QuoteEvent(StreamKind.SNAPSHOT, "e1", quote(symbol, 10.0), 1)
            while self.endless:
                self.sent += 1
                # A long epoch: what the connection buffers is soon full.
                newest = quote(watch.symbols[0], 10.0)
                yield QuoteEvent(StreamKind.UPDATE, "e" * 100_000, newest, self.sent)
            while True:
                event = await inbox.get()
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.waiting.remove(inbox)

    def broadcast(self, gather_s: float) -> Broadcast:
        return Broadcast(self, gather_s)

    async def tap(self, watch: QuoteWatch, wake: Callable[[float], None]) -> "MemoryTap":
        self.watched.append(watch)
        for symbol in watch.symbols:
            if symbol not in SYMBOLS:
                raise unknown_symbol(symbol)
        return MemoryTap(self, watch, wake)

    def say(self, event: QuoteEvent | Exception) -> None:
        for inbox in self.waiting:
            inbox.put_nowait(event)
        for tap in self.taps:
            tap.wake(0.0)


class MemoryTap:
    """Implements `QuoteTap` for one reader."""

    def __init__(
        self, stream: MemoryStream, watch: QuoteWatch, wake: Callable[[float], None]
    ) -> None:
        self.stream, self.wake, self.watch = stream, wake, watch
        self.inbox: asyncio.Queue[QuoteEvent | Exception] = asyncio.Queue()
        for symbol in watch.symbols:
            snapshot = QuoteEvent(StreamKind.SNAPSHOT, "e1", quote(symbol, 10.0), 1)
            self.inbox.put_nowait(snapshot)
        stream.waiting.append(self.inbox)
        stream.taps.append(self)

    def due(self, most: int) -> list[QuoteEvent]:
        found: list[QuoteEvent] = []
        while not self.inbox.empty() and len(found) < most:
            event = self.inbox.get_nowait()
            if isinstance(event, Exception):
                raise event
            found.append(event)
        if not found and self.stream.endless:
            self.stream.sent += 1
            # A long epoch: what the connection buffers is soon full.
            newest = quote(self.watch.symbols[0], 10.0)
            found.append(QuoteEvent(StreamKind.UPDATE, "e" * 100_000, newest, self.stream.sent))
        return found

    def next_due(self) -> float | None:
        return None if self.inbox.empty() and not self.stream.endless else 0.0

    def tally(self) -> Tally:
        return Tally(0, 0, self.inbox.qsize(), len(self.watch.symbols))

    def state(self) -> None:
        """Nobody is in step with another: each has an inbox of its own."""
        return

    def beat(self) -> QuoteEvent:
        state = SourceState(connected=True, last_event_time=None, lag_ms=None)
        return QuoteEvent(StreamKind.HEARTBEAT, "e1", source=state)

    def close(self) -> None:
        if self in self.stream.taps:
            self.stream.taps.remove(self)
            self.stream.waiting.remove(self.inbox)
