"""Answers TickService."""

# ruff: noqa: N802 the methods are named by the contract

from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.ports import Gateway
from quantgraph.domain.reasons import Reason
from quantgraph.domain.ticks import TickColumns
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
        limit = self._gateway.limits.bar_rows
        # One row more than is given: a recording must never be cut without a word.
        asked = request_from_proto(request, limit + 1)
        if asked.start is not None and asked.end is not None and asked.start > asked.end:
            text = "start is after end; swap them."
            raise InvalidRequest(Reason.START_AFTER_END, text, field="start")
        return ticks_to_proto(_within(await self._gateway.ticks.ticks(asked), limit))


def _within(found: TickColumns, limit: int) -> TickColumns:
    if found.length <= limit:
        return found
    text = (
        f"The span holds more than {limit} {found.kind} rows of {found.symbol}, the limit of one "
        "answer (limits.bar_rows). Ask for a shorter span."
    )
    raise InvalidRequest(Reason.ROW_LIMIT, text, limit=limit, field="start")
