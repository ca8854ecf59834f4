"""The switches of trading: each holds at once in memory, and is written down for a restart."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from quantgraph.domain.access import GATEWAY, present_actor
from quantgraph.domain.audit import Audit, NoAudit
from quantgraph.domain.clock import Clock
from quantgraph.domain.controls import (
    ArmWish,
    Control,
    ControlChange,
    ControlLog,
    HaltCause,
    HaltWish,
    TradingEvent,
    TradingState,
    TradingStatus,
)
from quantgraph.domain.errors import (
    GatewayError,
    Unavailable,
    bad_request,
    unknown_account,
)
from quantgraph.domain.orders import Order, OrderKey
from quantgraph.domain.ports.trading import Accounts
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import StreamKind
from quantgraph.domain.subscriptions import Tally, attach
from quantgraph.services.control_book import ControlBook
from quantgraph.services.deadman import DeadMan, DeadManParts, Later
from quantgraph.services.gate import Gate
from quantgraph.services.log_stream import HEARTBEAT_S
from quantgraph.services.workers import Workers

# A terminal that does not say which accounts it has holds up no halt.
_ASKED_S = 1.0
_LONGEST = 200
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ControlParts:
    """What the switches need. `workers` are their own: a busy gateway can be halted.

    `open_orders` of an account and the `cancel` of one are what a dead man's timer needs, `later`
    calls after so many real seconds. `answer_seconds`: that the terminal may take to answer what it
    was handed. `audit` hears of halts that nobody ordered.
    """

    log: ControlLog
    workers: Workers
    clock: Clock
    accounts: Accounts
    open_orders: Callable[[str], Awaitable[list[Order]]]
    cancel: Callable[[OrderKey], Awaitable[Order]]
    answer_seconds: float = 10.0
    later: Later | None = None
    audit: Audit = field(default_factory=NoAudit)


@dataclass(slots=True)
class _Place:
    """Who follows where trading stands, and whether it is elsewhere by now."""

    account_id: str | None
    behind: Callable[[], bool]
    delivered: int = 0

    def tally(self) -> Tally:
        """Return how it keeps up; see `subscriptions.Reader`."""
        return Tally(self.delivered, 0, int(self.behind()), None, self.account_id, skips=False)


class TradingControls:
    """Implements `Controls` over the gate."""

    def __init__(self, gate: Gate, parts: ControlParts) -> None:
        """Turn `gate`, which began with what `parts.log` holds."""
        self._gate = gate
        self._parts = parts
        self._book = ControlBook(parts.log, parts.workers, gate.control, parts.later)
        self._running: set[asyncio.Task[Any]] = set()
        self._changed = asyncio.Event()
        self._closing = False
        self._dead_man = DeadMan(
            gate, DeadManParts(self.alarm, parts.open_orders, parts.cancel, parts.later)
        )
        gate.on_change(self._news)

    def drain(self) -> None:
        """End every stream: the gateway is stopping."""
        self._closing = True
        self._news()

    async def close(self) -> None:
        """Finish the changes on their way."""
        await self._dead_man.close()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._book.close()

    def problems(self) -> Mapping[str, str]:
        """Return what an operator has to see to, by part; see `ports.System.problems`."""
        found: dict[str, str] = {}
        held = self._gate.control(None)
        if held is not None and held.strictness and held.cause is HaltCause.JOURNAL_CUT:
            found["journal"] = held.reason or "The order journal was cut."
        if self._book.unwritten:
            found["controls"] = (
                "A halt holds, but the disk has not taken it yet: a restart would not know of it."
            )
        return found

    async def status(self, account_id: str | None) -> TradingStatus:
        """Return where trading stands; see `ports.Controls`."""
        await self._require(account_id)
        return self._gate.status(account_id)

    async def events(self, account_id: str | None) -> AsyncGenerator[TradingEvent, None]:
        """Stream where trading stands; see `ports.Controls`."""
        await self._require(account_id)
        kind, told = StreamKind.SNAPSHOT, None
        place = _Place(account_id, lambda: self._gate.status(account_id) != told)
        attach(place)
        while not self._closing:
            # Taken before the look: what changes in between still wakes this reader.
            changed, status = self._changed, self._gate.status(account_id)
            if kind is not StreamKind.UPDATE or status != told:
                told = status
                place.delivered += 1
                yield TradingEvent(kind, status)
            kind = StreamKind.UPDATE if await _happens(changed) else StreamKind.HEARTBEAT
            if self._gate.status(account_id) != told:  # what ends by itself, such as arming
                kind = StreamKind.UPDATE
        text = "The gateway is stopping; subscribe again later."
        raise Unavailable(Reason.SHUTTING_DOWN, text)

    async def halt(self, wish: HaltWish) -> ControlChange:
        """Stop trading; see `ports.Controls`."""
        _check_reason(wish.reason)
        await self._require(wish.account_id)
        state = TradingState.REDUCING if wish.reducing else TradingState.HALTED
        control = self._control(wish, state, HaltCause.OPERATOR)
        changed = self._gate.tighten(control)
        return await self._unstopped(self._halted(wish.account_id, changed=changed))

    def alarm(
        self, account_id: str | None, cause: HaltCause, reason: str
    ) -> "asyncio.Task[Any] | None":
        """Halt because of what the gateway found; at once, and written down as soon as can be.

        Returns the work of writing it down; None where trading was as strictly halted already, and
        where it was halted for the very same before a restart, and resumed.
        """
        if self._book.knows(account_id, cause, reason):
            _logger.warning("alarm_raised_before", account_id=account_id, cause=cause)
            return None
        _logger.error("trading_halted", account_id=account_id, cause=cause, reason=reason)
        wish = HaltWish(account_id, reason=reason)
        if not self._gate.tighten(self._control(wish, TradingState.HALTED, cause)):
            return None
        told = {"account_id": account_id, "cause": cause, "reason": reason}
        self._parts.audit.done("haltTrading", told, GATEWAY)
        return self._spawn(self._book.write(account_id))

    async def resume(self, wish: HaltWish) -> ControlChange:
        """Let trading go on; see `ports.Controls`."""
        _check_reason(wish.reason)
        await self._require(wish.account_id)
        return await self._unstopped(self._resumed(wish))

    async def arm(self, wish: ArmWish) -> ControlChange:
        """Arm trading of the gateway; see `ports.Controls`."""
        arming = self._gate.arming
        changed = arming is not None and await arming.arm(wish)
        _logger.warning("trading_armed", by=present_actor().key_id, changed=changed)
        self._gate.changed()
        return ControlChange(self._gate.status(None), changed)

    async def disarm(self, wish: HaltWish) -> ControlChange:
        """End the arming; see `ports.Controls`."""
        _check_reason(wish.reason)
        arming = self._gate.arming
        if arming is None or not arming.disarm(wish.reason):
            return ControlChange(self._gate.status(None), changed=False)
        self._gate.changed()
        left = await self._gate.settled(None, self._parts.answer_seconds)
        return ControlChange(self._gate.status(None), changed=True, unanswered=left)

    async def set_dead_man(self, account_id: str, seconds: int) -> ControlChange:
        """Set an account's timer anew; see `ports.Controls`."""
        await self._require(account_id)
        known = account_id in self._gate.dead_men
        self._dead_man.set(account_id, seconds)
        return ControlChange(self._gate.status(account_id), known is not (seconds > 0))

    async def _halted(self, account_id: str | None, *, changed: bool) -> ControlChange:
        writing = self._spawn(self._book.write(account_id))
        left = await self._gate.settled(account_id, self._parts.answer_seconds)
        try:
            await writing
        except GatewayError as error:
            state = self._gate.status(account_id).state
            text = f"Trading is {state} now, but not after a restart: {error.message} Repeat it."
            raise Unavailable(Reason.STORE_UNAVAILABLE, text) from error
        return ControlChange(self._gate.status(account_id), changed, left)

    async def _resumed(self, wish: HaltWish) -> ControlChange:
        state = TradingState.REDUCING if wish.reducing else TradingState.ACTIVE
        control = self._control(wish, state, HaltCause.OPERATOR)
        async with self._book.turn:
            held = self._gate.control(wish.account_id)
            changed = held is not None and control.strictness < held.strictness
            if changed:
                # Durable first: what a restart would halt again was not resumed.
                await self._book.record(control)
                # Whoever has halted it meanwhile did not mean the halt that is resumed here.
                if self._gate.control(wish.account_id) is held:
                    self._gate.obey(control)
        return ControlChange(self._gate.status(wish.account_id), changed)

    def _control(self, wish: HaltWish, state: TradingState, cause: HaltCause) -> Control:
        # What the gateway found is its own act, whoever's call it was found in.
        actor = present_actor() if cause is HaltCause.OPERATOR else GATEWAY
        now = self._parts.clock.now()
        return Control(wish.account_id, state, cause, wish.reason, actor.key_id, now)

    def _news(self) -> None:
        """Wake every reader, each once."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _require(self, account_id: str | None) -> None:
        """Raise UNKNOWN_ACCOUNT where the terminal says that there is no such account."""
        if account_id is None:
            return
        try:
            async with asyncio.timeout(_ASKED_S):
                known = await self._parts.accounts.accounts()
        except Exception as error:
            # Whatever ails it: better a halt of no account than none.
            _logger.warning("accounts_not_told", error=type(error).__name__)
            return
        if all(each.id != account_id for each in known):
            raise unknown_account(account_id)

    async def _unstopped(self, work: Coroutine[Any, Any, ControlChange]) -> ControlChange:
        """Finish though the caller may give up: memory and log never differ for long."""
        return await asyncio.shield(self._spawn(work))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _logger.error("control_not_recorded", error=str(task.exception()))


async def _happens(changed: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(HEARTBEAT_S):
            await changed.wait()
    except TimeoutError:
        return False
    return True


def _check_reason(reason: str | None) -> None:
    if reason is not None and not (len(reason) <= _LONGEST and reason.isprintable()):
        text = f"The reason must be printable and at most {_LONGEST} characters long."
        raise bad_request(text, field="reason")
