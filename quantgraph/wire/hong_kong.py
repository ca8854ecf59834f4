"""Broker queues of Hong Kong."""

from quantgraph.domain.bars import window
from quantgraph.domain.hong_kong import (
    Broker,
    BrokerLevel,
    BrokerQueue,
    BrokerQueueRequest,
    queue_request,
)
from quantgraph.v1 import hong_kong_pb2
from quantgraph.wire.enums import SOURCE
from quantgraph.wire.fields import (
    bound_from_proto,
    bound_to_proto,
    instant_from_proto,
    instant_to_proto,
)
from quantgraph.wire.records import record_from_proto, record_to_proto


def request_to_proto(request: BrokerQueueRequest) -> hong_kong_pb2.ListBrokerQueuesRequest:
    """Write a request."""
    span = request.window
    return hong_kong_pb2.ListBrokerQueuesRequest(
        code=request.code,
        start=None if span.start is None else bound_to_proto(span.start),
        end=None if span.end is None else bound_to_proto(span.end),
        last=span.last,
    )


def request_from_proto(message: hong_kong_pb2.ListBrokerQueuesRequest) -> BrokerQueueRequest:
    """Read a request. Errors: BAD_REQUEST, START_AFTER_END."""
    start = bound_from_proto(message.start, "start") if message.HasField("start") else None
    end = bound_from_proto(message.end, "end") if message.HasField("end") else None
    last = message.last if message.HasField("last") else 1
    return queue_request(message.code, window(start, end, last))


def queue_to_proto(queue: BrokerQueue) -> hong_kong_pb2.BrokerQueue:
    """Write a queue."""
    return hong_kong_pb2.BrokerQueue(
        code=queue.code,
        time=None if queue.time is None else instant_to_proto(queue.time),
        bids=[_level_to_proto(each) for each in queue.bids],
        asks=[_level_to_proto(each) for each in queue.asks],
        source=SOURCE.to_proto(queue.source),
    )


def queue_from_proto(message: hong_kong_pb2.BrokerQueue) -> BrokerQueue:
    """Read a queue."""
    return BrokerQueue(
        code=message.code,
        time=instant_from_proto(message.time, "time") if message.HasField("time") else None,
        bids=tuple(record_from_proto(each, BrokerLevel, {}) for each in message.bids),
        asks=tuple(record_from_proto(each, BrokerLevel, {}) for each in message.asks),
        source=SOURCE.from_proto(message.source, "source"),
    )


def broker_to_proto(broker: Broker) -> hong_kong_pb2.Broker:
    """Write a broker."""
    return record_to_proto(broker, hong_kong_pb2.Broker(), {})


def broker_from_proto(message: hong_kong_pb2.Broker) -> Broker:
    """Read a broker."""
    return record_from_proto(message, Broker, {})


def _level_to_proto(level: BrokerLevel) -> hong_kong_pb2.BrokerLevel:
    return record_to_proto(level, hong_kong_pb2.BrokerLevel(), {})
