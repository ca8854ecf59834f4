"""Answers what level 2 tells beyond recordings: deep order books, and flows of money."""

import strawberry

from quantgraph.domain.errors import GatewayError
from resolvers.pages import checked_batch
from resolvers.quotes import Symbols
from schema.context import Info
from schema.depth import MoneyFlow, OrderBook


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
