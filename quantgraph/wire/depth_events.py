"""The events of live books and queues, and what is watched."""

from typing import Any, TypeVar

from quantgraph.domain.depth import DepthEvent, DepthWatch, OrderBook, OrderQueues
from quantgraph.v1 import depth_pb2
from quantgraph.wire.depth import (
    book_from_proto,
    book_to_proto,
    queues_from_proto,
    queues_to_proto,
)
from quantgraph.wire.enums import STREAM_KIND
from quantgraph.wire.fields import symbol_from_proto
from quantgraph.wire.streams import state_from_proto, state_to_proto

# What is sent where a request says no levels.
BOOK_LEVELS, QUEUE_LEVELS = 20, 5

Watched = TypeVar("Watched", depth_pb2.WatchOrderBookRequest, depth_pb2.WatchOrderQueuesRequest)


def watch_to_proto(watch: DepthWatch, message: type[Watched]) -> Watched:
    """Write what is watched, into a request type."""
    return message(symbol=watch.symbol, levels=watch.levels)


def watch_from_proto(
    message: depth_pb2.WatchOrderBookRequest | depth_pb2.WatchOrderQueuesRequest, usual: int
) -> DepthWatch:
    """Read what is watched; `usual` levels where none are told."""
    levels = message.levels if message.HasField("levels") else usual
    return DepthWatch(symbol_from_proto(message.symbol, "symbol"), levels)


def book_event_to_proto(event: DepthEvent[OrderBook]) -> depth_pb2.OrderBookEvent:
    """Write one item of a live book."""
    book = None if event.told is None else book_to_proto(event.told)
    return depth_pb2.OrderBookEvent(**_shared(event), book=book)


def queues_event_to_proto(event: DepthEvent[OrderQueues]) -> depth_pb2.OrderQueuesEvent:
    """Write one item of live queues."""
    queues = None if event.told is None else queues_to_proto(event.told)
    return depth_pb2.OrderQueuesEvent(**_shared(event), queues=queues)


def book_event_from_proto(message: depth_pb2.OrderBookEvent) -> DepthEvent[OrderBook]:
    """Read one item of a live book."""
    book = book_from_proto(message.book) if message.HasField("book") else None
    return DepthEvent(told=book, **_read(message))


def queues_event_from_proto(message: depth_pb2.OrderQueuesEvent) -> DepthEvent[OrderQueues]:
    """Read one item of live queues."""
    queues = queues_from_proto(message.queues) if message.HasField("queues") else None
    return DepthEvent(told=queues, **_read(message))


def _shared(event: DepthEvent[Any]) -> dict[str, Any]:
    return {
        "kind": STREAM_KIND.to_proto(event.kind),
        "epoch": event.epoch,
        "symbol": event.symbol,
        "sequence": event.sequence,
        "previous_sequence": event.previous_sequence,
        "conflated_count": event.conflated_count,
        "source": None if event.source is None else state_to_proto(event.source),
    }


def _read(message: depth_pb2.OrderBookEvent | depth_pb2.OrderQueuesEvent) -> dict[str, Any]:
    numbers: dict[str, Any] = {
        "sequence": message.sequence if message.HasField("sequence") else None,
        "previous_sequence": (
            message.previous_sequence if message.HasField("previous_sequence") else None
        ),
        "conflated_count": message.conflated_count if message.HasField("conflated_count") else None,
        "source": state_from_proto(message.source) if message.HasField("source") else None,
    }
    kind = STREAM_KIND.from_proto(message.kind, "kind")
    return {"kind": kind, "epoch": message.epoch, "symbol": message.symbol, **numbers}
