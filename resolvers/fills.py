"""Answers `fills`."""

from dataclasses import replace
from typing import Annotated

import strawberry

from quantgraph.domain.orders import FillQuery
from quantgraph.domain.spans import span
from resolvers.access import require_account
from resolvers.accounts import AccountArgument
from resolvers.pages import (
    AfterArgument,
    FirstArgument,
    checked_first,
    cursor_of,
    key_of,
    place_of,
)
from schema.context import Info
from schema.orders import Fill, FillConnection, FillEdge
from schema.scalars import Symbol, TimeBound

SymbolFilter = Annotated[Symbol | None, strawberry.argument(description="Only this symbol.")]


@strawberry.type
class FillQueries:
    @strawberry.field(
        description="Executions of an account, newest first, out of the durable log: those that "
        "match every filter given. Errors: UNKNOWN_ACCOUNT, BAD_REQUEST, START_AFTER_END, "
        "INVALID_CURSOR (repeat the filters of the page before)."
    )
    async def fills(
        self,
        info: Info,
        account_id: AccountArgument,
        symbol: SymbolFilter = None,
        order_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only fills of this order.")
        ] = None,
        start: Annotated[
            TimeBound | None, strawberry.argument(description="Traded at or after this.")
        ] = None,
        end: Annotated[
            TimeBound | None, strawberry.argument(description="Traded at or before this.")
        ] = None,
        first: FirstArgument = 50,
        after: AfterArgument = None,
    ) -> FillConnection | None:
        require_account(info, account_id)
        wanted = FillQuery(account_id, symbol, order_id, span(start, end), checked_first(first))
        query = replace(wanted, after=key_of(wanted.scope(), after))
        page = await info.context.gateway.fills.fills(query)
        nodes = [Fill.from_domain(each) for each in page.fills]
        edges = [FillEdge(cursor=cursor_of(query.scope(), node.id), node=node) for node in nodes]
        place = place_of([edge.cursor for edge in edges], more=page.more)
        return FillConnection(edges=edges, nodes=nodes, page_info=place)
