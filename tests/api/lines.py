"""Sockets in memory that take ready frames, and a feed that says what a test puts in."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState

A, B, C = "600519.SH", "000001.SZ", "000858.SZ"


def quote(symbol: str, time: int) -> Quote:
    """A quote whose every figure tells its symbol and time."""
    figure = float(time) + int(symbol[:6]) / 1e6
    level = (Level(figure, time),)
    figures = (figure, None, None, None, 9.5, time, figure)
    return Quote(symbol, 1_700_000_000_000 + time, *figures, level, level, False, Source.SIMULATED)


class Feed:
    """Implements `QuoteFeed` and `Quotes`; `say` is what happens at the terminal."""

    def __init__(self) -> None:
        self.connected = True
        self.followed: dict[str, asyncio.Queue[Quote | Exception]] = {}
        self.newest: dict[str, Quote] = {}

    def say(self, symbol: str, time: int) -> None:
        self.followed[symbol].put_nowait(quote(symbol, time))

    async def quotes(self, symbols: Sequence[str]) -> Sequence[Quote]:
        return [self.newest.get(symbol) or quote(symbol, 0) for symbol in symbols]

    async def follow(self, symbol: str) -> AsyncIterator[Quote]:
        said = self.followed[symbol] = asyncio.Queue()
        try:
            while True:
                found = await said.get()
                if isinstance(found, Exception):
                    raise found
                self.newest[symbol] = found
                yield found
        finally:
            if self.followed.get(symbol) is said:
                del self.followed[symbol]

    def state(self) -> SourceState:
        return SourceState(self.connected, None, None)


class MemoryLine:
    """Implements `Line`: a client that takes all at once, or nothing while it is held."""

    def __init__(self) -> None:
        self.paused = False
        self.written: list[bytes] = []
        self._resumed: list[Callable[[], None]] = []

    def write(self, frames: bytes) -> None:
        self.written.append(frames)

    def on_resume(self, call: Callable[[], None]) -> None:
        self._resumed.append(call)

    def hold(self) -> None:
        self.paused = True

    def release(self) -> None:
        self.paused = False
        calls, self._resumed = self._resumed, []
        for call in calls:
            call()

    def heard(self) -> list[Any]:
        return [json.loads(each) for each in payloads(b"".join(self.written))]


def payloads(stream: bytes) -> Iterator[bytes]:
    """Yield the payloads of unmasked text frames."""
    at = 0
    while at < len(stream):
        assert stream[at] == 0x81
        size, at = stream[at + 1], at + 2
        for marker, width in ((126, 2), (127, 8)):
            if size == marker:
                size, at = int.from_bytes(stream[at : at + width]), at + width
                break
        yield stream[at : at + size]
        at += size
