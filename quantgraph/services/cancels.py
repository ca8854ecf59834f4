"""Takes orders back: those that wait for approval at once, the others by asking the terminal."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog

from quantgraph.domain.access import present_actor
from quantgraph.domain.errors import OrderRefused, Unavailable
from quantgraph.domain.journal import CancelIntent
from quantgraph.domain.orders import Order, OrderKey, OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.domain.traces import step
from quantgraph.services.answers import away, fail, give, unwritten
from quantgraph.services.approvals import Approvals
from quantgraph.services.desk import OrderDesk
from quantgraph.services.outcomes import Outcomes
from quantgraph.services.reader import OrderReader
from quantgraph.services.recorder import Recorder
from quantgraph.services.sending import Sender

_logger = structlog.get_logger(__name__)


class Run(Protocol):
    """Runs work to its end though its caller gives up; see `Errands.run`."""

    async def __call__(
        self, make: Callable[["asyncio.Future[Order]"], Coroutine[None, None, Order]], /
    ) -> Order:
        """Return the answer, which the work may give before it ends."""
        ...


@dataclass(frozen=True, slots=True)
class CancelParts:
    """Who knows the orders, who records what was asked, and who asks; `run` outlives its caller."""

    desk: OrderDesk
    reader: OrderReader
    recorder: Recorder
    outcomes: Outcomes
    sender: Sender
    approvals: Approvals
    run: Run
    connected: Callable[[], bool]


class Cancels:
    """Asks once for each cancel, and answers though the disk takes nothing."""

    def __init__(self, parts: CancelParts) -> None:
        """Ask through `parts.sender`."""
        self._parts = parts

    async def look(self, key: OrderKey) -> Order | None:
        """Return an order to be canceled: an open one costs no question to the file."""
        account, client_id = key.account_id, key.client_order_id
        tag = "" if client_id is None else self._parts.desk.tag(account, client_id)
        # Both ids at once, or none, are for the reader to refuse.
        held = None if key.id and client_id else self._parts.outcomes.held(account, key.id, tag)
        return held or await self._parts.reader.order(key)

    async def cancel(self, key: OrderKey) -> Order:
        """Ask the terminal for a cancel and record that it was asked; see `ports.Trading`."""
        parts = self._parts
        order = await self.look(key) or await parts.reader.known(key)
        if order.state is OrderState.PENDING_APPROVAL:
            with suppress(OrderRefused):
                return await parts.run(lambda _: parts.approvals.withdraw(order))
            order = await parts.reader.known(key)  # decided meanwhile
        if order.state.final:
            text = f"Order {order.id} is {order.state} already."
            raise OrderRefused(Reason.ORDER_NOT_CANCELABLE, text, state=order.state)
        if not parts.connected():
            raise away()
        return await parts.run(lambda answer: self._withdraw(order, answer))

    async def _withdraw(self, order: Order, answer: "asyncio.Future[Order]") -> Order:
        with self._parts.recorder.place("cancels"):
            recorded = await self._ask(order)
            # Whoever has more to cancel must not wait for the disk after the first one.
            untold = partial(fail, answer, unwritten(order))
            told = partial(give, answer)
            return await self._parts.sender.withdraw(order, told, untold, written=recorded)

    async def _ask(self, order: Order) -> bool:
        """Record that a cancel is asked for; a disk that takes nothing does not keep it here."""
        desk = self._parts.desk
        place = (desk.ids.new("cancel_"), order.account_id, order.id, desk.clock.now())
        intent = CancelIntent(*place, present_actor())
        try:
            with step("order journal"):
                await self._parts.recorder.record(intent)
        except Unavailable:
            _logger.exception("cancel_not_recorded", order_id=order.id)
            return False
        return True
