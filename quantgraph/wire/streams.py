"""What the events of all streams share."""

from quantgraph.domain.streams import SourceState
from quantgraph.v1 import streams_pb2
from quantgraph.wire.fields import ms_from_proto, ms_to_proto


def state_to_proto(state: SourceState) -> streams_pb2.SourceState:
    """Write how a source is doing."""
    last = state.last_event_time
    return streams_pb2.SourceState(
        connected=state.connected,
        last_event_at=None if last is None else ms_to_proto(last),
        lag_ms=state.lag_ms,
    )


def state_from_proto(message: streams_pb2.SourceState) -> SourceState:
    """Read how a source is doing."""
    seen = message.HasField("last_event_at")
    return SourceState(
        message.connected,
        ms_from_proto(message.last_event_at, "last_event_at") if seen else None,
        message.lag_ms if message.HasField("lag_ms") else None,
    )
