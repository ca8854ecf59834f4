"""Orders that wait for a second key: approved, refused, withdrawn, or too late."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from quantgraph.domain.access import present_actor
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError, OrderRefused
from quantgraph.domain.orders import Order, OrderKey, OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.services.failpoints import reach
from quantgraph.services.outcomes import Outcomes

# Real seconds between two looks for orders that nobody approved in time.
_LOOK_S = 1.0
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ApprovalParts:
    """Where decisions are recorded, and how orders are found as they are recorded now.

    `waiting` returns all that wait; `run` runs work to its end, while the journal stays the same.
    """

    outcomes: Outcomes
    clock: Clock
    find: Callable[[OrderKey], Awaitable[Order | None]]
    waiting: Callable[[], Awaitable[list[Order]]]
    run: Callable[[Callable[[object], Coroutine[Any, Any, None]]], Awaitable[None]]


class Approvals:
    """One decision at a time, each upon the order as recorded: none is decided twice.

    An order PENDING_APPROVAL was certainly not sent; the decision to send it is durable (SENT)
    before the terminal is called.
    """

    def __init__(self, parts: ApprovalParts) -> None:
        """Wait for nobody yet; call `start` in the running loop."""
        self._parts = parts
        self._deciding = asyncio.Lock()
        self._waiting: dict[str, Order] = {}
        self._loaded = False
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to expire orders, those that waited before a restart as well."""
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Leave them as they are: what waits goes on to wait at the next start."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    def hold(self, order: Order) -> None:
        """Let an order expire when its time is over, whoever looks at it."""
        if order.state is OrderState.PENDING_APPROVAL:
            self._waiting[order.id] = order

    def forget(self) -> None:
        """Wait for none of those any more: their journal is another one."""
        self._waiting.clear()
        self._loaded = False

    async def _watch(self) -> None:
        while True:
            try:
                await self._parts.run(lambda _: self.expire())
            except Exception as error:  # whatever it is: tried again
                _logger.warning("approvals_not_expired", error=type(error).__name__)
            await asyncio.sleep(_LOOK_S)

    async def _take_up(self) -> None:
        if self._loaded:
            return
        # Before anything is awaited: where the journal changes meanwhile, it is done once more.
        self._loaded = True
        try:
            for order in await self._parts.waiting():
                self.hold(order)
        except BaseException:
            self._loaded = False
            raise

    async def expire(self) -> None:
        """Expire what nobody has approved in time."""
        await self._take_up()
        now = self._parts.clock.now()
        for order in [each for each in self._waiting.values() if _over(each, now)]:
            with suppress(OrderRefused):  # decided meanwhile
                await self._decide(order, OrderState.EXPIRED)
            self._waiting.pop(order.id, None)

    async def approve(self, order: Order) -> Order:
        """Record that an order is sent, because another key than its submitter's approves it.

        Errors: APPROVER_IS_SUBMITTER, APPROVAL_NOT_POSSIBLE, ORDER_EXPIRED.
        """
        key = present_actor().key_id
        if key == order.submitted_by:
            text = f"Key {key} submitted order {order.id}; another key has to approve it."
            raise OrderRefused(Reason.APPROVER_IS_SUBMITTER, text, order_id=order.id)
        waits = order.state is OrderState.PENDING_APPROVAL
        if waits and _over(order, self._parts.clock.now()):
            await self.expire()
            text = f"Nobody approved order {order.id} in time; it has expired."
            raise OrderRefused(Reason.ORDER_EXPIRED, text, order_id=order.id)
        return await self._decide(order, OrderState.SENT, by=key)

    async def refuse(self, order: Order) -> Order:
        """Record that an order is not approved. Errors: APPROVAL_NOT_POSSIBLE."""
        key = present_actor().key_id
        text = f"Order {order.id} was not approved by key {key}; it was not sent."
        refusal = OrderRefused(Reason.APPROVAL_REFUSED, text, order_id=order.id)
        return await self._decide(order, OrderState.REJECTED, refusal=refusal)

    async def withdraw(self, order: Order) -> Order:
        """Record that an order is canceled before it was sent. Errors: APPROVAL_NOT_POSSIBLE."""
        return await self._decide(order, OrderState.CANCELED)

    async def _decide(
        self,
        order: Order,
        state: OrderState,
        *,
        refusal: GatewayError | None = None,
        by: str | None = None,
    ) -> Order:
        async with self._deciding:
            now = await self._parts.find(OrderKey(order.account_id, order.id))
            if now is None or now.state is not OrderState.PENDING_APPROVAL:
                stands = "gone" if now is None else now.state
                text = f"Order {order.id} is {stands}; only one that waits can be decided upon."
                raise OrderRefused(Reason.APPROVAL_NOT_POSSIBLE, text, order_id=order.id)
            place = (order.tag, order.account_id, state, 0, None, self._parts.clock.now())
            report = ExecutionReport(*place, refusal=refusal, approved_by=by)
            reach("before_approval")
            # Who let a large order out is as durable as that it was let out.
            actor = None if state is OrderState.EXPIRED else present_actor()
            decided = await self._parts.outcomes.apply(order.id, report, actor)
            reach("after_approval")
        self._waiting.pop(order.id, None)
        _logger.info("approval_decided", order_id=order.id, state=state)
        return decided


def _over(order: Order, now: datetime) -> bool:
    return order.approval_until is not None and order.approval_until <= now
