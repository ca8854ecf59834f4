"""Answers BarService."""

# ruff: noqa: N802 the methods are named by the contract

from collections.abc import AsyncGenerator

from grpc_bridge.downloads import download
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ports import Gateway
from quantgraph.v1 import bars_pb2
from quantgraph.v1.bars_pb2_grpc import BarServiceServicer
from quantgraph.wire.bars import download_from_proto, request_from_proto, series_to_proto


class BarServicer(BarServiceServicer):
    """BarService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._gateway = gateway

    async def ListBars(
        self, request: bars_pb2.ListBarsRequest, context: object
    ) -> bars_pb2.ListBarsResponse:
        (found,) = await self._gateway.bars.bars(request_from_proto(request))
        if isinstance(found, GatewayError):
            raise found
        return bars_pb2.ListBarsResponse(series=series_to_proto(found))

    async def DownloadBars(
        self, request: bars_pb2.DownloadBarsRequest, context: object
    ) -> AsyncGenerator[bars_pb2.DownloadBarsResponse]:
        async for frame in download(self._gateway, download_from_proto(request)):
            yield frame
