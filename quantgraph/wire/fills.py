"""The events of an account's executions."""

from quantgraph.domain.streams import FillEvent
from quantgraph.v1 import orders_pb2
from quantgraph.wire.enums import STREAM_KIND
from quantgraph.wire.orders import fill_from_proto, fill_to_proto
from quantgraph.wire.streams import state_from_proto, state_to_proto


def event_to_proto(event: FillEvent) -> orders_pb2.FillEvent:
    """Write one item of an account's executions."""
    return orders_pb2.FillEvent(
        kind=STREAM_KIND.to_proto(event.kind),
        epoch=event.epoch,
        sequence=event.sequence,
        fill=None if event.fill is None else fill_to_proto(event.fill),
        source=None if event.source is None else state_to_proto(event.source),
    )


def event_from_proto(message: orders_pb2.FillEvent) -> FillEvent:
    """Read one item of an account's executions."""
    return FillEvent(
        kind=STREAM_KIND.from_proto(message.kind, "kind"),
        epoch=message.epoch,
        sequence=message.sequence if message.HasField("sequence") else None,
        fill=fill_from_proto(message.fill) if message.HasField("fill") else None,
        source=state_from_proto(message.source) if message.HasField("source") else None,
    )
