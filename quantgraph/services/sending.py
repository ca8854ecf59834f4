"""Asks the terminal, once, and records what came of it; its silence is a fate of its own."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeAlias

import structlog

from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError, OrderRefused, TradingDisabled
from quantgraph.domain.orders import Order, OrderState
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport, PlacedOrder
from quantgraph.domain.traces import step
from quantgraph.services.failpoints import reach
from quantgraph.services.gate import Gate
from quantgraph.services.outcomes import Outcomes

_logger = structlog.get_logger(__name__)
# Hears an order whose terminal does not answer in time; the question stays open all the same.
Told: TypeAlias = Callable[[Order], None]
Spawn: TypeAlias = Callable[[Coroutine[Any, Any, None]], object]


@dataclass(frozen=True, slots=True)
class SendParts:
    """Whom to ask, where outcomes go, what time it is, and who runs what outlives a call.

    `answer_seconds`: that the terminal may take; then its caller is told that nobody knows.
    `took` hears the seconds until the terminal answered an order.
    `check_soon`: asks for a comparison of an account with the terminal's list.
    """

    terminal: Terminal
    outcomes: Outcomes
    clock: Clock
    answer_seconds: float
    spawn: Spawn
    check_soon: Callable[[str], None]
    gate: Gate
    took: Callable[[float], None] | None = None


class Sender:
    """Nothing is ever sent twice: what may have been taken is UNKNOWN, and waits for a report."""

    def __init__(self, parts: SendParts) -> None:
        """Send through `parts.terminal`."""
        self._parts = parts

    async def send(self, order: Order, told: Told) -> Order:
        """Place a journalled order and return it as recorded then; a late answer counts as well.

        Where the disk does not take what came of it, `told` hears the order as it is recorded.
        """
        said = await self._place(order, told)
        with self._patience(lambda: told(order)):
            return await self._outcome(order, said)

    async def _place(self, order: Order, told: Told) -> "_Said":
        if order.expires_at is not None and order.expires_at <= self._parts.clock.now():
            return _Said(OrderState.EXPIRED)
        timer = self._timer(order, OrderState.UNKNOWN, told)
        try:
            # Asked in the turn of the call itself: what is shut from now on stops nothing here.
            reach("before_call")
            shut = self._parts.gate.refusal(order.account_id, order.side)
            if shut is not None:
                return _Said(OrderState.REJECTED, _unsent(order, shut))
            with self._parts.gate.passage(order.account_id):
                placed = await self._placed(order)
            reach("after_call")
        except OrderRefused as error:
            return _Said(OrderState.REJECTED, error)
        except Exception as error:
            _logger.warning("order_fate_unknown", order_id=order.id, error=type(error).__name__)
            return _Said(OrderState.UNKNOWN)
        finally:
            timer.cancel()
        return _Said(OrderState.WORKING, broker=placed.broker_order_id)

    async def _placed(self, order: Order) -> PlacedOrder:
        began = monotonic()
        with step("terminal place"):
            placed = await self._parts.terminal.place(order)
        if self._parts.took is not None:
            self._parts.took(monotonic() - began)
        return placed

    async def withdraw(
        self, order: Order, told: Told, untold: Callable[[], None], *, written: bool = True
    ) -> Order:
        """Ask for a cancel, and record that it was asked. Errors: ORDER_NOT_CANCELABLE.

        Where the terminal does not say whether it took the cancel of an order that it may not even
        have, nothing is known: that order is UNKNOWN. `untold` hears that the terminal was asked,
        and the disk does not take what came of it: at once where it did not take the question
        either, which `written` says.
        """
        doubtful = order.state in (OrderState.SENT, OrderState.UNKNOWN)
        asked = OrderState.UNKNOWN if doubtful else OrderState.PENDING_CANCEL
        timer = self._timer(order, asked, told)
        try:
            reach("before_cancel_call")
            with step("terminal cancel"):
                await self._parts.terminal.withdraw(order)
            reach("after_cancel_call")
        except OrderRefused as error:
            # It says why only where the order ended, which a lost report would have told.
            self._parts.check_soon(order.account_id)
            raise _not_yet(order) if doubtful else error from None
        except GatewayError:
            raise
        except Exception as error:
            _logger.warning("cancel_fate_unknown", order_id=order.id, error=type(error).__name__)
        else:
            asked = OrderState.PENDING_CANCEL
        finally:
            timer.cancel()
        if not written:
            untold()
        with self._patience(untold):
            return await self._outcome(order, _Said(asked))

    def _timer(self, order: Order, state: OrderState, told: Told) -> asyncio.TimerHandle:
        def silent() -> None:
            _logger.warning("terminal_silent", order_id=order.id, state=state)
            self._parts.spawn(self._doubt(order, state, told))

        return asyncio.get_running_loop().call_later(self._parts.answer_seconds, silent)

    async def _doubt(self, order: Order, state: OrderState, told: Told) -> None:
        told(await self._outcome(order, _Said(state)))

    @contextmanager
    def _patience(self, late: Callable[[], object]) -> Generator[None, None, None]:
        """Let a caller wait for the disk no longer than for the terminal; the record goes on."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._parts.answer_seconds, late)
        try:
            yield
        finally:
            timer.cancel()

    async def _outcome(self, order: Order, said: "_Said") -> Order:
        now = self._parts.clock.now()
        place = (order.tag, order.account_id, said.state)
        report = ExecutionReport(
            *(*place, order.filled_quantity, order.average_price, now),
            refusal=said.refusal,
            broker_order_id=said.broker,
        )
        reach("before_outcome")
        with step("order outcome"):
            after = await self._parts.outcomes.apply(order.id, report)
        reach("after_outcome")
        return after


@dataclass(frozen=True, slots=True)
class _Said:
    """What came of a question to the terminal."""

    state: OrderState
    refusal: GatewayError | None = None
    broker: str | None = None


def _unsent(order: Order, shut: TradingDisabled) -> TradingDisabled:
    text = f"Order {order.id} was not sent, and is not any more: {shut.message}"
    return TradingDisabled(shut.reason, text, order_id=order.id)


def _not_yet(order: Order) -> OrderRefused:
    text = (
        f"Nobody knows yet whether order {order.id} is live, and the terminal does not hold it "
        "now. It may still come alive: look at its state again, and cancel it then."
    )
    return OrderRefused(Reason.ORDER_NOT_CANCELABLE, text, state=order.state)
