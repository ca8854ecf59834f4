"""The live streams that a key holds."""

from quantgraph.domain.subscriptions import OpenStream, Tally
from quantgraph.v1 import system_pb2
from quantgraph.wire.fields import instant_from_proto, instant_to_proto


def stream_to_proto(held: OpenStream) -> system_pb2.OpenStream:
    """Write a stream."""
    tally = held.tally
    message = system_pb2.OpenStream(
        id=held.id,
        operation=held.operation,
        own=held.own,
        opened_at=instant_to_proto(held.opened_at),
    )
    if tally is not None:
        counts = system_pb2.OpenStream(
            account_id=tally.account_id,
            symbol_count=tally.symbols,
            delivered_count=tally.delivered,
            conflated_count=tally.conflated if tally.skips else None,
            waiting_count=tally.waiting,
        )
        message.MergeFrom(counts)
    return message


def stream_from_proto(message: system_pb2.OpenStream) -> OpenStream:
    """Read a stream."""
    tally = None
    if message.HasField("delivered_count"):
        tally = Tally(
            message.delivered_count,
            message.conflated_count,
            message.waiting_count,
            message.symbol_count if message.HasField("symbol_count") else None,
            message.account_id if message.HasField("account_id") else None,
            skips=message.HasField("conflated_count"),
        )
    opened = instant_from_proto(message.opened_at, "opened_at")
    return OpenStream(message.id, message.operation, message.own, opened, tally)
