"""Main contracts of futures products."""

from quantgraph.domain.futures import MainContract, MainRequest
from quantgraph.domain.sources import Source
from quantgraph.v1 import catalog_pb2, futures_pb2
from quantgraph.wire.enums import SOURCE
from quantgraph.wire.fields import date_from_proto, date_to_proto, text_from_proto
from quantgraph.wire.records import Codecs, record_from_proto, record_to_proto

_CODECS: Codecs = {Source: SOURCE}


def request_to_proto(request: MainRequest) -> catalog_pb2.ListMainContractsRequest:
    """Write a request."""
    return catalog_pb2.ListMainContractsRequest(
        product=request.product,
        start=None if request.start is None else date_to_proto(request.start),
        end=None if request.end is None else date_to_proto(request.end),
    )


def request_from_proto(message: catalog_pb2.ListMainContractsRequest) -> MainRequest:
    """Read a request."""
    return MainRequest(
        text_from_proto(message.product, "product"),
        date_from_proto(message.start, "start") if message.HasField("start") else None,
        date_from_proto(message.end, "end") if message.HasField("end") else None,
    )


def contract_to_proto(contract: MainContract) -> futures_pb2.MainContract:
    """Write a main contract."""
    return record_to_proto(contract, futures_pb2.MainContract(), _CODECS)


def contract_from_proto(message: futures_pb2.MainContract) -> MainContract:
    """Read a main contract."""
    return record_from_proto(message, MainContract, _CODECS)
