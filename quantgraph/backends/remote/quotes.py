"""The newest quotes through the agent: one by one, as a board, and as they come."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing

import numpy as np

from quantgraph.backends.remote.agent import Agent
from quantgraph.backends.remote.channel import each_of, portions
from quantgraph.backends.remote.live import QuoteLines
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instruments import Market, classify
from quantgraph.domain.quotes import Quote
from quantgraph.domain.snapshots import QuoteColumns, SnapshotRequest, quote_columns
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState
from quantgraph.v1 import quotes_pb2, snapshots_pb2
from quantgraph.wire.failures import failure_from_proto
from quantgraph.wire.quotes import quote_from_proto
from quantgraph.wire.snapshots import request_to_proto, snapshot_from_proto

# Up to so many symbols are read one by one: a whole exchange as columns costs about as much.
_FEW = 200


class AgentQuotes:
    """Implements `TerminalQuotes`: asked quotes and boards, and the feed."""

    def __init__(self, agent: Agent, lines: QuoteLines) -> None:
        """Ask nothing yet."""
        self._agent = agent
        self._channel = agent.channel
        self._lines = lines

    async def quotes(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        """Return the newest quote per symbol; see `ports.Quotes`."""
        parts = await each_of(self._newest, portions(symbols, self._agent.most_symbols))
        return [each for part in parts for each in part]

    async def board(self, symbols: Sequence[str], fields: tuple[str, ...]) -> QuoteColumns:
        """Return the quotes of those symbols that are quoted, those of an exchange of one moment.

        Many symbols are picked from the snapshots of their exchanges: one question for each.
        """
        if len(symbols) > _FEW:
            return await self._picked(symbols, fields)
        found = [each for each in await self.quotes(symbols) if isinstance(each, Quote)]
        source = found[0].source if found else self._agent.status().source
        return quote_columns(found, fields, source)

    async def follow(self, symbol: str) -> AsyncGenerator[Quote, None]:
        """Yield the present quote, then every new one, until closed or cut.

        Errors: UNKNOWN_SYMBOL; TERMINAL_OFFLINE after a cut: who follows anew gets the state then.
        """
        async with aclosing(self._lines.follow(symbol)) as quotes:
            async for quote in quotes:
                yield quote

    def listen(self, symbol: str, told: Callable[[Quote], None]) -> Awaitable[None]:
        """Have `told` called with what `follow` yields; see `ports.ToldQuotes`."""
        return self._lines.listen(symbol, told)

    def state(self) -> SourceState:
        """Return whether the agent and its terminal can be asked, and when a quote came last."""
        return self._lines.state()

    async def _newest(self, symbols: Sequence[str]) -> list[Quote | GatewayError]:
        answer = await self._channel.call(
            "QuoteService/GetQuotes",
            quotes_pb2.GetQuotesRequest(symbols=symbols),
            quotes_pb2.GetQuotesResponse,
        )
        return [
            quote_from_proto(each.quote)
            if each.HasField("quote")
            else failure_from_proto(each.failure)
            for each in answer.results
        ]

    async def _picked(self, symbols: Sequence[str], fields: tuple[str, ...]) -> QuoteColumns:
        markets = sorted({classify(symbol)[0] for symbol in symbols})

        async def read(market: Market) -> QuoteColumns:
            # Without a column the answer would be all of them.
            return await self._whole(market, fields or ("time",))

        return _in_order(await each_of(read, markets), symbols, fields)

    async def _whole(self, market: Market, fields: tuple[str, ...]) -> QuoteColumns:
        message = request_to_proto(SnapshotRequest(market, fields))
        answer = await self._channel.call(
            "SnapshotService/GetMarketSnapshot", message, snapshots_pb2.GetMarketSnapshotResponse
        )
        return snapshot_from_proto(answer, fields).quotes


def _in_order(
    boards: Sequence[QuoteColumns], symbols: Sequence[str], fields: tuple[str, ...]
) -> QuoteColumns:
    """Return the rows of some symbols out of several boards, in the symbols' order."""
    listed = [symbol for board in boards for symbol in board.symbols]
    places = {symbol: place for place, symbol in enumerate(listed)}
    known = tuple(symbol for symbol in symbols if symbol in places)
    rows = np.array([places[symbol] for symbol in known], np.int64)
    values = {
        name: np.concatenate([board.values[name] for board in boards])[rows] for name in fields
    }
    valid = {
        name: np.concatenate([_mask(board, name) for board in boards])[rows]
        for name in fields
        if any(name in board.valid for board in boards)
    }
    source = boards[0].source if boards else Source.TERMINAL
    return QuoteColumns(known, source, values, valid)


def _mask(board: QuoteColumns, name: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return board.valid.get(name, np.ones(len(board.symbols), np.bool_))
