"""New issues."""

from quantgraph.domain.instruments import Board, Market
from quantgraph.domain.ipos import Ipo, IpoQuota, IpoRequest
from quantgraph.domain.sources import Source
from quantgraph.v1 import catalog_pb2, ipos_pb2
from quantgraph.wire.enums import BOARD, MARKET, SOURCE
from quantgraph.wire.fields import date_from_proto, date_to_proto
from quantgraph.wire.records import Codecs, record_from_proto, record_to_proto

_CODECS: Codecs = {Source: SOURCE, Market: MARKET, Board: BOARD}


def request_to_proto(request: IpoRequest) -> catalog_pb2.ListIposRequest:
    """Write a request."""
    return catalog_pb2.ListIposRequest(
        start=None if request.start is None else date_to_proto(request.start),
        end=None if request.end is None else date_to_proto(request.end),
    )


def request_from_proto(message: catalog_pb2.ListIposRequest) -> IpoRequest:
    """Read a request."""
    return IpoRequest(
        date_from_proto(message.start, "start") if message.HasField("start") else None,
        date_from_proto(message.end, "end") if message.HasField("end") else None,
    )


def ipo_to_proto(ipo: Ipo) -> ipos_pb2.Ipo:
    """Write a new issue."""
    return record_to_proto(ipo, ipos_pb2.Ipo(), _CODECS)


def ipo_from_proto(message: ipos_pb2.Ipo) -> Ipo:
    """Read a new issue."""
    return record_from_proto(message, Ipo, _CODECS)


def quota_to_proto(quota: IpoQuota) -> ipos_pb2.IpoQuota:
    """Write a quota."""
    return record_to_proto(quota, ipos_pb2.IpoQuota(), _CODECS)


def quota_from_proto(message: ipos_pb2.IpoQuota) -> IpoQuota:
    """Read a quota."""
    return record_from_proto(message, IpoQuota, _CODECS)
