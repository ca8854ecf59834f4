"""Rows of the terminal's list: as the orders that they show, and as reports of them."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from quantgraph.domain.orders import Destination, Order, OrderState, Origin
from quantgraph.domain.terminal import ExecutionReport, ListedOrder

_AVERAGE = Decimal("0.0001")


def external_id(broker_order_id: str) -> str:
    """Return our id of an order that somebody else placed."""
    return f"ext_{broker_order_id}"


def signed(row: ListedOrder) -> tuple[object, ...]:
    """Return what of a row would be news."""
    return (row.broker_order_id, row.tag, row.state, row.filled_quantity, len(row.fills))


def distinct(rows: Iterable[ListedOrder]) -> list[ListedOrder]:
    """Return each order's newest row: one that was asked for by itself is in the list as well."""
    return list({row.broker_order_id: row for row in rows}.values())


def external(row: ListedOrder, destination: Destination) -> Order:
    """Return an order that somebody else placed, before what its fills tell."""
    placed, plain = row.placed_at or row.time, not (row.state.final or row.fills)
    return Order(
        id=external_id(row.broker_order_id),
        account_id=row.account_id,
        client_order_id=None,
        broker_order_id=row.broker_order_id,
        symbol=row.symbol,
        side=row.side,
        price_type=row.price_type,
        limit_price=row.limit_price,
        quantity=row.quantity,
        filled_quantity=0,
        average_price=None,
        state=row.state if plain else OrderState.WORKING,
        destination=destination,
        origin=Origin.EXTERNAL,
        created_at=placed,
        updated_at=placed,
        strategy=row.strategy or None,
        tag=row.tag,
    )


def told(order: Order, listed: ListedOrder, known: frozenset[str]) -> list[ExecutionReport]:
    """Return what the list tells of an order as the reports that would have said so."""
    whole = ExecutionReport(
        order.tag,
        order.account_id,
        listed.state,
        listed.filled_quantity,
        listed.average_price,
        listed.time,
        refusal=listed.refusal,
        broker_order_id=listed.broker_order_id,
    )
    reports: list[ExecutionReport] = []
    filled, amount = 0, Decimal(0)
    for fill in listed.fills:
        filled, amount = filled + fill.quantity, amount + fill.amount
        if fill.id not in known:
            state = OrderState.PARTIALLY_FILLED if filled < order.quantity else OrderState.FILLED
            average = (amount / filled).quantize(_AVERAGE, ROUND_HALF_UP)
            then = replace(whole, state=state, filled_quantity=filled, average_price=average)
            reports.append(replace(then, fill=fill, refusal=None, time=fill.time))
    return [*reports, whole]
