"""Recorded snapshots and trades."""

from google.protobuf.field_mask_pb2 import FieldMask

from quantgraph.domain.bars import window
from quantgraph.domain.ticks import TICK_FIELDS, TickColumns, TickKind, TickRequest
from quantgraph.v1 import ticks_pb2
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
    if ticks.kind is TickKind.SNAPSHOT:
        snapshots = columns_to_proto(block, ticks_pb2.SnapshotColumns)
        message.snapshots.CopyFrom(published(snapshots, ticks_pb2.SnapshotColumns))
    else:
        trades = columns_to_proto(block, ticks_pb2.TradeColumns)
        message.trades.CopyFrom(published(trades, ticks_pb2.TradeColumns))
    return message


def ticks_from_proto(
    message: ticks_pb2.ListTicksResponse, fields: tuple[str, ...] | None = None
) -> TickColumns:
    """Read a recording with the named columns, or with those that came; read-only."""
    if message.WhichOneof("ticks") == "snapshots":
        kind, stock = TickKind.SNAPSHOT, ticks_pb2.SnapshotColumns
        found = twinned(message.snapshots, ticks_pb2.SnapshotColumns)
    else:
        kind, stock = TickKind.TRADE, ticks_pb2.TradeColumns
        found = twinned(message.trades, ticks_pb2.TradeColumns)
    block = columns_from_proto(found, fields, stock)
    source = SOURCE.from_proto(message.source, "source")
    return TickColumns(message.symbol, kind, source, block.length, block.values, block.valid)
