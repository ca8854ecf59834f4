"""Deep order books, and flows of money."""

from dataclasses import fields

from quantgraph.domain.depth import Flow, MoneyFlow, NetFlow, OrderBook, SizedFlow
from quantgraph.domain.errors import GatewayError
from quantgraph.v1 import depth_pb2
from quantgraph.wire.enums import SOURCE
from quantgraph.wire.failures import failure_to_proto
from quantgraph.wire.fields import ms_from_proto, ms_to_proto
from quantgraph.wire.quotes import levels_from_proto, levels_to_proto
from quantgraph.wire.records import record_from_proto, record_to_proto

_SIZED = ("active_buys", "active_sells", "passive_buys", "passive_sells")
_OWN = frozenset({"symbol", "time", "source", "net_inflow", *_SIZED})
_FIGURES = tuple(each.name for each in fields(MoneyFlow) if each.name not in _OWN)


def book_result(symbol: str, found: OrderBook | GatewayError) -> depth_pb2.OrderBookResult:
    """Write a symbol's book, or why there is none."""
    if isinstance(found, GatewayError):
        return depth_pb2.OrderBookResult(symbol=symbol, failure=failure_to_proto(found))
    return depth_pb2.OrderBookResult(symbol=symbol, book=book_to_proto(found))


def flow_result(symbol: str, found: MoneyFlow | GatewayError) -> depth_pb2.MoneyFlowResult:
    """Write a symbol's flows, or why there are none."""
    if isinstance(found, GatewayError):
        return depth_pb2.MoneyFlowResult(symbol=symbol, failure=failure_to_proto(found))
    return depth_pb2.MoneyFlowResult(symbol=symbol, flow=flow_to_proto(found))


def book_to_proto(book: OrderBook) -> depth_pb2.OrderBook:
    """Write a book."""
    return depth_pb2.OrderBook(
        symbol=book.symbol,
        time=ms_to_proto(book.time),
        last_price=book.last_price,
        bids=levels_to_proto(book.bids),
        asks=levels_to_proto(book.asks),
        source=SOURCE.to_proto(book.source),
    )


def book_from_proto(message: depth_pb2.OrderBook) -> OrderBook:
    """Read a book."""
    return OrderBook(
        symbol=message.symbol,
        time=ms_from_proto(message.time, "time"),
        last_price=message.last_price if message.HasField("last_price") else None,
        bids=levels_from_proto(message.bids),
        asks=levels_from_proto(message.asks),
        source=SOURCE.from_proto(message.source, "source"),
    )


def flow_to_proto(flow: MoneyFlow) -> depth_pb2.MoneyFlow:
    """Write flows."""
    message = depth_pb2.MoneyFlow(
        symbol=flow.symbol,
        time=ms_to_proto(flow.time),
        source=SOURCE.to_proto(flow.source),
        **{name: getattr(flow, name) for name in _FIGURES},
    )
    for part in (*_SIZED, "net_inflow"):
        _part_to_proto(getattr(flow, part), getattr(message, part))
    return message


def flow_from_proto(message: depth_pb2.MoneyFlow) -> MoneyFlow:
    """Read flows."""
    return MoneyFlow(
        symbol=message.symbol,
        time=ms_from_proto(message.time, "time"),
        **{part: record_from_proto(getattr(message, part), SizedFlow, {}) for part in _SIZED},
        net_inflow=record_from_proto(message.net_inflow, NetFlow, {}),
        **{n: getattr(message, n) if message.HasField(n) else None for n in _FIGURES},
        source=SOURCE.from_proto(message.source, "source"),
    )


def _part_to_proto(
    flow: SizedFlow | NetFlow, message: depth_pb2.SizedFlow | depth_pb2.NetFlow
) -> None:
    for size in fields(flow):
        told: Flow = getattr(flow, size.name)
        held: depth_pb2.Flow = getattr(message, size.name)
        # It is there, whatever of it is told.
        held.SetInParent()
        record_to_proto(told, held, {})
