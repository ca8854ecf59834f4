"""What may follow what: folds a terminal's report into an order."""

from dataclasses import replace

from quantgraph.domain.orders import Order, OrderState
from quantgraph.domain.terminal import ExecutionReport

_RANK = {
    OrderState.ACCEPTED: 0,
    OrderState.PENDING_APPROVAL: 1,
    OrderState.SENT: 2,
    OrderState.UNKNOWN: 3,
    OrderState.WORKING: 4,
    OrderState.PARTIALLY_FILLED: 5,
    OrderState.PENDING_CANCEL: 6,
}


def after_report(order: Order, report: ExecutionReport, broker_id: str | None) -> Order | None:
    """Return the order after a report, or None where it changes nothing.

    Reports may come twice, late or out of order: a final state never changes, a state never goes
    back, and the filled quantity never falls. A fill is always a change: its id tells a repeat.
    """
    filled = max(order.filled_quantity, report.filled_quantity)
    grown = filled > order.filled_quantity
    refusal = report.refusal
    after = replace(
        order,
        state=_next_state(order, report.state),
        filled_quantity=filled,
        average_price=report.average_price if grown else order.average_price,
        broker_order_id=order.broker_order_id or broker_id,
        reject_code=order.reject_code or (refusal and refusal.reason.value),
        reject_message=order.reject_message or (refusal and refusal.message),
        reject_message_zh=order.reject_message_zh or (refusal and refusal.message_zh),
    )
    if after == order and report.fill is None:
        return None
    return replace(after, updated_at=max(order.updated_at, report.time))


def _next_state(order: Order, reported: OrderState) -> OrderState:
    if order.state.final:
        return order.state
    if reported.final or _RANK[reported] > _RANK[order.state]:
        return reported
    return order.state
