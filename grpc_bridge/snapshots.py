"""Answers SnapshotService."""

# ruff: noqa: N802 the methods are named by the contract

from quantgraph.domain.ports.gateway import Gateway
from quantgraph.v1 import snapshots_pb2
from quantgraph.v1.snapshots_pb2_grpc import SnapshotServiceServicer
from quantgraph.wire.snapshots import request_from_proto, snapshot_to_proto


class SnapshotServicer(SnapshotServiceServicer):
    """SnapshotService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._gateway = gateway

    async def GetMarketSnapshot(
        self, request: snapshots_pb2.GetMarketSnapshotRequest, context: object
    ) -> snapshots_pb2.GetMarketSnapshotResponse:
        asked = request_from_proto(request)
        return snapshot_to_proto(await self._gateway.snapshots.snapshot(asked))
