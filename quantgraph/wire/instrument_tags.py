"""Tags of instruments."""

from collections.abc import Sequence

from quantgraph.domain.instrument_tags import InstrumentTags, TagRequest
from quantgraph.domain.sources import Source
from quantgraph.v1 import catalog_pb2, instrument_tags_pb2
from quantgraph.wire.enums import SOURCE
from quantgraph.wire.fields import symbols_from_proto
from quantgraph.wire.records import Codecs, record_from_proto, record_to_proto

_CODECS: Codecs = {Source: SOURCE}


def request_to_proto(request: TagRequest) -> catalog_pb2.ListInstrumentTagsRequest:
    """Write a request."""
    return catalog_pb2.ListInstrumentTagsRequest(symbols=request.symbols, tags=request.tags)


def request_from_proto(message: catalog_pb2.ListInstrumentTagsRequest) -> TagRequest:
    """Read a request. Errors: BAD_REQUEST."""
    # As over GraphQL, none is asked of none.
    symbols: Sequence[str] = message.symbols
    read = symbols_from_proto(symbols, "symbols") if symbols else ()
    return TagRequest(read, tuple(message.tags))


def tags_to_proto(tags: InstrumentTags) -> instrument_tags_pb2.InstrumentTags:
    """Write an instrument's tags."""
    return record_to_proto(tags, instrument_tags_pb2.InstrumentTags(), _CODECS)


def tags_from_proto(message: instrument_tags_pb2.InstrumentTags) -> InstrumentTags:
    """Read an instrument's tags."""
    return record_from_proto(message, InstrumentTags, _CODECS)
