"""Option chains."""

from quantgraph.domain.options import OptionChain, OptionType
from quantgraph.domain.sources import Source
from quantgraph.v1 import options_pb2
from quantgraph.wire.enums import OPTION_TYPE, SOURCE
from quantgraph.wire.records import Codecs, record_from_proto, record_to_proto

_CODECS: Codecs = {Source: SOURCE, OptionType: OPTION_TYPE}


def chain_to_proto(chain: OptionChain) -> options_pb2.OptionChain:
    """Write a chain."""
    return record_to_proto(chain, options_pb2.OptionChain(), _CODECS)


def chain_from_proto(message: options_pb2.OptionChain) -> OptionChain:
    """Read a chain."""
    return record_from_proto(message, OptionChain, _CODECS)
