"""Answers what level 2 tells beyond recordings: deep books, flows of money, queues of orders."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from quantgraph.domain.calendar import to_ms
from quantgraph.domain.depth import QueueRequest, RankRequest
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.orders import Side
from resolvers.bars import SymbolArgument
from resolvers.pages import checked_batch
from resolvers.quotes import Symbols
from schema.context import Info
from schema.depth import MoneyFlow, OrderBook, OrderQueues, OrderRank
from schema.scalars import Long


@strawberry.type
class DepthQueries:
    @strawberry.field(
        description="Present order books of up to 20 levels (全速盘口) in the order asked for; "
        "null for an unknown symbol, and for one that the terminal gets no level 2 of. Errors: "
        "BAD_REQUEST, TERMINAL_LACKS, SOURCE_UNAVAILABLE, TIMED_OUT."
    )
    async def order_books(self, info: Info, symbols: Symbols) -> list[OrderBook | None] | None:
        checked_batch(info, symbols)
        found = await info.context.gateway.depth.order_books(symbols)
        return [
            None if isinstance(each, GatewayError) else OrderBook.from_domain(each)
            for each in found
        ]

    @strawberry.field(
        description="Today's flows of money by the size of orders (资金流向) in the order asked "
        "for; null for an unknown symbol, and for one that the terminal counts no trades of. "
        "Errors: BAD_REQUEST, TERMINAL_LACKS (in mock: no single orders are simulated), "
        "SOURCE_UNAVAILABLE, TIMED_OUT."
    )
    async def money_flows(self, info: Info, symbols: Symbols) -> list[MoneyFlow | None] | None:
        checked_batch(info, symbols)
        found = await info.context.gateway.depth.money_flows(symbols)
        return [
            None if isinstance(each, GatewayError) else MoneyFlow.from_domain(each)
            for each in found
        ]

    @strawberry.field(
        description="Single orders that wait at some prices (千档委托队列), of which one is given: "
        "levels or prices. Errors: BAD_REQUEST, UNKNOWN_SYMBOL, NOT_QUOTED where the terminal gets "
        "none of it, TERMINAL_LACKS (in mock: no single orders are simulated), SOURCE_UNAVAILABLE, "
        "TIMED_OUT."
    )
    async def order_queues(
        self,
        info: Info,
        symbol: SymbolArgument,
        levels: Annotated[
            int | None, strawberry.argument(description="So many best levels a side, 1 to 100.")
        ] = None,
        prices: Annotated[
            list[Decimal] | None, strawberry.argument(description="At these, yuan; up to 100.")
        ] = None,
    ) -> OrderQueues | None:
        request = QueueRequest(symbol, levels, tuple(prices or ()))
        return OrderQueues.from_domain(await info.context.gateway.depth.order_queues(request))

    @strawberry.field(
        description="Where an order stands among those that wait (委托排名). The terminal tells it "
        "while it computes the symbol's book of a thousand levels itself, in its research edition. "
        "Errors: BAD_REQUEST, TERMINAL_LACKS (in mock: no single orders are simulated), "
        "SOURCE_UNAVAILABLE, TIMED_OUT."
    )
    async def order_rank(
        self,
        info: Info,
        symbol: SymbolArgument,
        side: Annotated[Side, strawberry.argument(description="Its direction.")],
        time: Annotated[datetime, strawberry.argument(description="When it was sent.")],
        price: Annotated[Decimal, strawberry.argument(description="Its limit, yuan.")],
        quantity: Annotated[Long, strawberry.argument(description="The whole of it, shares.")],
        open_quantity: Annotated[
            Long, strawberry.argument(description="What of it still waits, shares.")
        ],
    ) -> OrderRank | None:
        request = RankRequest(
            symbol, Side(side), to_ms(time), price, int(quantity), int(open_quantity)
        )
        return OrderRank.from_domain(await info.context.gateway.depth.order_rank(request))
