"""Answers live books and queues."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from quantgraph.domain.depth import DepthWatch
from resolvers.bars import SymbolArgument
from schema.context import Info
from schema.depth_events import OrderBookEvent, OrderQueuesEvent


@strawberry.type
class DepthSubscriptions:
    @strawberry.subscription(
        description="The live book of a symbol (千档盘口): a snapshot, then the newest state at "
        "each change, and a heartbeat every 5 s. Who asks for as many levels of it shares one "
        "subscription at the terminal. Errors: BAD_REQUEST, UNKNOWN_SYMBOL, NOT_QUOTED, "
        "TERMINAL_LACKS, SUBSCRIPTION_LIMIT, EPOCH_CHANGED (subscribe again)."
    )
    async def order_book(
        self,
        info: Info,
        symbol: SymbolArgument,
        levels: Annotated[
            int,
            strawberry.argument(description="So many a side, 1 to 1,000; mock has ten."),
        ] = 20,
    ) -> AsyncIterator[OrderBookEvent]:
        watch = DepthWatch(symbol, levels)
        async with aclosing(info.context.gateway.depth_stream.watch_books(watch)) as events:
            async for event in events:
                yield OrderBookEvent.from_domain(event)

    @strawberry.subscription(
        description="Live queues of single orders (千档委托队列), as `orderBook`. "
        "Errors: the same; in mock TERMINAL_LACKS, because no single orders are simulated."
    )
    async def order_queues(
        self,
        info: Info,
        symbol: SymbolArgument,
        levels: Annotated[
            int, strawberry.argument(description="So many best levels a side, 1 to 100.")
        ] = 5,
    ) -> AsyncIterator[OrderQueuesEvent]:
        watch = DepthWatch(symbol, levels)
        async with aclosing(info.context.gateway.depth_stream.watch_queues(watch)) as events:
            async for event in events:
                yield OrderQueuesEvent.from_domain(event)
