"""Orders, fills, tickets, and the events of an order log."""

from typing import TypeVar

from quantgraph.domain.orders import (
    Fill,
    Order,
    OrderKey,
    OrderTicket,
    PriceType,
)
from quantgraph.domain.streams import LogCursor, OrderEvent
from quantgraph.v1 import orders_pb2
from quantgraph.wire.enums import (
    DESTINATION,
    ORDER_STATE,
    ORIGIN,
    PRICE_TYPE,
    SIDE,
    STREAM_KIND,
)
from quantgraph.wire.fields import (
    decimal_from_proto,
    decimal_to_proto,
    instant_from_proto,
    instant_to_proto,
    invalid_field,
    symbol_from_proto,
    text_from_proto,
)
from quantgraph.wire.streams import state_from_proto, state_to_proto

Keyed = TypeVar(
    "Keyed",
    orders_pb2.GetOrderRequest,
    orders_pb2.CancelOrderRequest,
    orders_pb2.ApproveOrderRequest,
    orders_pb2.RejectOrderRequest,
    orders_pb2.WriteOffOrderRequest,
)
Wanted = TypeVar("Wanted", orders_pb2.SubmitOrderRequest, orders_pb2.PreviewOrderRequest)
Placed = TypeVar("Placed", orders_pb2.StreamOrderEventsRequest, orders_pb2.StreamFillEventsRequest)


def ticket_to_proto(ticket: OrderTicket) -> orders_pb2.SubmitOrderRequest:
    """Write what the caller wants to submit."""
    return wish_to_proto(ticket, orders_pb2.SubmitOrderRequest)


def wish_to_proto(ticket: OrderTicket, message: type[Wanted]) -> Wanted:
    """Write what the caller wants, into a request type."""
    price, expiry = ticket.limit_price, ticket.expires_at
    return message(
        account_id=ticket.account_id,
        client_order_id=ticket.client_order_id,
        symbol=ticket.symbol,
        side=SIDE.to_proto(ticket.side),
        quantity=ticket.quantity,
        price_type=PRICE_TYPE.to_proto(ticket.price_type),
        limit_price=None if price is None else decimal_to_proto(price),
        expires_at=None if expiry is None else instant_to_proto(expiry),
        strategy=ticket.strategy,
        note=ticket.note,
    )


def ticket_from_proto(
    message: orders_pb2.SubmitOrderRequest | orders_pb2.PreviewOrderRequest,
) -> OrderTicket:
    """Read what the caller wants; the rules about it are the services' business."""
    kind = PriceType.LIMIT
    if message.HasField("price_type"):
        kind = PRICE_TYPE.from_proto(message.price_type, "price_type")
    priced, expiring = message.HasField("limit_price"), message.HasField("expires_at")
    return OrderTicket(
        account_id=text_from_proto(message.account_id, "account_id"),
        client_order_id=text_from_proto(message.client_order_id, "client_order_id"),
        symbol=symbol_from_proto(message.symbol, "symbol"),
        side=SIDE.from_proto(message.side, "side"),
        quantity=message.quantity,
        price_type=kind,
        limit_price=decimal_from_proto(message.limit_price, "limit_price") if priced else None,
        expires_at=instant_from_proto(message.expires_at, "expires_at") if expiring else None,
        strategy=message.strategy if message.HasField("strategy") else None,
        note=message.note if message.HasField("note") else None,
    )


def key_to_proto(key: OrderKey, message: type[Keyed]) -> Keyed:
    """Write which order, into a request type."""
    if key.id is not None:
        return message(account_id=key.account_id, id=key.id)
    return message(account_id=key.account_id, client_order_id=key.client_order_id or "")


def key_from_proto(
    message: orders_pb2.GetOrderRequest
    | orders_pb2.CancelOrderRequest
    | orders_pb2.ApproveOrderRequest
    | orders_pb2.RejectOrderRequest
    | orders_pb2.WriteOffOrderRequest,
) -> OrderKey:
    """Read which order: by exactly one of its ids."""
    account = text_from_proto(message.account_id, "account_id")
    match message.WhichOneof("key"):
        case "id":
            return OrderKey(account, id=text_from_proto(message.id, "id"))
        case "client_order_id":
            key = text_from_proto(message.client_order_id, "client_order_id")
            return OrderKey(account, client_order_id=key)
        case _:
            raise invalid_field("key", "give exactly one of id and client_order_id.")


def cursor_to_proto(cursor: LogCursor, message: type[Placed]) -> Placed:
    """Write a place in an order log, into a request type."""
    return message(account_id=cursor.account_id, epoch=cursor.epoch, after_sequence=cursor.after)


def cursor_from_proto(
    message: orders_pb2.StreamOrderEventsRequest | orders_pb2.StreamFillEventsRequest,
) -> LogCursor:
    """Read a place in an order log."""
    return LogCursor(
        text_from_proto(message.account_id, "account_id"),
        message.epoch if message.HasField("epoch") else None,
        message.after_sequence if message.HasField("after_sequence") else None,
    )


def order_to_proto(order: Order) -> orders_pb2.Order:
    """Write an order."""
    price, average, expiry = order.limit_price, order.average_price, order.expires_at
    return orders_pb2.Order(
        id=order.id,
        account_id=order.account_id,
        client_order_id=order.client_order_id,
        broker_order_id=order.broker_order_id,
        symbol=order.symbol,
        side=SIDE.to_proto(order.side),
        price_type=PRICE_TYPE.to_proto(order.price_type),
        limit_price=None if price is None else decimal_to_proto(price),
        quantity=order.quantity,
        filled_quantity=order.filled_quantity,
        average_price=None if average is None else decimal_to_proto(average),
        state=ORDER_STATE.to_proto(order.state),
        destination=DESTINATION.to_proto(order.destination),
        origin=ORIGIN.to_proto(order.origin),
        created_at=instant_to_proto(order.created_at),
        updated_at=instant_to_proto(order.updated_at),
        expires_at=None if expiry is None else instant_to_proto(expiry),
        strategy=order.strategy,
        note=order.note,
        submitted_by=order.submitted_by,
        approved_by=order.approved_by,
        approval_until=(
            None if order.approval_until is None else instant_to_proto(order.approval_until)
        ),
        written_off_by=order.written_off_by,
        reject_code=order.reject_code,
        reject_message=order.reject_message,
        reject_message_zh=order.reject_message_zh,
    )


def order_from_proto(message: orders_pb2.Order) -> Order:
    """Read an order."""
    priced, traded = message.HasField("limit_price"), message.HasField("average_price")
    expiring = message.HasField("expires_at")
    return Order(
        id=message.id,
        account_id=message.account_id,
        client_order_id=_text(message, "client_order_id"),
        broker_order_id=_text(message, "broker_order_id"),
        symbol=message.symbol,
        side=SIDE.from_proto(message.side, "side"),
        price_type=PRICE_TYPE.from_proto(message.price_type, "price_type"),
        limit_price=decimal_from_proto(message.limit_price, "limit_price") if priced else None,
        quantity=message.quantity,
        filled_quantity=message.filled_quantity,
        average_price=(
            decimal_from_proto(message.average_price, "average_price") if traded else None
        ),
        state=ORDER_STATE.from_proto(message.state, "state"),
        destination=DESTINATION.from_proto(message.destination, "destination"),
        origin=ORIGIN.from_proto(message.origin, "origin"),
        created_at=instant_from_proto(message.created_at, "created_at"),
        updated_at=instant_from_proto(message.updated_at, "updated_at"),
        expires_at=instant_from_proto(message.expires_at, "expires_at") if expiring else None,
        strategy=_text(message, "strategy"),
        note=_text(message, "note"),
        submitted_by=_text(message, "submitted_by"),
        approved_by=_text(message, "approved_by"),
        written_off_by=_text(message, "written_off_by"),
        approval_until=(
            instant_from_proto(message.approval_until, "approval_until")
            if message.HasField("approval_until")
            else None
        ),
        reject_code=_text(message, "reject_code"),
        reject_message=_text(message, "reject_message"),
        reject_message_zh=_text(message, "reject_message_zh"),
    )


def fill_to_proto(fill: Fill) -> orders_pb2.Fill:
    """Write an execution."""
    return orders_pb2.Fill(
        id=fill.id,
        order_id=fill.order_id,
        account_id=fill.account_id,
        symbol=fill.symbol,
        side=SIDE.to_proto(fill.side),
        quantity=fill.quantity,
        price=decimal_to_proto(fill.price),
        amount=decimal_to_proto(fill.amount),
        fee=decimal_to_proto(fill.fee),
        time=instant_to_proto(fill.time),
    )


def fill_from_proto(message: orders_pb2.Fill) -> Fill:
    """Read an execution."""
    return Fill(
        id=message.id,
        order_id=message.order_id,
        account_id=message.account_id,
        symbol=message.symbol,
        side=SIDE.from_proto(message.side, "side"),
        quantity=message.quantity,
        price=decimal_from_proto(message.price, "price"),
        amount=decimal_from_proto(message.amount, "amount"),
        fee=decimal_from_proto(message.fee, "fee"),
        time=instant_from_proto(message.time, "time"),
    )


def event_to_proto(event: OrderEvent) -> orders_pb2.OrderEvent:
    """Write one item of an order log."""
    return orders_pb2.OrderEvent(
        kind=STREAM_KIND.to_proto(event.kind),
        epoch=event.epoch,
        sequence=event.sequence,
        order=None if event.order is None else order_to_proto(event.order),
        fill=None if event.fill is None else fill_to_proto(event.fill),
        source=None if event.source is None else state_to_proto(event.source),
    )


def event_from_proto(message: orders_pb2.OrderEvent) -> OrderEvent:
    """Read one item of an order log."""
    return OrderEvent(
        kind=STREAM_KIND.from_proto(message.kind, "kind"),
        epoch=message.epoch,
        sequence=message.sequence if message.HasField("sequence") else None,
        order=order_from_proto(message.order) if message.HasField("order") else None,
        fill=fill_from_proto(message.fill) if message.HasField("fill") else None,
        source=state_from_proto(message.source) if message.HasField("source") else None,
    )


def _text(message: orders_pb2.Order, name: str) -> str | None:
    return getattr(message, name) if message.HasField(name) else None  # pyright: ignore[reportArgumentType] any field name
