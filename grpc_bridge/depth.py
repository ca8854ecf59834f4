"""Answers DepthService."""

# ruff: noqa: N802 the methods are named by the contract

from collections.abc import AsyncGenerator
from contextlib import aclosing

from grpc_bridge.batches import checked_batch
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.v1 import depth_pb2
from quantgraph.v1.depth_pb2_grpc import DepthServiceServicer
from quantgraph.wire.depth import (
    book_result,
    flow_result,
    queue_request_from_proto,
    queues_to_proto,
    rank_request_from_proto,
    rank_to_proto,
)
from quantgraph.wire.depth_events import (
    BOOK_LEVELS,
    QUEUE_LEVELS,
    book_event_to_proto,
    queues_event_to_proto,
    watch_from_proto,
)


class DepthServicer(DepthServiceServicer):
    """DepthService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._gateway = gateway

    async def ListOrderBooks(
        self, request: depth_pb2.ListOrderBooksRequest, context: object
    ) -> depth_pb2.ListOrderBooksResponse:
        symbols = checked_batch(self._gateway.limits, request.symbols)
        found = await self._gateway.depth.order_books(symbols)
        results = [book_result(*each) for each in zip(symbols, found, strict=True)]
        return depth_pb2.ListOrderBooksResponse(results=results)

    async def ListMoneyFlows(
        self, request: depth_pb2.ListMoneyFlowsRequest, context: object
    ) -> depth_pb2.ListMoneyFlowsResponse:
        symbols = checked_batch(self._gateway.limits, request.symbols)
        found = await self._gateway.depth.money_flows(symbols)
        results = [flow_result(*each) for each in zip(symbols, found, strict=True)]
        return depth_pb2.ListMoneyFlowsResponse(results=results)

    async def GetOrderQueues(
        self, request: depth_pb2.GetOrderQueuesRequest, context: object
    ) -> depth_pb2.GetOrderQueuesResponse:
        found = await self._gateway.depth.order_queues(queue_request_from_proto(request))
        return depth_pb2.GetOrderQueuesResponse(queues=queues_to_proto(found))

    async def GetOrderRank(
        self, request: depth_pb2.GetOrderRankRequest, context: object
    ) -> depth_pb2.GetOrderRankResponse:
        found = await self._gateway.depth.order_rank(rank_request_from_proto(request))
        return depth_pb2.GetOrderRankResponse(rank=rank_to_proto(found))

    async def WatchOrderBook(
        self, request: depth_pb2.WatchOrderBookRequest, context: object
    ) -> AsyncGenerator[depth_pb2.WatchOrderBookResponse]:
        watch = watch_from_proto(request, BOOK_LEVELS)
        async with aclosing(self._gateway.depth_stream.watch_books(watch)) as events:
            async for event in events:
                yield depth_pb2.WatchOrderBookResponse(event=book_event_to_proto(event))

    async def WatchOrderQueues(
        self, request: depth_pb2.WatchOrderQueuesRequest, context: object
    ) -> AsyncGenerator[depth_pb2.WatchOrderQueuesResponse]:
        watch = watch_from_proto(request, QUEUE_LEVELS)
        async with aclosing(self._gateway.depth_stream.watch_queues(watch)) as events:
            async for event in events:
                yield depth_pb2.WatchOrderQueuesResponse(event=queues_event_to_proto(event))
