"""Answers `fills`, and streams them."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated

import strawberry

from quantgraph.domain.orders import FillQuery
from quantgraph.domain.spans import span
from quantgraph.domain.streams import LogCursor
from resolvers.access import require_account
from resolvers.accounts import AccountArgument
from resolvers.logs import EpochArgument, SequenceArgument, followed
from resolvers.pages import (
    AfterArgument,
    FirstArgument,
    checked_first,
    cursor_of,
    key_of,
    place_of,
)
from schema.context import Info
from schema.fills import FillEvent
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


@strawberry.type
class FillSubscriptions:
    @strawberry.subscription(
        description="An account's executions, out of the durable log of its orders. With `epoch` "
        "and `afterSequence`, also those of an event of `orderUpdates`: every one after it, then "
        "CAUGHT_UP, then live; none is ever dropped. Without: CAUGHT_UP, then live. Errors: "
        "UNKNOWN_ACCOUNT, BAD_REQUEST (the log has no such sequence), EPOCH_CHANGED (query `fills` "
        "again, then subscribe with the new epoch)."
    )
    async def fills(
        self,
        info: Info,
        account_id: AccountArgument,
        epoch: EpochArgument = None,
        after_sequence: SequenceArgument = None,
    ) -> AsyncIterator[FillEvent]:
        require_account(info, account_id)
        cursor = LogCursor(account_id, epoch, after_sequence)
        async with aclosing(followed(info, cursor, info.context.gateway.fills.events)) as events:
            async for event in events:
                yield FillEvent.from_domain(event)
