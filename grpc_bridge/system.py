"""Answers SystemService."""

# ruff: noqa: N802 the methods are named by the contract

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from grpc_bridge.access import caller
from quantgraph.domain.access import present_actor
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.system import PAGE_ITEMS
from quantgraph.v1 import system_pb2
from quantgraph.v1.system_pb2_grpc import SystemServiceServicer
from quantgraph.wire.pages import page_size
from quantgraph.wire.subscriptions import stream_to_proto
from quantgraph.wire.system import info_to_proto
from quantgraph.wire.terminals import news_to_proto

_PAGE = 50


class SystemServicer(SystemServiceServicer):
    """SystemService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._system = gateway.system
        self._streams = gateway.subscriptions

    async def GetServerInfo(
        self, request: system_pb2.GetServerInfoRequest, context: object
    ) -> system_pb2.GetServerInfoResponse:
        info, sees = await self._system.info(), caller().sees
        seen = replace(info, terminals=tuple(each.seen_by(sees) for each in info.terminals))
        return system_pb2.GetServerInfoResponse(info=info_to_proto(seen))

    async def StreamTerminalStatus(
        self, request: system_pb2.StreamTerminalStatusRequest, context: object
    ) -> AsyncGenerator[system_pb2.StreamTerminalStatusResponse]:
        sees = caller().sees
        async with aclosing(self._system.terminals()) as events:
            async for event in events:
                shown = news_to_proto(event.seen_by(sees))
                yield system_pb2.StreamTerminalStatusResponse(event=shown)

    async def ListSubscriptions(
        self, request: system_pb2.ListSubscriptionsRequest, context: object
    ) -> system_pb2.ListSubscriptionsResponse:
        size = page_size(request.page_size, _PAGE, PAGE_ITEMS)
        held = await self._streams.held(present_actor(), size)
        return system_pb2.ListSubscriptionsResponse(streams=[stream_to_proto(s) for s in held])
