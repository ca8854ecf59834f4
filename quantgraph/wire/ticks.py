"""Recorded snapshots and trades."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from quantgraph.domain.bars import window
from quantgraph.domain.ticks import TICK_FIELDS, TickColumns, TickKind, TickRequest
from quantgraph.v1 import level2_pb2, ticks_pb2
from quantgraph.wire.columns import (
    Block,
    columns_from_proto,
    columns_to_proto,
    mask_from_proto,
    published,
    twinned,
)
from quantgraph.wire.enums import SOURCE, TICK_KIND
from quantgraph.wire.fields import bound_from_proto, bound_to_proto, symbol_from_proto

# The member of the answer's oneof that holds each recording, and its columns message.
COLUMNS: Mapping[TickKind, tuple[str, type[Any]]] = {
    TickKind.SNAPSHOT: ("snapshots", ticks_pb2.SnapshotColumns),
    TickKind.TRADE: ("trades", ticks_pb2.TradeColumns),
    TickKind.LEVEL2_QUOTE: ("level2_quotes", level2_pb2.Level2QuoteColumns),
    TickKind.LEVEL2_ORDER: ("level2_orders", level2_pb2.Level2OrderColumns),
    TickKind.LEVEL2_TRANSACTION: ("level2_transactions", level2_pb2.Level2TransactionColumns),
}
_KINDS = {member: kind for kind, (member, _) in COLUMNS.items()}


def request_to_proto(request: TickRequest) -> ticks_pb2.ListTicksRequest:
    """Write a request; its row limit is the server's business and stays here."""
    return ticks_pb2.ListTicksRequest(
        symbol=request.symbol,
        kind=TICK_KIND.to_proto(request.kind),
        start=None if request.start is None else bound_to_proto(request.start),
        end=None if request.end is None else bound_to_proto(request.end),
        read_mask=FieldMask(paths=request.fields),
    )


def request_from_proto(message: ticks_pb2.ListTicksRequest, limit: int) -> TickRequest:
    """Read a request, to be answered with at most `limit` rows."""
    kind = TICK_KIND.from_proto(message.kind, "kind")
    start = bound_from_proto(message.start, "start") if message.HasField("start") else None
    end = bound_from_proto(message.end, "end") if message.HasField("end") else None
    span = window(start, end)
    return TickRequest(
        symbol=symbol_from_proto(message.symbol, "symbol"),
        kind=kind,
        start=span.start,
        end=span.end,
        fields=mask_from_proto(message.read_mask, TICK_FIELDS[kind], "read_mask"),
        limit=limit,
    )


def ticks_to_proto(ticks: TickColumns) -> ticks_pb2.ListTicksResponse:
    """Write a recording with the columns it has."""
    message = ticks_pb2.ListTicksResponse(symbol=ticks.symbol, source=SOURCE.to_proto(ticks.source))
    block = Block(ticks.length, ticks.values, ticks.valid)
    member, stock = COLUMNS[ticks.kind]
    getattr(message, member).CopyFrom(published(columns_to_proto(block, stock), stock))
    return message


def ticks_from_proto(
    message: ticks_pb2.ListTicksResponse, fields: tuple[str, ...] | None = None
) -> TickColumns:
    """Read a recording with the named columns, or with those that came; read-only."""
    member = message.WhichOneof("ticks")
    if member is None:
        raise ValueError("the answer holds no recording")
    kind, stock = _KINDS[member], COLUMNS[_KINDS[member]][1]
    block = columns_from_proto(twinned(getattr(message, member), stock), fields, stock)
    source = SOURCE.from_proto(message.source, "source")
    return TickColumns(message.symbol, kind, source, block.length, block.values, block.valid)
