"""Deep order books and flows of money in memory."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from quantgraph.domain.depth import (
    DepthWatch,
    Flow,
    MoneyFlow,
    NetFlow,
    OrderBook,
    OrderQueue,
    OrderQueues,
    OrderRank,
    QueueRequest,
    RankRequest,
    SizedFlow,
)
from quantgraph.domain.errors import GatewayError, unknown_symbol
from quantgraph.domain.orders import Side
from quantgraph.domain.quotes import Level
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState
from tests.grpc_bridge.memory.bars import SYMBOLS

AT = 1_700_000_000_000
UNTOLD = Flow(None, None, None, None)


def book(symbol: str) -> OrderBook:
    bids = tuple(Level(10.0 - step / 100, 100 + step) for step in range(1, 21))
    return OrderBook(symbol, AT, None, bids, (Level(10.01, 300),), Source.TERMINAL)


def flow(symbol: str) -> MoneyFlow:
    told = [Flow(float(step), 100 * step, -1.5, None) for step in range(1, 10)]
    sized = SizedFlow(*told[:4], UNTOLD)
    counts = (7, 8, 1, 0, 3)
    figures = (*counts, -100, 200, None, 0, 0.5, -0.25, None)
    sides = (sized, SizedFlow(*told[4:9]), sized, sized, NetFlow(*told[:4]))
    return MoneyFlow(symbol, AT, *sides, *figures, Source.TERMINAL)


class MemoryDepth:
    async def order_books(self, symbols: Sequence[str]) -> Sequence[OrderBook | GatewayError]:
        return [book(each) if each in SYMBOLS else unknown_symbol(each) for each in symbols]

    async def money_flows(self, symbols: Sequence[str]) -> Sequence[MoneyFlow | GatewayError]:
        return [flow(each) if each in SYMBOLS else unknown_symbol(each) for each in symbols]

    async def order_queues(self, request: QueueRequest) -> OrderQueues:
        best = OrderQueue(1, 10.0, (100, 300))
        plain = tuple(OrderQueue(None, float(each), ()) for each in request.prices)
        return OrderQueues(request.symbol, AT, (best, *plain), (), Source.TERMINAL)

    async def order_rank(self, request: RankRequest) -> OrderRank:
        rank = request.quantity if request.side is Side.BUY else None
        return OrderRank(request.symbol, rank, Source.TERMINAL)


class MemoryDepthFeed:
    """Says one state of each watch, then what a test puts in."""

    def __init__(self) -> None:
        self.followed: list[DepthWatch] = []
        self.inboxes: dict[DepthWatch, asyncio.Queue[object]] = {}

    def books(self, watch: DepthWatch) -> AsyncGenerator[OrderBook | None, None]:
        return self._follow(watch, book(watch.symbol))

    def queues(self, watch: DepthWatch) -> AsyncGenerator[OrderQueues | None, None]:
        best = OrderQueue(1, 10.0, (100, 300))
        return self._follow(watch, OrderQueues(watch.symbol, AT, (best,), (), Source.TERMINAL))

    def state(self) -> SourceState:
        return SourceState(True, AT, 3)

    async def _follow(self, watch: DepthWatch, first: object) -> AsyncGenerator[Any, None]:
        if watch.symbol not in SYMBOLS:
            raise unknown_symbol(watch.symbol)
        self.followed.append(watch)
        inbox = self.inboxes[watch] = asyncio.Queue[object]()
        try:
            yield first
            while True:
                told = await inbox.get()
                if isinstance(told, Exception):
                    raise told
                yield told
        finally:
            self.inboxes.pop(watch, None)
