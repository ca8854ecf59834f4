"""Which orders and fills are listed."""

from quantgraph.domain.orders import FillQuery, OrderQuery
from quantgraph.domain.spans import Span, span
from quantgraph.v1 import orders_pb2
from quantgraph.wire.enums import ORDER_STATE, SIDE
from quantgraph.wire.fields import (
    bound_from_proto,
    bound_to_proto,
    symbol_from_proto,
    text_from_proto,
)


def order_query_to_proto(query: OrderQuery, token: str) -> orders_pb2.ListOrdersRequest:
    """Write which orders, and the page that a token says."""
    start, end = query.span.start, query.span.end
    return orders_pb2.ListOrdersRequest(
        account_id=query.account_id,
        states=[ORDER_STATE.to_proto(each) for each in sorted(query.states)],
        symbol=query.symbol,
        side=None if query.side is None else SIDE.to_proto(query.side),
        strategy=query.strategy,
        start=None if start is None else bound_to_proto(start),
        end=None if end is None else bound_to_proto(end),
        page_size=query.first,
        page_token=token,
    )


def order_query_from_proto(message: orders_pb2.ListOrdersRequest) -> OrderQuery:
    """Read which orders; the page's size and place are the server's business."""
    states = (
        ORDER_STATE.from_proto(number, f"states[{index}]")
        for index, number in enumerate(message.states)
    )
    return OrderQuery(
        account_id=text_from_proto(message.account_id, "account_id"),
        states=frozenset(states),
        symbol=symbol_from_proto(message.symbol, "symbol") if message.HasField("symbol") else None,
        side=SIDE.from_proto(message.side, "side") if message.HasField("side") else None,
        strategy=message.strategy if message.HasField("strategy") else None,
        span=_span(message),
    )


def fill_query_to_proto(query: FillQuery, token: str) -> orders_pb2.ListFillsRequest:
    """Write which fills, and the page that a token says."""
    start, end = query.span.start, query.span.end
    return orders_pb2.ListFillsRequest(
        account_id=query.account_id,
        symbol=query.symbol,
        order_id=query.order_id,
        start=None if start is None else bound_to_proto(start),
        end=None if end is None else bound_to_proto(end),
        page_size=query.first,
        page_token=token,
    )


def fill_query_from_proto(message: orders_pb2.ListFillsRequest) -> FillQuery:
    """Read which fills; the page's size and place are the server's business."""
    return FillQuery(
        account_id=text_from_proto(message.account_id, "account_id"),
        symbol=symbol_from_proto(message.symbol, "symbol") if message.HasField("symbol") else None,
        order_id=message.order_id if message.HasField("order_id") else None,
        span=_span(message),
    )


def _span(message: orders_pb2.ListOrdersRequest | orders_pb2.ListFillsRequest) -> Span:
    start = bound_from_proto(message.start, "start") if message.HasField("start") else None
    return span(start, bound_from_proto(message.end, "end") if message.HasField("end") else None)
