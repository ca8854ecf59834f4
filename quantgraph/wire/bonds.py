"""Convertible bonds."""

from quantgraph.domain.bonds import BondRequest, BondValue, ConvertibleBond
from quantgraph.domain.sources import Source
from quantgraph.v1 import bonds_pb2, catalog_pb2
from quantgraph.wire.enums import SOURCE
from quantgraph.wire.fields import symbols_from_proto
from quantgraph.wire.records import Codecs, record_from_proto, record_to_proto

_CODECS: Codecs = {Source: SOURCE}


def request_to_proto(request: BondRequest) -> catalog_pb2.ListConvertibleBondsRequest:
    """Write a request."""
    return catalog_pb2.ListConvertibleBondsRequest(
        symbols=request.symbols,
        stock_symbols=request.stock_symbols,
        valued=request.valued,
    )


def request_from_proto(message: catalog_pb2.ListConvertibleBondsRequest) -> BondRequest:
    """Read a request; an empty list means any."""
    symbols, stocks = message.symbols, message.stock_symbols
    return BondRequest(
        symbols_from_proto(symbols, "symbols") if symbols else (),
        symbols_from_proto(stocks, "stock_symbols") if stocks else (),
        message.valued,
    )


def bond_to_proto(value: BondValue) -> bonds_pb2.ConvertibleBond:
    """Write a bond with its value."""
    message = bonds_pb2.ConvertibleBond(
        price=value.price, conversion_value=value.conversion_value, premium=value.premium
    )
    return record_to_proto(value.bond, message, _CODECS)


def bond_from_proto(message: bonds_pb2.ConvertibleBond) -> BondValue:
    """Read a bond with its value."""
    return BondValue(
        record_from_proto(message, ConvertibleBond, _CODECS),
        message.price if message.HasField("price") else None,
        message.conversion_value if message.HasField("conversion_value") else None,
        message.premium if message.HasField("premium") else None,
    )
