"""Answers OrderService; the call's frame has checked the account already."""

# ruff: noqa: N802 the methods are named by the contract

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from quantgraph.domain.errors import unknown_order
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.system import PAGE_ITEMS
from quantgraph.v1 import orders_pb2
from quantgraph.v1.orders_pb2_grpc import OrderServiceServicer
from quantgraph.wire import fills
from quantgraph.wire.batches import (
    allowance_to_proto,
    batch_from_proto,
    outcome_to_proto,
    sweep_from_proto,
)
from quantgraph.wire.order_queries import fill_query_from_proto, order_query_from_proto
from quantgraph.wire.orders import (
    cursor_from_proto,
    event_to_proto,
    fill_to_proto,
    key_from_proto,
    order_to_proto,
    ticket_from_proto,
)
from quantgraph.wire.pages import after_token, page_size, token_of
from quantgraph.wire.previews import preview_to_proto

_PAGE = 50


class OrderServicer(OrderServiceServicer):
    """OrderService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._trading = gateway.trading
        self._fills = gateway.fills
        self._batches = gateway.batches
        self._previews = gateway.previews
        self._allowances = gateway.allowances

    async def SubmitOrder(
        self, request: orders_pb2.SubmitOrderRequest, context: object
    ) -> orders_pb2.SubmitOrderResponse:
        done = await self._trading.submit(ticket_from_proto(request))
        return orders_pb2.SubmitOrderResponse(
            order=order_to_proto(done.order), replayed=done.replayed
        )

    async def SubmitOrders(
        self, request: orders_pb2.SubmitOrdersRequest, context: object
    ) -> orders_pb2.SubmitOrdersResponse:
        done = await self._batches.submit_all(batch_from_proto(request))
        return orders_pb2.SubmitOrdersResponse(results=[outcome_to_proto(each) for each in done])

    async def CancelAllOrders(
        self, request: orders_pb2.CancelAllOrdersRequest, context: object
    ) -> orders_pb2.CancelAllOrdersResponse:
        done = await self._batches.cancel_all(sweep_from_proto(request))
        return orders_pb2.CancelAllOrdersResponse(results=[outcome_to_proto(each) for each in done])

    async def PreviewOrder(
        self, request: orders_pb2.PreviewOrderRequest, context: object
    ) -> orders_pb2.PreviewOrderResponse:
        found = await self._previews.preview(ticket_from_proto(request))
        return orders_pb2.PreviewOrderResponse(preview=preview_to_proto(found))

    async def GetTradingLimits(
        self, request: orders_pb2.GetTradingLimitsRequest, context: object
    ) -> orders_pb2.GetTradingLimitsResponse:
        found = await self._allowances.allowance(request.account_id)
        return orders_pb2.GetTradingLimitsResponse(limits=allowance_to_proto(found))

    async def CancelOrder(
        self, request: orders_pb2.CancelOrderRequest, context: object
    ) -> orders_pb2.CancelOrderResponse:
        order = await self._trading.cancel(key_from_proto(request))
        return orders_pb2.CancelOrderResponse(order=order_to_proto(order))

    async def ApproveOrder(
        self, request: orders_pb2.ApproveOrderRequest, context: object
    ) -> orders_pb2.ApproveOrderResponse:
        order = await self._trading.approve(key_from_proto(request))
        return orders_pb2.ApproveOrderResponse(order=order_to_proto(order))

    async def RejectOrder(
        self, request: orders_pb2.RejectOrderRequest, context: object
    ) -> orders_pb2.RejectOrderResponse:
        order = await self._trading.reject(key_from_proto(request))
        return orders_pb2.RejectOrderResponse(order=order_to_proto(order))

    async def WriteOffOrder(
        self, request: orders_pb2.WriteOffOrderRequest, context: object
    ) -> orders_pb2.WriteOffOrderResponse:
        order = await self._trading.write_off(key_from_proto(request), request.reason)
        return orders_pb2.WriteOffOrderResponse(order=order_to_proto(order))

    async def GetOrder(
        self, request: orders_pb2.GetOrderRequest, context: object
    ) -> orders_pb2.GetOrderResponse:
        key = key_from_proto(request)
        order = await self._trading.order(key)
        if order is None:
            raise unknown_order(key.account_id, key.client_order_id if key.id is None else key.id)
        return orders_pb2.GetOrderResponse(order=order_to_proto(order))

    async def ListOrders(
        self, request: orders_pb2.ListOrdersRequest, context: object
    ) -> orders_pb2.ListOrdersResponse:
        wanted = order_query_from_proto(request)
        size = page_size(request.page_size, _PAGE, PAGE_ITEMS)
        after = after_token(wanted.scope(), request.page_token)
        page = await self._trading.orders(replace(wanted, first=size, after=after))
        token = token_of(wanted.scope(), page.orders[-1].id) if page.more else ""
        return orders_pb2.ListOrdersResponse(
            orders=[order_to_proto(each) for each in page.orders], next_page_token=token
        )

    async def ListFills(
        self, request: orders_pb2.ListFillsRequest, context: object
    ) -> orders_pb2.ListFillsResponse:
        wanted = fill_query_from_proto(request)
        size = page_size(request.page_size, _PAGE, PAGE_ITEMS)
        after = after_token(wanted.scope(), request.page_token)
        page = await self._fills.fills(replace(wanted, first=size, after=after))
        token = token_of(wanted.scope(), page.fills[-1].id) if page.more else ""
        return orders_pb2.ListFillsResponse(
            fills=[fill_to_proto(each) for each in page.fills], next_page_token=token
        )

    async def StreamOrderEvents(
        self, request: orders_pb2.StreamOrderEventsRequest, context: object
    ) -> AsyncGenerator[orders_pb2.StreamOrderEventsResponse]:
        async with aclosing(self._trading.events(cursor_from_proto(request))) as events:
            async for event in events:
                yield orders_pb2.StreamOrderEventsResponse(event=event_to_proto(event))

    async def StreamFillEvents(
        self, request: orders_pb2.StreamFillEventsRequest, context: object
    ) -> AsyncGenerator[orders_pb2.StreamFillEventsResponse]:
        async with aclosing(self._fills.events(cursor_from_proto(request))) as events:
            async for event in events:
                yield orders_pb2.StreamFillEventsResponse(event=fills.event_to_proto(event))
