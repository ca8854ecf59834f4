"""Batches of orders, and what accounts may do."""

from decimal import Decimal
from itertools import starmap

from quantgraph.domain.batches import Batch, CancelSweep, OrderOutcome
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.limits import Allowance, TradingLimits, Usage
from quantgraph.domain.orders import OrderTicket
from quantgraph.v1 import orders_pb2, types_pb2
from quantgraph.wire.enums import SIDE
from quantgraph.wire.failures import failure_from_proto, failure_to_proto
from quantgraph.wire.fields import (
    date_from_proto,
    date_to_proto,
    decimal_from_proto,
    decimal_to_proto,
    maybe_decimal,
    nest_field,
    symbol_from_proto,
    text_from_proto,
)
from quantgraph.wire.orders import (
    order_from_proto,
    order_to_proto,
    ticket_from_proto,
    ticket_to_proto,
)


def batch_to_proto(batch: Batch) -> orders_pb2.SubmitOrdersRequest:
    """Write a batch of orders."""
    orders = [ticket_to_proto(each) for each in batch.tickets]
    return orders_pb2.SubmitOrdersRequest(account_id=batch.account_id, orders=orders)


def batch_from_proto(message: orders_pb2.SubmitOrdersRequest) -> Batch:
    """Read a batch of orders; a refusal says which of them is wrong."""
    account = text_from_proto(message.account_id, "account_id")
    return Batch(account, tuple(starmap(_nth_ticket, enumerate(message.orders))))


def _nth_ticket(number: int, message: orders_pb2.SubmitOrderRequest) -> OrderTicket:
    try:
        return ticket_from_proto(message)
    except GatewayError as error:
        raise nest_field(f"orders[{number}]", error) from None


def sweep_to_proto(sweep: CancelSweep) -> orders_pb2.CancelAllOrdersRequest:
    """Write which open orders are to be canceled."""
    return orders_pb2.CancelAllOrdersRequest(
        account_id=sweep.account_id,
        symbol=sweep.symbol,
        side=None if sweep.side is None else SIDE.to_proto(sweep.side),
    )


def sweep_from_proto(message: orders_pb2.CancelAllOrdersRequest) -> CancelSweep:
    """Read which open orders are to be canceled."""
    return CancelSweep(
        text_from_proto(message.account_id, "account_id"),
        symbol_from_proto(message.symbol, "symbol") if message.HasField("symbol") else None,
        SIDE.from_proto(message.side, "side") if message.HasField("side") else None,
    )


def outcome_to_proto(outcome: OrderOutcome) -> orders_pb2.OrderOutcome:
    """Write what became of one order."""
    order, problem = outcome.order, outcome.problem
    return orders_pb2.OrderOutcome(
        client_order_id=outcome.client_order_id,
        order=None if order is None else order_to_proto(order),
        replayed=outcome.replayed,
        problem=None if problem is None else failure_to_proto(problem),
    )


def outcome_from_proto(message: orders_pb2.OrderOutcome) -> OrderOutcome:
    """Read what became of one order."""
    has = message.HasField
    return OrderOutcome(
        message.client_order_id if has("client_order_id") else None,
        order_from_proto(message.order) if has("order") else None,
        message.replayed,
        failure_from_proto(message.problem) if has("problem") else None,
    )


def allowance_to_proto(allowance: Allowance) -> orders_pb2.TradingLimits:
    """Write what an account may do, and what it has used of that."""
    limits, used = allowance.limits, allowance.used
    return orders_pb2.TradingLimits(
        account_id=allowance.account_id,
        trading_day=date_to_proto(allowance.day),
        actions_per_second=limits.actions_per_second,
        actions_per_day=limits.actions_per_day,
        order_value=_known(limits.order_value),
        order_quantity=limits.order_quantity,
        position_quantity=limits.position_quantity,
        position_value=_known(limits.position_value),
        daily_value=_known(limits.daily_value),
        price_distance=_known(limits.price_distance),
        approval_above=_known(limits.approval_above),
        symbols_allowed=sorted(limits.symbols_allowed),
        symbols_blocked=sorted(limits.symbols_blocked),
        used=orders_pb2.LimitUsage(
            actions_last_second=used.actions_last_second,
            actions_today=used.actions_today,
            traded_value=decimal_to_proto(used.traded_value),
            open_value=decimal_to_proto(used.open_value),
            daily_value=decimal_to_proto(used.daily_value),
        ),
    )


def allowance_from_proto(message: orders_pb2.TradingLimits) -> Allowance:
    """Read what an account may do, and what it has used of that."""
    used = message.used
    return Allowance(
        message.account_id,
        date_from_proto(message.trading_day, "trading_day"),
        _limits_from_proto(message),
        Usage(
            used.actions_last_second,
            used.actions_today,
            decimal_from_proto(used.traded_value, "used.traded_value"),
            decimal_from_proto(used.open_value, "used.open_value"),
        ),
    )


def _limits_from_proto(message: orders_pb2.TradingLimits) -> TradingLimits:
    has = message.HasField
    return TradingLimits(
        actions_per_second=message.actions_per_second,
        actions_per_day=message.actions_per_day,
        order_value=maybe_decimal(message, "order_value"),
        order_quantity=message.order_quantity if has("order_quantity") else None,
        position_quantity=message.position_quantity if has("position_quantity") else None,
        position_value=maybe_decimal(message, "position_value"),
        daily_value=maybe_decimal(message, "daily_value"),
        price_distance=maybe_decimal(message, "price_distance"),
        approval_above=maybe_decimal(message, "approval_above"),
        symbols_allowed=frozenset(message.symbols_allowed),
        symbols_blocked=frozenset(message.symbols_blocked),
    )


def _known(value: Decimal | None) -> types_pb2.Decimal | None:
    return None if value is None else decimal_to_proto(value)
