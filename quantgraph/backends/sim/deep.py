"""What the simulated market shows beyond five levels, and what it cannot count."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

from quantgraph.domain.depth import (
    DepthWatch,
    MoneyFlow,
    OrderBook,
    OrderQueues,
    OrderRank,
    QueueRequest,
    RankRequest,
)
from quantgraph.domain.errors import GatewayError, Unsupported
from quantgraph.domain.ports.market import QuoteFeed
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import SourceState

NO_FLOWS = "The market is generated second by second, without single orders that could be counted."
NO_QUEUES = "What others show at a price is one sum in the simulated books, without single orders."


class _Deep(Protocol):
    async def deep(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        """Return quotes with every level that there is."""
        ...


class _Followed(_Deep, QuoteFeed, Protocol):
    """The same as it changes."""


class SimDepth:
    """Implements `Depth`: the ten levels of the generated books, orders of ours among them."""

    def __init__(self, market: _Deep) -> None:
        """Show the books of `market`."""
        self._market = market

    async def order_books(self, symbols: Sequence[str]) -> Sequence[OrderBook | GatewayError]:
        """Return the present book per symbol. Errors per symbol: UNKNOWN_SYMBOL, NOT_QUOTED."""
        found = await self._market.deep(symbols)
        return [_book(each) if isinstance(each, Quote) else each for each in found]

    async def money_flows(self, symbols: Sequence[str]) -> Sequence[MoneyFlow | GatewayError]:
        """Raise TERMINAL_LACKS: nobody's orders make these trades."""
        del symbols
        raise Unsupported(Reason.TERMINAL_LACKS, NO_FLOWS, function="money_flows")

    async def order_queues(self, request: QueueRequest) -> OrderQueues:
        """Raise TERMINAL_LACKS: nobody's orders wait in these books."""
        del request
        raise Unsupported(Reason.TERMINAL_LACKS, NO_QUEUES, function="order_queues")

    async def order_rank(self, request: RankRequest) -> OrderRank:
        """Raise TERMINAL_LACKS, for the same reason."""
        del request
        raise Unsupported(Reason.TERMINAL_LACKS, NO_QUEUES, function="order_rank")


def _book(quote: Quote) -> OrderBook:
    return OrderBook(
        symbol=quote.symbol,
        time=quote.time,
        last_price=quote.last_price,
        bids=quote.bids,
        asks=quote.asks,
        source=quote.source,
    )


class SimDepthFeed:
    """Implements `DepthFeed`: the book changes with the quote; there are no queues."""

    def __init__(self, market: _Followed) -> None:
        """Follow `market`."""
        self._market = market

    async def books(self, watch: DepthWatch) -> AsyncGenerator[OrderBook | None, None]:
        """Yield the book at each quote. Errors: UNKNOWN_SYMBOL, NOT_QUOTED."""
        async with aclosing(self._market.follow(watch.symbol)) as quotes:
            async for _ in quotes:
                (found,) = await self._market.deep([watch.symbol])
                if isinstance(found, GatewayError):
                    raise found
                bids, asks = found.bids[: watch.levels], found.asks[: watch.levels]
                yield _book(replace(found, bids=bids, asks=asks))

    async def queues(self, watch: DepthWatch) -> AsyncGenerator[OrderQueues | None, None]:
        """Raise TERMINAL_LACKS: nobody's orders wait in these books."""
        del watch
        for never in ():
            yield never
        raise Unsupported(Reason.TERMINAL_LACKS, NO_QUEUES, function="order_queues")

    def state(self) -> SourceState:
        """Return that the simulation runs, and its last quote."""
        return self._market.state()
