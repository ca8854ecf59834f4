"""Tradable things, and which of them a list is of."""

from quantgraph.domain.instruments import Instrument
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.v1 import instruments_pb2
from quantgraph.wire.enums import BOARD, INSTRUMENT_KIND, MARKET, SOURCE
from quantgraph.wire.fields import (
    date_from_proto,
    date_to_proto,
    decimal_from_proto,
    decimal_to_proto,
)


def instrument_to_proto(instrument: Instrument) -> instruments_pb2.Instrument:
    """Write an instrument."""
    tick, listed, ended = instrument.price_tick, instrument.list_date, instrument.delist_date
    return instruments_pb2.Instrument(
        symbol=instrument.symbol,
        name=instrument.name,
        market=MARKET.to_proto(instrument.market),
        kind=INSTRUMENT_KIND.to_proto(instrument.kind),
        board=None if instrument.board is None else BOARD.to_proto(instrument.board),
        price_tick=None if tick is None else decimal_to_proto(tick),
        list_date=None if listed is None else date_to_proto(listed),
        delist_date=None if ended is None else date_to_proto(ended),
        is_st=instrument.is_st,
        source=SOURCE.to_proto(instrument.source),
    )


def instrument_from_proto(message: instruments_pb2.Instrument) -> Instrument:
    """Read an instrument."""
    tick = message.HasField("price_tick")
    listed, ended = message.HasField("list_date"), message.HasField("delist_date")
    return Instrument(
        symbol=message.symbol,
        name=message.name if message.HasField("name") else None,
        market=MARKET.from_proto(message.market, "market"),
        kind=INSTRUMENT_KIND.from_proto(message.kind, "kind"),
        board=BOARD.from_proto(message.board, "board") if message.HasField("board") else None,
        price_tick=decimal_from_proto(message.price_tick, "price_tick") if tick else None,
        list_date=date_from_proto(message.list_date, "list_date") if listed else None,
        delist_date=date_from_proto(message.delist_date, "delist_date") if ended else None,
        is_st=message.is_st,
        source=SOURCE.from_proto(message.source, "source"),
    )


def search_to_proto(search: InstrumentSearch) -> instruments_pb2.ListInstrumentsRequest:
    """Write the filters of a list; symbols are asked for by GetInstruments."""
    return instruments_pb2.ListInstrumentsRequest(
        search=search.text,
        markets=[MARKET.to_proto(each) for each in sorted(search.markets)],
        kinds=[INSTRUMENT_KIND.to_proto(each) for each in sorted(search.kinds)],
        boards=[BOARD.to_proto(each) for each in sorted(search.boards)],
        sector=search.sector,
    )


def search_from_proto(message: instruments_pb2.ListInstrumentsRequest) -> InstrumentSearch:
    """Read the filters of a list."""
    return InstrumentSearch(
        text=message.search if message.HasField("search") else None,
        markets=frozenset(
            MARKET.from_proto(each, f"markets[{i}]") for i, each in enumerate(message.markets)
        ),
        kinds=frozenset(
            INSTRUMENT_KIND.from_proto(each, f"kinds[{i}]") for i, each in enumerate(message.kinds)
        ),
        boards=frozenset(
            BOARD.from_proto(each, f"boards[{i}]") for i, each in enumerate(message.boards)
        ),
        sector=message.sector if message.HasField("sector") else None,
    )
