"""Answers BarService."""

# ruff: noqa: N802 the methods are named by the contract

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from grpc import aio

from grpc_bridge.access import caller
from grpc_bridge.ahead import write_ahead
from grpc_bridge.downloads import download
from grpc_bridge.tokens import TokenSeal
from quantgraph.domain.access import Scope
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.v1 import bars_pb2
from quantgraph.v1.bars_pb2_grpc import BarServiceServicer
from quantgraph.wire.bars import download_from_proto, request_from_proto, series_to_proto
from quantgraph.wire.live_bars import event_to_proto, watch_from_proto


class BarServicer(BarServiceServicer):
    """BarService over the gateway's ports."""

    def __init__(self, gateway: Gateway, seal: TokenSeal) -> None:
        """Answer from `gateway`."""
        self._gateway = gateway
        self._seal = seal

    async def ListBars(
        self, request: bars_pb2.ListBarsRequest, context: object
    ) -> bars_pb2.ListBarsResponse:
        (found,) = await self._gateway.bars.bars(request_from_proto(request))
        if isinstance(found, GatewayError):
            raise found
        if request.ensure:
            caller().require(Scope.TRADE)
            found = await self._gateway.missing_bars.fetch(found)
        return bars_pb2.ListBarsResponse(series=series_to_proto(found))

    # Its frames are bytes already: see `quantgraph.wire.frames`.
    async def DownloadBars(  # pyright: ignore[reportIncompatibleMethodOverride] it writes
        self, request: bars_pb2.DownloadBarsRequest, context: aio.ServicerContext[Any, Any]
    ) -> None:
        asked = download_from_proto(request)
        frames = download(self._gateway, asked, self._seal, request.resume_token)
        async with aclosing(frames):
            await write_ahead(frames, context)

    async def WatchBars(
        self, request: bars_pb2.WatchBarsRequest, context: object
    ) -> AsyncGenerator[bars_pb2.WatchBarsResponse]:
        watch = watch_from_proto(request)
        async with aclosing(self._gateway.bar_stream.watch(watch)) as events:
            async for event in events:
                yield bars_pb2.WatchBarsResponse(event=event_to_proto(event))
