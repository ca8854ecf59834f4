"""Sectors and index weights."""

from quantgraph.domain.sectors import IndexWeight, Sector
from quantgraph.v1 import sectors_pb2
from quantgraph.wire.enums import SOURCE
from quantgraph.wire.fields import date_from_proto, date_to_proto


def sector_to_proto(sector: Sector) -> sectors_pb2.Sector:
    """Write a sector with its members."""
    return sectors_pb2.Sector(
        name=sector.name,
        category=sector.category,
        symbols=sector.symbols,
        source=SOURCE.to_proto(sector.source),
        date=None if sector.day is None else date_to_proto(sector.day),
        dates=[date_to_proto(day) for day in sector.dates],
    )


def sector_from_proto(message: sectors_pb2.Sector) -> Sector:
    """Read a sector with its members."""
    return Sector(
        message.name,
        message.category if message.HasField("category") else None,
        tuple(message.symbols),
        SOURCE.from_proto(message.source, "source"),
        date_from_proto(message.date, "date") if message.HasField("date") else None,
        tuple(date_from_proto(day, "dates") for day in message.dates),
    )


def weight_to_proto(weight: IndexWeight) -> sectors_pb2.IndexWeight:
    """Write a member's share of an index."""
    return sectors_pb2.IndexWeight(
        index_symbol=weight.index_symbol,
        symbol=weight.symbol,
        weight=weight.weight,
        date=date_to_proto(weight.date),
        source=SOURCE.to_proto(weight.source),
    )


def weight_from_proto(message: sectors_pb2.IndexWeight) -> IndexWeight:
    """Read a member's share of an index."""
    return IndexWeight(
        message.index_symbol,
        message.symbol,
        message.weight,
        date_from_proto(message.date, "date"),
        SOURCE.from_proto(message.source, "source"),
    )
