"""Ex-right events and their histories."""

from datetime import date

from quantgraph.domain.dividends import (
    Dividend,
    DividendEvent,
    DividendHistory,
    DividendRequest,
)
from quantgraph.v1 import dividends_pb2
from quantgraph.wire.enums import SOURCE
from quantgraph.wire.fields import date_from_proto, date_to_proto, symbols_from_proto

_ITEMS = ("ratio", "cash", "bonus", "conversion", "rights", "rights_price")


def request_to_proto(request: DividendRequest) -> dividends_pb2.ListDividendsRequest:
    """Write a request."""
    return dividends_pb2.ListDividendsRequest(
        symbols=request.symbols,
        start=None if request.start is None else date_to_proto(request.start),
        end=None if request.end is None else date_to_proto(request.end),
    )


def request_from_proto(message: dividends_pb2.ListDividendsRequest) -> DividendRequest:
    """Read a request."""
    start: date | None = None
    end: date | None = None
    if message.HasField("start"):
        start = date_from_proto(message.start, "start")
    if message.HasField("end"):
        end = date_from_proto(message.end, "end")
    return DividendRequest(symbols_from_proto(message.symbols, "symbols"), start, end)


def history_to_proto(history: DividendHistory) -> dividends_pb2.DividendHistory:
    """Write the events of a symbol."""
    return dividends_pb2.DividendHistory(
        symbol=history.symbol,
        known=history.events is not None,
        events=[_event_to_proto(each) for each in history.events or ()],
    )


def history_from_proto(message: dividends_pb2.DividendHistory) -> DividendHistory:
    """Read the events of a symbol."""
    events = tuple(_event_from_proto(message.symbol, each) for each in message.events)
    return DividendHistory(message.symbol, events if message.known else None)


def _event_to_proto(event: DividendEvent) -> dividends_pb2.Dividend:
    dividend = event.dividend
    return dividends_pb2.Dividend(
        ex_date=date_to_proto(dividend.ex_date),
        ratio=dividend.ratio,
        cumulative_ratio=event.cumulative,
        cash=dividend.cash,
        bonus=dividend.bonus,
        conversion=dividend.conversion,
        rights=dividend.rights,
        rights_price=dividend.rights_price,
        source=SOURCE.to_proto(dividend.source),
    )


def _event_from_proto(symbol: str, message: dividends_pb2.Dividend) -> DividendEvent:
    items = [getattr(message, name) if message.HasField(name) else None for name in _ITEMS]
    source = SOURCE.from_proto(message.source, "source")
    dividend = Dividend(symbol, date_from_proto(message.ex_date, "ex_date"), *items, source=source)
    cumulative = message.cumulative_ratio if message.HasField("cumulative_ratio") else None
    return DividendEvent(dividend, cumulative)
