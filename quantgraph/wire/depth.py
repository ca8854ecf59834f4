"""Deep order books, flows of money, and queues of orders."""

from dataclasses import fields
from typing import Any

from quantgraph.domain.depth import (
    Flow,
    MoneyFlow,
    NetFlow,
    OrderBook,
    OrderQueue,
    OrderQueues,
    OrderRank,
    QueueRequest,
    RankRequest,
    SizedFlow,
)
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.sources import Source
from quantgraph.v1 import depth_pb2
from quantgraph.wire.enums import SIDE, SOURCE
from quantgraph.wire.failures import failure_from_proto, failure_to_proto
from quantgraph.wire.fields import (
    decimal_from_proto,
    decimal_to_proto,
    ms_from_proto,
    ms_to_proto,
    symbol_from_proto,
)
from quantgraph.wire.quotes import levels_from_proto, levels_to_proto
from quantgraph.wire.records import Codecs, record_from_proto, record_to_proto

_CODECS: Codecs = {Source: SOURCE}
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


def book_of(message: depth_pb2.OrderBookResult) -> OrderBook | GatewayError:
    """Read a symbol's book, or why there is none."""
    if message.HasField("book"):
        return book_from_proto(message.book)
    return failure_from_proto(message.failure)


def flow_of(message: depth_pb2.MoneyFlowResult) -> MoneyFlow | GatewayError:
    """Read a symbol's flows, or why there are none."""
    if message.HasField("flow"):
        return flow_from_proto(message.flow)
    return failure_from_proto(message.failure)


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
    time = ms_from_proto(message.time, "time")
    parts = {part: record_from_proto(getattr(message, part), SizedFlow, {}) for part in _SIZED}
    net = record_from_proto(message.net_inflow, NetFlow, {})
    told = {each.name for each, _ in message.ListFields()}
    figures = {name: getattr(message, name) if name in told else None for name in _FIGURES}
    source = SOURCE.from_proto(message.source, "source")
    whole: dict[str, Any] = {**parts, **figures, "net_inflow": net, "source": source}
    return MoneyFlow(symbol=message.symbol, time=time, **whole)


def _part_to_proto(
    flow: SizedFlow | NetFlow, message: depth_pb2.SizedFlow | depth_pb2.NetFlow
) -> None:
    for size in fields(flow):
        told: Flow = getattr(flow, size.name)
        held: depth_pb2.Flow = getattr(message, size.name)
        # It is there, whatever of it is told.
        held.SetInParent()
        record_to_proto(told, held, {})


def queues_to_proto(queues: OrderQueues) -> depth_pb2.OrderQueues:
    """Write queues."""
    message = depth_pb2.OrderQueues(
        symbol=queues.symbol,
        time=ms_to_proto(queues.time),
        source=SOURCE.to_proto(queues.source),
    )
    for side, held in ((queues.bids, message.bids), (queues.asks, message.asks)):
        for each in side:
            record_to_proto(each, held.add(), {})
    return message


def queues_from_proto(message: depth_pb2.OrderQueues) -> OrderQueues:
    """Read queues."""
    bids, asks = (
        tuple(record_from_proto(each, OrderQueue, {}) for each in side)
        for side in (message.bids, message.asks)
    )
    time = ms_from_proto(message.time, "time")
    return OrderQueues(
        message.symbol, time, bids, asks, SOURCE.from_proto(message.source, "source")
    )


def queue_request_to_proto(request: QueueRequest) -> depth_pb2.GetOrderQueuesRequest:
    """Write which queues."""
    prices = [decimal_to_proto(each) for each in request.prices]
    return depth_pb2.GetOrderQueuesRequest(
        symbol=request.symbol, levels=request.levels, prices=prices
    )


def queue_request_from_proto(message: depth_pb2.GetOrderQueuesRequest) -> QueueRequest:
    """Read which queues."""
    return QueueRequest(
        symbol_from_proto(message.symbol, "symbol"),
        message.levels if message.HasField("levels") else None,
        tuple(decimal_from_proto(each, "prices") for each in message.prices),
    )


def rank_request_to_proto(request: RankRequest) -> depth_pb2.GetOrderRankRequest:
    """Write which order."""
    return depth_pb2.GetOrderRankRequest(
        symbol=request.symbol,
        side=SIDE.to_proto(request.side),
        time=ms_to_proto(request.time),
        price=decimal_to_proto(request.price),
        quantity=request.quantity,
        open_quantity=request.open_quantity,
    )


def rank_request_from_proto(message: depth_pb2.GetOrderRankRequest) -> RankRequest:
    """Read which order."""
    return RankRequest(
        symbol=symbol_from_proto(message.symbol, "symbol"),
        side=SIDE.from_proto(message.side, "side"),
        time=ms_from_proto(message.time, "time"),
        price=decimal_from_proto(message.price, "price"),
        quantity=message.quantity,
        open_quantity=message.open_quantity,
    )


def rank_to_proto(rank: OrderRank) -> depth_pb2.OrderRank:
    """Write a rank."""
    return record_to_proto(rank, depth_pb2.OrderRank(), _CODECS)


def rank_from_proto(message: depth_pb2.OrderRank) -> OrderRank:
    """Read a rank."""
    return record_from_proto(message, OrderRank, _CODECS)
