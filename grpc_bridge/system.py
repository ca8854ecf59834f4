"""Answers SystemService."""

# ruff: noqa: N802 the methods are named by the contract

from quantgraph.domain.ports.gateway import Gateway
from quantgraph.v1 import system_pb2
from quantgraph.v1.system_pb2_grpc import SystemServiceServicer
from quantgraph.wire.system import info_to_proto


class SystemServicer(SystemServiceServicer):
    """SystemService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._system = gateway.system

    async def GetServerInfo(
        self, request: system_pb2.GetServerInfoRequest, context: object
    ) -> system_pb2.GetServerInfoResponse:
        return system_pb2.GetServerInfoResponse(info=info_to_proto(await self._system.info()))
