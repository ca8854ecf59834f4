"""Statistics of futures positions."""

from quantgraph.domain.futures_positions import (
    FuturesPositionStatistics,
    HedgeFlag,
    PositionDirection,
)
from quantgraph.domain.sources import Source
from quantgraph.v1 import futures_positions_pb2
from quantgraph.wire.enums import HEDGE_FLAG, POSITION_DIRECTION, SOURCE
from quantgraph.wire.records import Codecs, record_from_proto, record_to_proto

_CODECS: Codecs = {Source: SOURCE, PositionDirection: POSITION_DIRECTION, HedgeFlag: HEDGE_FLAG}


def statistics_to_proto(
    found: FuturesPositionStatistics,
) -> futures_positions_pb2.FuturesPositionStatistics:
    """Write what a terminal added up."""
    message = futures_positions_pb2.FuturesPositionStatistics()
    return record_to_proto(found, message, _CODECS)


def statistics_from_proto(
    message: futures_positions_pb2.FuturesPositionStatistics,
) -> FuturesPositionStatistics:
    """Read what a terminal added up."""
    return record_from_proto(message, FuturesPositionStatistics, _CODECS)
