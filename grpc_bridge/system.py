"""Answers SystemService."""

# ruff: noqa: N802 the methods are named by the contract

from quantgraph.domain.access import present_actor
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.system import PAGE_ITEMS
from quantgraph.v1 import system_pb2
from quantgraph.v1.system_pb2_grpc import SystemServiceServicer
from quantgraph.wire.pages import page_size
from quantgraph.wire.subscriptions import stream_to_proto
from quantgraph.wire.system import info_to_proto

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
        return system_pb2.GetServerInfoResponse(info=info_to_proto(await self._system.info()))

    async def ListSubscriptions(
        self, request: system_pb2.ListSubscriptionsRequest, context: object
    ) -> system_pb2.ListSubscriptionsResponse:
        size = page_size(request.page_size, _PAGE, PAGE_ITEMS)
        held = await self._streams.held(present_actor(), size)
        return system_pb2.ListSubscriptionsResponse(streams=[stream_to_proto(s) for s in held])
