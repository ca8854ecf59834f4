"""What may follow what: folds a terminal's report into an order."""

from quantgraph.domain.orders import Order, OrderState, changed
from quantgraph.domain.reasons import Reason
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


# States of an order that the terminal may not even have.
_DOUBTED = frozenset(
    {OrderState.ACCEPTED, OrderState.SENT, OrderState.UNKNOWN, OrderState.PENDING_CANCEL}
)


# What was concluded from silence, and is taken back by any word.
_SILENCE = (
    Reason.NOT_AT_TERMINAL.value,
    Reason.OUTCOME_UNTOLD.value,
    Reason.WRITTEN_OFF.value,
)


def unconfirmed(order: Order) -> bool:
    """Return whether it may have been sent, and nothing ever told that the terminal has it."""
    told = order.broker_order_id is not None or order.filled_quantity
    return order.state in _DOUBTED and not told


def after_report(order: Order, report: ExecutionReport) -> Order | None:
    """Return the order after a report, or None where it changes nothing.

    Reports may come twice, late or out of order: a final state never changes, a state never goes
    back, and the filled quantity never falls. A fill is always a change: its id tells a repeat.
    Only NOT_AT_TERMINAL is no last word: it loses against any sign of life, earlier or later. So
    do OUTCOME_UNTOLD, which alone takes an order back: to UNKNOWN, and WRITTEN_OFF, which ends only
    what is UNKNOWN.
    """
    if not is_news(order, report):
        return None
    if _says(report, Reason.OUTCOME_UNTOLD):
        return _untold(order, report)
    if _says(report, Reason.WRITTEN_OFF):
        return _written_off(order, report)
    found = _reopened(order)
    # One that came back as it was told before would be compared with what it is not.
    again = found is not order and _repeats(found, report)
    return found if again else _folded(found, report)


def is_news(order: Order, report: ExecutionReport) -> bool:
    """Return whether `after_report` has a changed order to return; it makes none here."""
    if _says(report, Reason.NOT_AT_TERMINAL) and not unconfirmed(order):
        return False
    if _says(report, Reason.OUTCOME_UNTOLD):
        return not order.state.final and order.reject_code is None
    if _says(report, Reason.WRITTEN_OFF):
        return order.state is OrderState.UNKNOWN
    return order.reject_code in _SILENCE or not _repeats(order, report)


def _says(report: ExecutionReport, reason: Reason) -> bool:
    told = report.refusal
    return told is not None and told.reason is reason


def _untold(order: Order, report: ExecutionReport) -> Order:
    """Return an open order of an earlier day as nobody knows any more; its fills stay."""
    refusal = _refusal(order, report)
    return changed(
        order,
        state=OrderState.UNKNOWN,
        reject_code=refusal[0],
        reject_message=refusal[1],
        reject_message_zh=refusal[2],
        updated_at=max(order.updated_at, report.time),
    )


def _written_off(order: Order, report: ExecutionReport) -> Order:
    """Return an UNKNOWN order as somebody has ended it, whatever was said of it; its fills stay."""
    refusal = _refusal(_reopened(order), report)
    return changed(
        order,
        state=report.state,
        reject_code=refusal[0],
        reject_message=refusal[1],
        reject_message_zh=refusal[2],
        written_off_by=report.written_off_by,
        updated_at=max(order.updated_at, report.time),
    )


def _reopened(order: Order) -> Order:
    """Return an order that was concluded from silence as it was before."""
    if order.reject_code not in _SILENCE:
        return order
    return changed(
        order,
        state=OrderState.UNKNOWN,
        reject_code=None,
        reject_message=None,
        reject_message_zh=None,
        written_off_by=None,
    )


def _repeats(order: Order, report: ExecutionReport) -> bool:
    """Return whether all this was told before: a terminal repeats itself on every order."""
    return (
        report.fill is None
        and _next_state(order, report.state) is order.state
        and report.filled_quantity <= order.filled_quantity
        and (order.broker_order_id or report.broker_order_id) == order.broker_order_id
        and _refusal(order, report)
        == (order.reject_code, order.reject_message, order.reject_message_zh)
    )


def _folded(order: Order, report: ExecutionReport) -> Order:
    filled = max(order.filled_quantity, report.filled_quantity)
    refusal = _refusal(order, report)
    grown = filled > order.filled_quantity
    return changed(
        order,
        state=_next_state(order, report.state),
        filled_quantity=filled,
        average_price=report.average_price if grown else order.average_price,
        broker_order_id=order.broker_order_id or report.broker_order_id,
        reject_code=refusal[0],
        reject_message=refusal[1],
        reject_message_zh=refusal[2],
        approved_by=order.approved_by or report.approved_by,
        updated_at=max(order.updated_at, report.time),
    )


def _refusal(order: Order, report: ExecutionReport) -> tuple[str | None, str | None, str | None]:
    """Return code and texts of a refusal; the first one told stays."""
    told = report.refusal
    if told is None:
        return order.reject_code, order.reject_message, order.reject_message_zh
    return (
        order.reject_code or told.reason.value,
        order.reject_message or told.message,
        order.reject_message_zh or told.message_zh,
    )


def _next_state(order: Order, reported: OrderState) -> OrderState:
    if order.state.final:
        return order.state
    if reported.final or _RANK[reported] > _RANK[order.state]:
        return reported
    return order.state
