"""Answers TickService."""

# ruff: noqa: N802 the methods are named by the contract

from quantgraph.domain.ports.gateway import Gateway
from quantgraph.v1 import ticks_pb2
from quantgraph.v1.ticks_pb2_grpc import TickServiceServicer
from quantgraph.wire.ticks import request_from_proto, ticks_to_proto


class TickServicer(TickServiceServicer):
    """TickService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._gateway = gateway

    async def ListTicks(
        self, request: ticks_pb2.ListTicksRequest, context: object
    ) -> ticks_pb2.ListTicksResponse:
        asked = request_from_proto(request, self._gateway.limits.bar_rows)
        return ticks_to_proto(await self._gateway.ticks.ticks(asked))
