"""Orders at the agent, which guards, journals and sends them: this gateway does none of it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from quantgraph.backends.remote.line import DeskLine
from quantgraph.backends.remote.relay import Relay
from quantgraph.domain.errors import GatewayError, NotFound, Unavailable
from quantgraph.domain.orders import (
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
    OrderState,
    OrderTicket,
    Submission,
)
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor, OrderEvent, SourceState, StreamKind
from quantgraph.v1 import orders_pb2
from quantgraph.wire.order_queries import order_query_to_proto
from quantgraph.wire.orders import (
    cursor_to_proto,
    event_from_proto,
    key_to_proto,
    order_from_proto,
    ticket_to_proto,
)
from quantgraph.wire.pages import token_of

_WITHDRAWN = frozenset({OrderState.PENDING_CANCEL, OrderState.CANCELED})


class AgentTrading:
    """Implements `Trading`: keys, rules, limits and the journal are the agent's.

    What is cut off is never sent blindly again: a submit is repeated with its key, of all else the
    order is looked at. Errors besides those of the port: OUTCOME_UNKNOWN.
    """

    def __init__(self, line: DeskLine, relay: Relay) -> None:
        """Ask nothing yet."""
        self._line, self._relay = line, relay

    async def submit(self, ticket: OrderTicket) -> Submission:
        """Submit once per key; while the agent is away nothing is sent (TERMINAL_OFFLINE)."""
        self._line.require_link()
        done = await self._line.repeat(
            "OrderService/SubmitOrder", ticket_to_proto(ticket), orders_pb2.SubmitOrderResponse
        )
        return Submission(order_from_proto(done.order), done.replayed)

    async def cancel(self, key: OrderKey) -> Order:
        """Ask for a cancel; once more where the first was cut off, and the order lives on."""
        request = key_to_proto(key, orders_pb2.CancelOrderRequest)
        place = "OrderService/CancelOrder", request, orders_pb2.CancelOrderResponse
        try:
            return order_from_proto((await self._line.act(*place)).order)
        except Unavailable as error:
            found = await self._looked_at(key, error)
        if found.state in _WITHDRAWN:
            return found
        return order_from_proto((await self._line.act(*place)).order)

    async def approve(self, key: OrderKey) -> Order:
        """Send an order that waits; the agent takes this gateway's key for who approves."""
        request = key_to_proto(key, orders_pb2.ApproveOrderRequest)
        try:
            answer = await self._line.act(
                "OrderService/ApproveOrder", request, orders_pb2.ApproveOrderResponse
            )
        except Unavailable as error:
            found = await self._looked_at(key, error)
            if found.approved_by is None:
                raise
            return found
        return order_from_proto(answer.order)

    async def reject(self, key: OrderKey) -> Order:
        """End an order that waits for approval."""
        request = key_to_proto(key, orders_pb2.RejectOrderRequest)
        try:
            answer = await self._line.act(
                "OrderService/RejectOrder", request, orders_pb2.RejectOrderResponse
            )
        except Unavailable as error:
            found = await self._looked_at(key, error)
            if found.reject_code != Reason.APPROVAL_REFUSED.value:
                raise
            return found
        return order_from_proto(answer.order)

    async def write_off(self, key: OrderKey, reason: str) -> Order:
        """End an UNKNOWN order that the terminal does not list; a repeat returns it as it is."""
        request = key_to_proto(key, orders_pb2.WriteOffOrderRequest)
        request.reason = reason
        answer = await self._line.repeat(
            "OrderService/WriteOffOrder", request, orders_pb2.WriteOffOrderResponse
        )
        return order_from_proto(answer.order)

    async def order(self, key: OrderKey) -> Order | None:
        """Return one order, or None."""
        request = key_to_proto(key, orders_pb2.GetOrderRequest)
        try:
            answer = await self._line.call(
                "OrderService/GetOrder", request, orders_pb2.GetOrderResponse
            )
        except NotFound as error:
            if error.reason is Reason.ORDER_NOT_FOUND:
                return None
            raise
        return order_from_proto(answer.order)

    async def orders(self, query: OrderQuery) -> OrderPage:
        """Return a page of orders, newest first."""
        token = "" if query.after is None else token_of(query.scope(), query.after)
        answer = await self._line.call(
            "OrderService/ListOrders",
            order_query_to_proto(query, token),
            orders_pb2.ListOrdersResponse,
        )
        found = tuple(order_from_proto(each) for each in answer.orders)
        return OrderPage(found, bool(answer.next_page_token))

    async def events(self, cursor: LogCursor) -> AsyncGenerator[OrderEvent, None]:
        """Yield the agent's log by its own numbers; a cut is gone on behind, and told."""

        def asked(place: LogCursor) -> orders_pb2.StreamOrderEventsRequest:
            return cursor_to_proto(place, orders_pb2.StreamOrderEventsRequest)

        def read(data: bytes) -> OrderEvent:
            return event_from_proto(orders_pb2.StreamOrderEventsResponse.FromString(data).event)

        def away(epoch: str, state: SourceState) -> OrderEvent:
            return OrderEvent(StreamKind.HEARTBEAT, epoch, source=state)

        told = self._relay.log("OrderService/StreamOrderEvents", cursor, (asked, read, away))
        async with aclosing(told) as events:
            async for event in events:
                yield event

    async def _looked_at(self, key: OrderKey, error: Unavailable) -> Order:
        """Return the order as it is after an act that nobody answered; else raise the error."""
        if error.reason is not Reason.OUTCOME_UNKNOWN or not await self._line.back():
            raise error
        try:
            found = await self.order(key)
        except GatewayError:
            raise error from None
        if found is None:
            raise error
        return found
