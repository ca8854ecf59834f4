"""The dead man's timer: who does not set it again is taken for gone, and trading is stopped.

It lives in the gateway alone: no exchange and no terminal knows of it. When the gateway stops, it
stops; orders then live on as they are.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from quantgraph.domain.access import GATEWAY, act_as
from quantgraph.domain.controls import HaltCause, TradingState
from quantgraph.domain.errors import GatewayError, TradingDisabled, bad_request
from quantgraph.domain.orders import Order, OrderKey, OrderState
from quantgraph.services.gate import Gate

_LONGEST_S = 86_400
# Seconds until a cancel that failed is tried again, and how often. What the terminal refuses waits
# ever longer: an auction takes no cancels for minutes, and each of them counts at the exchange.
_AGAIN_S, _LATER_S, _TRIES = 1.0, 30.0, 600
_logger = structlog.get_logger(__name__)
Later = Callable[[float, Callable[[], None]], asyncio.TimerHandle]


@dataclass(frozen=True, slots=True)
class DeadManParts:
    """What a timer that has run out does, and real time.

    `open_orders` of an account; `cancel` one of them. `later` calls after seconds, `sleep` waits.
    """

    halt: Callable[[str | None, HaltCause, str], object]
    open_orders: Callable[[str], Awaitable[list[Order]]]
    cancel: Callable[[OrderKey], Awaitable[Order]]
    later: Later | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class DeadMan:
    """One timer per account, in real seconds whatever the market's clock does."""

    def __init__(self, gate: Gate, parts: DeadManParts) -> None:
        """Show the timers in the statuses of `gate`."""
        self._gate = gate
        self._parts = parts
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._running: set[asyncio.Task[None]] = set()

    def set(self, account_id: str, seconds: int) -> None:
        """Run out after so many seconds unless set again; 0 puts the timer away.

        Errors: BAD_REQUEST.
        """
        if not 0 <= seconds <= _LONGEST_S:
            text = f"The timer takes 0 to {_LONGEST_S} seconds, not {seconds}."
            raise bad_request(text, field="seconds")
        self._put_away(account_id)
        if seconds:
            later = self._parts.later or asyncio.get_running_loop().call_later
            self._timers[account_id] = later(seconds, lambda: self._fire(account_id))
            self._gate.dead_men[account_id] = self._parts.now() + timedelta(seconds=seconds)
        self._gate.changed()

    async def close(self) -> None:
        """Put every timer away, and leave what still cancels."""
        for account_id in list(self._timers):
            self._put_away(account_id)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _put_away(self, account_id: str) -> None:
        timer = self._timers.pop(account_id, None)
        if timer is not None:
            timer.cancel()
            del self._gate.dead_men[account_id]

    def _fire(self, account_id: str) -> None:
        self._put_away(account_id)
        act_as(GATEWAY)  # the timer's context is that of whoever set it
        text = "The dead man's timer ran out: nobody set it again."
        # Before the cancels: what they free must not be spent again.
        self._parts.halt(account_id, HaltCause.DEAD_MAN, text)
        task = asyncio.create_task(self._cancel_all(account_id))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _cancel_all(self, account_id: str) -> None:
        """Cancel until nothing is left that can be, or somebody has resumed trading."""
        pause = _AGAIN_S
        for _ in range(_TRIES):
            away, refused = await self._cancel_once(account_id)
            left = away or refused
            if not left or self._gate.status(account_id).state is not TradingState.HALTED:
                return
            await self._parts.sleep(_AGAIN_S if away else pause)
            pause = min(2 * pause, _LATER_S) if refused else _AGAIN_S
        _logger.error("dead_man_gives_up", account_id=account_id)

    async def _cancel_once(self, account_id: str) -> tuple[bool, bool]:
        """Ask for the cancel of every open order; what was asked for is not asked for again.

        True: the terminal was away; it refused some, or nobody knows yet whether they are live.
        """
        away = refused = False
        for order in await self._parts.open_orders(account_id):
            if order.state is OrderState.PENDING_CANCEL or order.reject_code is not None:
                continue
            try:
                after = await self._parts.cancel(OrderKey(account_id, order.id))
                refused |= after.state is OrderState.UNKNOWN
            except TradingDisabled:  # it may come back
                away = True
            except GatewayError as error:
                refused = True
                _logger.warning("dead_man_cancel", order_id=order.id, code=error.reason)
        return away, refused
