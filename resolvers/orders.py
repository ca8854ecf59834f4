"""Answers `orders` and `order`, submits and cancels, and streams an account's order log."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated

import strawberry

from quantgraph.domain import errors
from quantgraph.domain.access import Scope
from quantgraph.domain.orders import OrderKey, OrderQuery, OrderState, Side
from quantgraph.domain.spans import span
from quantgraph.domain.streams import LogCursor
from resolvers.access import require_account
from resolvers.accounts import AccountArgument
from resolvers.fills import SymbolFilter
from resolvers.logs import EpochArgument, SequenceArgument, followed
from resolvers.pages import (
    AfterArgument,
    FirstArgument,
    checked_first,
    cursor_of,
    key_of,
    place_of,
)
from resolvers.problems import problem_of
from schema.context import Info
from schema.orders import (
    CancelOrderInput,
    CancelOrderResult,
    CancelOrderSuccess,
    Order,
    OrderConnection,
    OrderEdge,
    OrderEvent,
    SubmitOrderInput,
    SubmitOrderResult,
    SubmitOrderSuccess,
)
from schema.scalars import TimeBound


@strawberry.type
class OrderQueries:
    @strawberry.field(
        description="Orders of an account, newest first, that match every filter given. Errors: "
        "UNKNOWN_ACCOUNT, BAD_REQUEST, START_AFTER_END, INVALID_CURSOR (repeat the filters of the "
        "page before)."
    )
    async def orders(
        self,
        info: Info,
        account_id: AccountArgument,
        states: Annotated[
            list[OrderState] | None,
            strawberry.argument(description="Only orders in these states; all if absent."),
        ] = None,
        first: FirstArgument = 50,
        after: AfterArgument = None,
        symbol: SymbolFilter = None,
        side: Annotated[
            Side | None, strawberry.argument(description="Only buys or only sells.")
        ] = None,
        strategy: Annotated[
            str | None, strawberry.argument(description="Only orders of this strategy's name.")
        ] = None,
        start: Annotated[
            TimeBound | None,
            strawberry.argument(description="Accepted here at or after this; see `createdAt`."),
        ] = None,
        end: Annotated[
            TimeBound | None,
            strawberry.argument(description="Accepted here at or before this."),
        ] = None,
    ) -> OrderConnection | None:
        require_account(info, account_id)
        wanted = OrderQuery(
            account_id,
            frozenset(states or ()),
            checked_first(first),
            symbol=symbol,
            side=side,
            strategy=strategy,
            span=span(start, end),
        )
        query = replace(wanted, after=key_of(wanted.scope(), after))
        page = await info.context.gateway.trading.orders(query)
        nodes = [Order.from_domain(each) for each in page.orders]
        edges = [OrderEdge(cursor=cursor_of(query.scope(), node.id), node=node) for node in nodes]
        place = place_of([edge.cursor for edge in edges], more=page.more)
        return OrderConnection(edges=edges, nodes=nodes, page_info=place)

    @strawberry.field(
        description="One order by exactly one of its ids; null if the account has none such. "
        "Errors: UNKNOWN_ACCOUNT, BAD_REQUEST."
    )
    async def order(
        self,
        info: Info,
        account_id: AccountArgument,
        id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Our id of the order.")
        ] = None,
        client_order_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Your key of the order.")
        ] = None,
    ) -> Order | None:
        require_account(info, account_id)
        found = await info.context.gateway.trading.order(OrderKey(account_id, id, client_order_id))
        return None if found is None else Order.from_domain(found)


@strawberry.type
class OrderMutations:
    @strawberry.mutation(
        description="Submit an order once per (account, clientOrderId): a repeat is answered with "
        "the earlier order and sends nothing. Refusals are members of the result."
    )
    async def submit_order(
        self,
        info: Info,
        input: Annotated[SubmitOrderInput, strawberry.argument(description="What to trade.")],
    ) -> SubmitOrderResult:
        try:
            require_account(info, input.account_id, Scope.TRADE)
            done = await info.context.gateway.trading.submit(input.to_domain())
        except errors.GatewayError as error:
            return problem_of("submitOrder", error)
        return SubmitOrderSuccess(order=Order.from_domain(done.order), replayed=done.replayed)

    @strawberry.mutation(
        description="Ask for the cancel of an order; what was filled stays filled. Refusals are "
        "members of the result."
    )
    async def cancel_order(
        self,
        info: Info,
        input: Annotated[CancelOrderInput, strawberry.argument(description="Which order.")],
    ) -> CancelOrderResult:
        try:
            require_account(info, input.account_id, Scope.TRADE)
            order = await info.context.gateway.trading.cancel(input.to_domain())
        except errors.GatewayError as error:
            return problem_of("cancelOrder", error)
        return CancelOrderSuccess(order=Order.from_domain(order))


@strawberry.type
class OrderSubscriptions:
    @strawberry.subscription(
        description="An account's order log. With `epoch` and `afterSequence`: every event after "
        "it, then CAUGHT_UP, then live; nothing is ever dropped. Without: a SNAPSHOT per open "
        "order, CAUGHT_UP, then live. Errors: UNKNOWN_ACCOUNT, BAD_REQUEST (the log has no such "
        "sequence), EPOCH_CHANGED (query `orders` again, then subscribe with the new epoch)."
    )
    async def order_updates(
        self,
        info: Info,
        account_id: AccountArgument,
        epoch: EpochArgument = None,
        after_sequence: SequenceArgument = None,
    ) -> AsyncIterator[OrderEvent]:
        require_account(info, account_id)
        cursor = LogCursor(account_id, epoch, after_sequence)
        async with aclosing(followed(info, cursor, info.context.gateway.trading.events)) as events:
            async for event in events:
                yield OrderEvent.from_domain(event)
