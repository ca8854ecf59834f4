"""Orders whose fate nobody tells any more, ended by an operator who answers for it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from quantgraph.domain.access import present_actor
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import OrderRefused, Unavailable, bad_request
from quantgraph.domain.orders import Order, OrderState
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport, ListedOrder
from quantgraph.services.outcomes import Outcomes
from quantgraph.services.settling import Settling

_LONGEST = 200
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WriteOffParts:
    """Whom to ask first, how long it may take to answer, and where the act is recorded.

    `check_soon` asks for a comparison of an account with the terminal's list.
    """

    terminal: Terminal
    outcomes: Outcomes
    clock: Clock
    settling: Settling
    answer_seconds: float
    check_soon: Callable[[str], None]


class WriteOffs:
    """Ends what is UNKNOWN and what the terminal, asked right then, does not list."""

    def __init__(self, parts: WriteOffParts) -> None:
        """Ask `parts.terminal` before anything is written off."""
        self._parts = parts

    async def write_off(self, order: Order, reason: str) -> Order:
        """Record that the present key ends an order, EXPIRED; see `ports.Trading`."""
        if order.reject_code == Reason.WRITTEN_OFF.value:
            return order
        self._check(order)
        row = await self._row(order)
        if row is not None:
            self._parts.check_soon(order.account_id)
            raise _impossible(order, f"The terminal lists it, as {row.state}: its word counts.")
        after = await self._record(order, reason)
        if after.reject_code != Reason.WRITTEN_OFF.value:
            raise _impossible(after, f"The terminal has told of it meanwhile: it is {after.state}.")
        return after

    def _check(self, order: Order) -> None:
        if order.state is not OrderState.UNKNOWN:
            raise _impossible(order, f"It is {order.state}; only what is UNKNOWN can be.")
        if not self._parts.settling.settled(order.id):
            text = "The terminal may still list it; ask again after trading.settle_seconds."
            raise _impossible(order, text)

    async def _row(self, order: Order) -> ListedOrder | None:
        """Return what the terminal lists that may be the order, by tag or by its own id."""
        terminal, tag = self._parts.terminal, order.tag
        try:
            async with asyncio.timeout(self._parts.answer_seconds):
                rows = [*await terminal.find(order.account_id, tag)] if tag is not None else []
                rows += await terminal.orders_today(order.account_id)
        except TimeoutError:
            text = "The terminal does not say what it lists. Nothing was written off."
            raise Unavailable(Reason.SOURCE_UNAVAILABLE, text) from None
        return next((row for row in rows if _may_be(order, row)), None)

    async def _record(self, order: Order, reason: str) -> Order:
        key = present_actor().key_id
        text = (
            f"Key {key} wrote order {order.id} off: {reason} What became of it was never told; "
            "should the terminal list it later, the account is halted."
        )
        refusal = OrderRefused(Reason.WRITTEN_OFF, text, order_id=order.id)
        _logger.warning("order_written_off", order_id=order.id, by=key, reason=reason)
        place = (order.tag, order.account_id, OrderState.EXPIRED, order.filled_quantity)
        report = ExecutionReport(
            *place,
            order.average_price,
            self._parts.clock.now(),
            refusal=refusal,
            written_off_by=key,
        )
        return await self._parts.outcomes.apply(order.id, report, present_actor())


def check_reason(reason: str) -> None:
    """Raise BAD_REQUEST unless a reason is given, printable and of bearable length."""
    if not (reason.strip() and len(reason) <= _LONGEST and reason.isprintable()):
        text = f"Give a reason: printable, and at most {_LONGEST} characters long."
        raise bad_request(text, field="reason")


def _may_be(order: Order, row: ListedOrder) -> bool:
    """Return whether a row could be the order: here any likeness is too much."""
    if row.broker_order_id == order.broker_order_id:
        return True
    return row.tag is not None and row.tag == order.tag


def _impossible(order: Order, why: str) -> OrderRefused:
    text = f"Order {order.id} cannot be written off. {why}"
    return OrderRefused(Reason.WRITE_OFF_NOT_POSSIBLE, text, order_id=order.id)
