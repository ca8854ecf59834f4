"""Snapshots of a whole exchange or sector."""

from google.protobuf.field_mask_pb2 import FieldMask

from quantgraph.domain.instruments import Market
from quantgraph.domain.snapshots import (
    QUOTE_FIELDS,
    MarketSnapshot,
    QuoteColumns,
    SnapshotRequest,
)
from quantgraph.v1 import snapshots_pb2
from quantgraph.wire.columns import (
    Block,
    columns_from_proto,
    columns_to_proto,
    mask_from_proto,
    published,
    twinned,
)
from quantgraph.wire.enums import MARKET, SOURCE
from quantgraph.wire.fields import invalid_field, text_from_proto


def request_to_proto(request: SnapshotRequest) -> snapshots_pb2.GetMarketSnapshotRequest:
    """Write a request."""
    message = snapshots_pb2.GetMarketSnapshotRequest(
        read_mask=FieldMask(paths=request.fields), with_names=request.named
    )
    # a market is a string too, so it must be looked at first
    if isinstance(request.selector, Market):
        message.market = MARKET.to_proto(request.selector)
    else:
        message.sector = request.selector
    return message


def request_from_proto(message: snapshots_pb2.GetMarketSnapshotRequest) -> SnapshotRequest:
    """Read a request."""
    fields = mask_from_proto(message.read_mask, QUOTE_FIELDS, "read_mask")
    match message.WhichOneof("selector"):
        case "sector":
            selector: Market | str = text_from_proto(message.sector, "sector")
        case "market":
            selector = MARKET.from_proto(message.market, "market")
        case _:
            raise invalid_field("selector", "give exactly one of sector and market.")
    return SnapshotRequest(selector, fields, message.with_names)


def snapshot_to_proto(snapshot: MarketSnapshot) -> snapshots_pb2.GetMarketSnapshotResponse:
    """Write a snapshot with the columns it has."""
    quotes = snapshot.quotes
    block = Block(len(quotes.symbols), quotes.values, quotes.valid)
    columns = columns_to_proto(block, snapshots_pb2.QuoteColumns)
    names = snapshot.names or ()
    return snapshots_pb2.GetMarketSnapshotResponse(
        source=SOURCE.to_proto(quotes.source),
        symbols=quotes.symbols,
        names=[name or "" for name in names],
        quotes=published(columns, snapshots_pb2.QuoteColumns),
    )


def snapshot_from_proto(
    message: snapshots_pb2.GetMarketSnapshotResponse, fields: tuple[str, ...] | None = None
) -> MarketSnapshot:
    """Read a snapshot with the named columns, or with those that came; read-only."""
    stock = snapshots_pb2.QuoteColumns
    block = columns_from_proto(twinned(message.quotes, stock), fields, stock)
    source = SOURCE.from_proto(message.source, "source")
    quotes = QuoteColumns(tuple(message.symbols), source, block.values, block.valid)
    # no names at all means that nobody asked for them, or that there is no row
    names = [name or None for name in message.names] if message.names else None
    return MarketSnapshot(quotes, names)
