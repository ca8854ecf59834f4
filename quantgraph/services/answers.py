"""What a caller is told of an order: at the first time, again, or while work still goes on."""

import asyncio
from collections.abc import Mapping
from typing import TypeVar

from quantgraph.domain.errors import (
    GatewayError,
    IdempotencyConflict,
    OrderRefused,
    TradingDisabled,
    Unavailable,
)
from quantgraph.domain.orders import Order, OrderState, OrderTicket, Origin, Submission
from quantgraph.domain.reasons import Kind, Reason

T = TypeVar("T")
# A gate that was shut between the journal and the terminal refuses as it does before both.
_LEAVES: Mapping[Kind, type[GatewayError]] = {Kind.DISABLED: TradingDisabled}


def give(answer: "asyncio.Future[T]", value: T) -> None:
    """Answer, unless an answer was given or the caller has gone."""
    if not answer.done():
        answer.set_result(value)


def fail(answer: "asyncio.Future[T]", error: GatewayError) -> None:
    """Answer with an error, unless an answer was given or the caller has gone."""
    if not answer.done():
        answer.set_exception(error)


def tell(answer: "asyncio.Future[Submission]", order: Order) -> None:
    """Answer a submit with its order as it stands, also with one that was refused meanwhile."""
    if answer.done():
        return
    try:
        answer.set_result(answered(order, replayed=False))
    except GatewayError as error:
        answer.set_exception(error)


def settle(answer: "asyncio.Future[T]", task: "asyncio.Task[T]") -> None:
    """Answer with how the work ended, unless it was answered or the caller has gone."""
    if task.cancelled():
        answer.cancel()
        return
    # Asked in any case: an error that nobody fetches would be logged as forgotten.
    error = task.exception()
    if error is None:
        give(answer, task.result())
    elif not answer.done():
        answer.set_exception(error)


def replay(ticket: OrderTicket, order: Order, digest: str) -> Submission:
    """Return the order of a used key. Errors: IDEMPOTENCY_CONFLICT where the contents differ.

    One that the journal had lost, and the terminal's list brought back, is told by what is there.
    """
    same = digest == ticket.digest() if order.origin is Origin.OURS else _fits(ticket, order)
    if not same:
        text = (
            f"Client order id {ticket.client_order_id!r} was used for order {order.id} with other "
            "contents. Use a new id for a new order."
        )
        raise IdempotencyConflict(Reason.IDEMPOTENCY_CONFLICT, text, order_id=order.id)
    return answered(order, replayed=True)


def answered(order: Order, *, replayed: bool) -> Submission:
    """Return the order, or raise why the terminal refused it: the same to every repeat."""
    if order.state is OrderState.REJECTED:
        reason = Reason(order.reject_code or Reason.TERMINAL_REFUSED)
        text = order.reject_message or f"The terminal refused order {order.id}."
        leaf = _LEAVES.get(reason.kind, OrderRefused)
        raise leaf(reason, text, zh=order.reject_message_zh or "", order_id=order.id)
    return Submission(order, replayed)


def _fits(ticket: OrderTicket, order: Order) -> bool:
    wanted = (ticket.symbol, ticket.side, ticket.quantity, ticket.limit_price)
    return wanted == (order.symbol, order.side, order.quantity, order.limit_price)


def away() -> TradingDisabled:
    """Return what is answered where the terminal is needed and is not there."""
    text = "The trading terminal is disconnected. Nothing was sent; try again when it is back."
    return TradingDisabled(Reason.TERMINAL_DISCONNECTED, text)


def unwritten(order: Order) -> Unavailable:
    """Return what the caller of a cancel is told where the disk does not take what came of it."""
    text = (
        f"The terminal was asked to cancel order {order.id}, but the order journal cannot be "
        "written now: what comes of it is told once it can."
    )
    return Unavailable(Reason.STORE_UNAVAILABLE, text, order_id=order.id)
