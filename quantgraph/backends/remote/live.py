"""The agent's live quotes: streams of many symbols, which come and go while they last."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Protocol

import structlog

from quantgraph.backends.lane import Lane
from quantgraph.backends.remote.agent import Agent
from quantgraph.backends.remote.channel import portions
from quantgraph.backends.remote.failures import offline, translated
from quantgraph.domain.calendar import to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.quotes import Quote
from quantgraph.domain.streams import SourceState, StreamKind
from quantgraph.domain.terminals import TerminalPart
from quantgraph.v1 import quotes_pb2
from quantgraph.wire.enums import STREAM_KIND
from quantgraph.wire.failures import failure_from_proto
from quantgraph.wire.received import received
from quantgraph.wire.streams import state_from_proto

_BEAT = STREAM_KIND.to_proto(StreamKind.HEARTBEAT)
_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Follower(Protocol):
    """Whoever is told of a symbol's quotes."""

    def put(self, item: Quote, /) -> None:
        """Take a quote; it must not wait."""
        ...

    def end(self, error: Exception, /) -> None:
        """Hear why nothing more comes."""
        ...


class QuoteLines:
    """As many streams as the agent's limit of symbols asks for; each ends with its last symbol.

    A cut ends every follower's quotes with TERMINAL_OFFLINE: what was missed meanwhile is told by
    that, and whoever follows anew begins with the state of then.
    """

    def __init__(self, agent: Agent, clock: Clock) -> None:
        """Open nothing yet."""
        self._agent = agent
        self._clock = clock
        self._lines: list[QuoteLine] = []
        self._last: int | None = None
        # What the agent said last of its own source: its terminal may be away while it is there.
        self._told = True
        agent.heard.append(self._heard)

    async def follow(self, symbol: str) -> AsyncGenerator[Quote, None]:
        """Yield the present quote, then every new one, until closed."""
        line, lane = self._line_for(symbol), Lane[Quote]()
        line.join(symbol, lane)
        try:
            while True:
                yield await lane.take()
        finally:
            line.leave(symbol, lane)

    async def listen(self, symbol: str, told: Callable[[Quote], None]) -> None:
        """Have `told` called with the present quote, then with every new one, until cancelled."""
        line, listener = self._line_for(symbol), _Listener(told)
        line.join(symbol, listener)
        try:
            await listener.over
        finally:
            line.leave(symbol, listener)

    def state(self) -> SourceState:
        """Return whether quotes come, and when the last one was of."""
        stands = self._agent.stands(TerminalPart.MARKET_DATA) and self._told
        now = to_ms(self._clock.now())
        lag = None if self._last is None else max(now - self._last, 0)
        return SourceState(stands, self._last, lag)

    def noted(self, quote: Quote) -> None:
        """Take note of a quote's time."""
        self._last = max(self._last or 0, quote.time)

    def beaten(self, state: SourceState) -> None:
        """Take note of what the agent says of its source."""
        self._told = state.connected

    async def close(self) -> None:
        """End all streams."""
        for line in list(self._lines):
            line.end(offline(self._agent.channel.address, "the gateway here is stopping"))
        await asyncio.gather(*(line.ended() for line in list(self._lines)))

    def forget(self, line: "QuoteLine") -> None:
        """Open another stream for the next follower."""
        if line in self._lines:
            self._lines.remove(line)
        if not self._lines:
            self._told = True

    def _line_for(self, symbol: str) -> "QuoteLine":
        for line in self._lines:
            if symbol in line.symbols:
                return line
        for line in self._lines:
            if len(line.symbols) < self._agent.most_symbols:
                return line
        line = QuoteLine(self._agent, self)
        self._lines.append(line)
        return line

    def _heard(self, connected: bool) -> None:
        """End what stands still where the agent does not answer: nobody would tell otherwise."""
        if not connected:
            for line in list(self._lines):
                line.end(offline(self._agent.channel.address, "it does not answer"))


class QuoteLine:
    """One stream, and who follows which of its symbols."""

    def __init__(self, agent: Agent, lines: QuoteLines) -> None:
        """Open it, for the symbols that are joined in this turn of the loop."""
        self.symbols: dict[str, set[Follower]] = {}
        self._agent = agent
        self._lines = lines
        self._newest: dict[str, Quote] = {}
        # What the agent was asked to send.
        self._asked: set[str] = set()
        self._changed = asyncio.Event()
        self._over: GatewayError | None = None
        self._task = asyncio.get_running_loop().create_task(self._run())

    def join(self, symbol: str, follower: Follower) -> None:
        """Tell a new follower, at once where the present quote is known."""
        # The agent tells the state once, and nothing more of a symbol that it sends already.
        if (quote := self._newest.get(symbol)) is not None:
            follower.put(quote)
        self.symbols.setdefault(symbol, set()).add(follower)
        self._changed.set()

    def leave(self, symbol: str, follower: Follower) -> None:
        """Let a follower go; what nobody follows is not sent."""
        followers = self.symbols.get(symbol, set())
        followers.discard(follower)
        if not followers:
            self.symbols.pop(symbol, None)
            self._changed.set()
        if not self.symbols:
            self.end(offline(self._agent.channel.address, "nobody follows"))

    def end(self, error: GatewayError) -> None:
        """End the stream, telling every follower why."""
        if self._over is None:
            self._over = error
            self._lines.forget(self)
            for follower in (each for several in self.symbols.values() for each in several):
                follower.end(error)
            self._task.cancel()

    async def ended(self) -> None:
        """Wait until nothing is under way any more."""
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        channel = self._agent.channel
        error = offline(channel.address, "it ended the stream")
        told = channel.talk("QuoteService/StreamQuotes", self._commands())
        try:
            async with aclosing(told) as messages:
                async for data in messages:
                    self._take(quotes_pb2.StreamQuotesResponse.FromString(data))
        except GatewayError as cut:
            error = offline(channel.address, f"the stream was cut, {cut.message}")
        except Exception:
            # Else it would stand still, and nobody would be told.
            _logger.exception("remote_quotes_not_understood")
        _logger.info("remote_quotes_cut", symbols=len(self.symbols), message=error.message)
        self.end(error)

    async def _commands(self) -> AsyncIterator[quotes_pb2.StreamQuotesRequest]:
        """Say what is wanted, once for all that changes in one turn of the loop."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            gone = self._asked - self.symbols.keys()
            new = self.symbols.keys() - self._asked
            self._asked = set(self.symbols)
            for symbol in gone:
                self._newest.pop(symbol, None)
            for part in portions(sorted(gone), self._agent.most_symbols):
                listed = quotes_pb2.SymbolList(symbols=part)
                yield quotes_pb2.StreamQuotesRequest(unsubscribe=listed)
            for part in portions(sorted(new), self._agent.most_symbols):
                listed = quotes_pb2.SymbolList(symbols=part)
                yield quotes_pb2.StreamQuotesRequest(subscribe=listed)

    def _take(self, message: quotes_pb2.StreamQuotesResponse) -> None:
        for each in message.ack.symbols:
            if each.HasField("failure"):
                self._refuse(each.symbol, failure_from_proto(each.failure))
        for event in message.events:
            if event.HasField("quote"):
                self._publish(received(event.quote))
            elif event.kind == _BEAT and event.HasField("source"):
                self._lines.beaten(state_from_proto(event.source))

    def _publish(self, quote: Quote) -> None:
        if quote.symbol not in self._asked:
            return  # it was on its way when it was wanted no more
        self._newest[quote.symbol] = quote
        self._lines.noted(quote)
        for follower in self.symbols.get(quote.symbol, ()):
            follower.put(quote)

    def _refuse(self, symbol: str, error: GatewayError) -> None:
        self._asked.discard(symbol)
        for follower in self.symbols.pop(symbol, ()):
            follower.end(translated(error, self._agent.channel.address))


class _Listener:
    """A follower whose quotes are taken where they come."""

    def __init__(self, told: Callable[[Quote], None]) -> None:
        self.put = told
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(self, error: Exception, /) -> None:
        if not self.over.done():
            self.over.set_exception(error)
