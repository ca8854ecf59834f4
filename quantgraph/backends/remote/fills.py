"""Executions out of the agent's journal."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from quantgraph.backends.remote.channel import each_of
from quantgraph.backends.remote.line import DeskLine
from quantgraph.backends.remote.relay import Relay
from quantgraph.domain.orders import MOST_ORDER_FILLS, Fill, FillPage, FillQuery, too_many_fills
from quantgraph.domain.streams import FillEvent, LogCursor, SourceState, StreamKind
from quantgraph.domain.system import PAGE_ITEMS
from quantgraph.v1 import orders_pb2
from quantgraph.wire.fills import event_from_proto
from quantgraph.wire.order_queries import fill_query_to_proto
from quantgraph.wire.orders import cursor_to_proto, fill_from_proto
from quantgraph.wire.pages import token_of


class AgentFills:
    """Implements `Fills`: read where the journal is."""

    def __init__(self, line: DeskLine, relay: Relay) -> None:
        """Ask nothing yet."""
        self._line, self._relay = line, relay

    async def fills(self, query: FillQuery) -> FillPage:
        """Return a page of fills, newest first."""
        token = "" if query.after is None else token_of(query.scope(), query.after)
        answer = await self._line.call(
            "OrderService/ListFills",
            fill_query_to_proto(query, token),
            orders_pb2.ListFillsResponse,
        )
        found = tuple(fill_from_proto(each) for each in answer.fills)
        return FillPage(found, bool(answer.next_page_token))

    async def order_fills(
        self, account_id: str, order_ids: Sequence[str]
    ) -> Sequence[Sequence[Fill]]:
        """Return the fills per order, oldest first; each order is asked for by itself."""

        async def of_one(order_id: str) -> Sequence[Fill]:
            return await self._of_order(account_id, order_id)

        found = await each_of(of_one, order_ids)
        if sum(len(each) for each in found) > MOST_ORDER_FILLS:
            raise too_many_fills(len(order_ids))
        return found

    async def events(self, cursor: LogCursor) -> AsyncGenerator[FillEvent, None]:
        """Yield the fills of the agent's log; a cut is gone on behind, and told."""

        def asked(place: LogCursor) -> orders_pb2.StreamFillEventsRequest:
            return cursor_to_proto(place, orders_pb2.StreamFillEventsRequest)

        def read(data: bytes) -> FillEvent:
            return event_from_proto(orders_pb2.StreamFillEventsResponse.FromString(data).event)

        def away(epoch: str, state: SourceState) -> FillEvent:
            return FillEvent(StreamKind.HEARTBEAT, epoch, source=state)

        told = self._relay.log("OrderService/StreamFillEvents", cursor, (asked, read, away))
        async with aclosing(told) as events:
            async for event in events:
                yield event

    async def _of_order(self, account_id: str, order_id: str) -> Sequence[Fill]:
        found: list[Fill] = []
        while len(found) <= MOST_ORDER_FILLS:
            after = found[-1].id if found else None
            page = await self.fills(
                FillQuery(account_id, order_id=order_id, first=PAGE_ITEMS, after=after)
            )
            found += page.fills
            if not page.more:
                break
        return found[::-1]
