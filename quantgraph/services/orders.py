"""Orders through the journal: intent durable first, then the terminal, then the outcome."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog

from quantgraph.domain.access import present_actor
from quantgraph.domain.calendar import to_ms
from quantgraph.domain.clock import Clock, Ids
from quantgraph.domain.controls import TradingState
from quantgraph.domain.errors import (
    OrderRefused,
    TradingDisabled,
    Unavailable,
    bad_request,
    unknown_account,
    unknown_order,
)
from quantgraph.domain.journal import CancelIntent, Entry, Intent, Journal, Recorded
from quantgraph.domain.orders import (
    Destination,
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
    OrderState,
    OrderTicket,
    Origin,
    Submission,
)
from quantgraph.domain.ports.trading import Accounts, Terminal
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor, OrderEvent, SourceState
from quantgraph.domain.tags import tag_of
from quantgraph.services.answers import answered, give, replay, settle, tell
from quantgraph.services.approvals import ApprovalParts, Approvals
from quantgraph.services.comparing import Alarm, CompareParts, Comparer, alarm_log
from quantgraph.services.failpoints import reach
from quantgraph.services.following import FollowParts, TerminalFollower
from quantgraph.services.gate import Gate
from quantgraph.services.order_log import OrderLog
from quantgraph.services.outcomes import Outcomes
from quantgraph.services.recorder import Recorder
from quantgraph.services.sending import Sender, SendParts
from quantgraph.services.settling import Settling
from quantgraph.services.workers import Workers

T = TypeVar("T")
_logger = structlog.get_logger(__name__)
# Seconds for what is on its way when the gateway stops.
_GRACE_S = 3.0


class OrderLedger(Protocol):
    """Keeps what open orders and today's trades add up to."""

    def heard(self, entry: Entry, recorded: Recorded) -> None:
        """Take what has become durable."""
        ...

    def forget(self) -> None:
        """Trust the journal alone from now on: it is another one."""
        ...


@dataclass(frozen=True, slots=True)
class OrderDesk:
    """What orders of one terminal need: workers, time, ids, and who matches them.

    `install_id` goes into the tags that they bear there (`domain.tags`). `in_flight`: orders and
    cancels on their way to the terminal at most. `answer_seconds`: that it may take to answer one.
    `check_seconds`: between two comparisons of the open orders with its own list; `sleep` waits
    for them in real seconds. `ledger`: hears what has been recorded. `settle_seconds` of `timer`:
    that an order may be missing there. `alarm` hears that an account's orders cannot be trusted.
    `approval`: how long an order waits for a second key.
    """

    workers: Workers
    clock: Clock
    ids: Ids
    destination: Destination
    id_prefix: str
    install_id: str
    in_flight: int = 1_000
    answer_seconds: float = 10.0
    check_seconds: float = 15.0
    settle_seconds: float = 120.0
    timer: Callable[[], float] = time.monotonic
    alarm: Alarm = alarm_log
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    gate: Gate = field(default_factory=Gate)
    approval: timedelta = timedelta(minutes=5)
    ledger: OrderLedger | None = None


class JournaledTrading:
    """Implements `Trading` over a terminal, whose reports are applied in order."""

    def __init__(
        self, journal: Journal, terminal: Terminal, accounts: Accounts, desk: OrderDesk
    ) -> None:
        """Wrap a terminal; call `start` in the running loop before the first submit."""
        self._journal = journal
        self._accounts = accounts
        self._desk = desk
        self._workers = desk.workers
        self._log = OrderLog(journal, desk.workers, self._source)
        heard = None if desk.ledger is None else desk.ledger.heard
        self._recorder = Recorder(journal, desk.in_flight, heard=heard)
        self._outcomes = Outcomes(self._recorder, self._log.announce)
        self._settling = Settling(desk.settle_seconds, desk.timer)
        parts = (terminal, journal, desk.workers, desk.clock, self._settling, desk.destination)
        compare = CompareParts(*parts, desk.alarm, desk.answer_seconds)
        comparer = Comparer(compare, self._outcomes)
        follow = FollowParts(
            *(terminal, accounts, journal, desk.workers, comparer, desk.check_seconds),
            *(desk.gate.changed, self._settling.linked, desk.sleep),
        )
        self._follower = TerminalFollower(follow, self._outcomes)
        sending = (terminal, self._outcomes, desk.clock, desk.answer_seconds)
        check = self._follower.check_soon
        self._sender = Sender(SendParts(*sending, self._spawn, check, desk.gate))
        self._approvals = Approvals(
            ApprovalParts(self._outcomes, desk.clock, self.order, self._waiting, self._unstopped)
        )
        desk.gate.link = self._link
        desk.gate.on_change(self._log.pulse)
        self._running: set[asyncio.Task[Any]] = set()
        self._open = asyncio.Event()
        self._open.set()

    def start(self) -> None:
        """Begin to take the terminal's reports; orders of an earlier run are looked up first.

        Reads one row of the journal: call it before the loop is busy.
        """
        self._follower.start(compared=not self._journal.unfinished())
        self._approvals.start()

    @property
    def state(self) -> TradingState:
        """Whether submits are taken, of all accounts together."""
        return self._desk.gate.status(None).state

    def _link(self) -> TradingState:
        if not self.connected:
            return TradingState.DISCONNECTED
        return TradingState.ACTIVE if self._follower.compared else TradingState.RECONCILING

    @property
    def connected(self) -> bool:
        """Whether the terminal is there, and its reports are being taken."""
        return self._follower.running and self._follower.connected

    def drain(self) -> None:
        """End every log stream: the gateway is stopping."""
        self._log.close()

    async def close(self) -> None:
        """Finish what is on its way and stop taking reports; what was journalled stays."""
        await self._approvals.close()
        if self._running:
            await asyncio.wait(set(self._running), timeout=_GRACE_S)
        # What still waits then may wait for a disk that takes nothing: that ends here.
        await self._recorder.close()
        if self._running:
            await asyncio.wait(set(self._running), timeout=_GRACE_S)
        # A terminal that does not answer is not waited for: the next start asks it.
        for silent in self._running:
            silent.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._follower.close()
        await self._recorder.close()

    async def recall(self, ticket: OrderTicket) -> Submission | None:
        """Return the earlier order of the ticket's key, or None. Errors: IDEMPOTENCY_CONFLICT."""
        known = await self._workers.run(
            self._journal.recall, ticket.account_id, ticket.client_order_id
        )
        return None if known is None else replay(ticket, *known)

    async def submit(self, ticket: OrderTicket) -> Submission:
        """Journal the intent, send it once, journal the outcome.

        Errors: OVERLOADED; those of a gate that is shut, and then nothing was written. Where it is
        shut between the journal and the terminal, the order ends REJECTED with that code.
        """
        await self._require_account(ticket.account_id)
        shut = self._desk.gate.refusal(ticket.account_id, ticket.side)
        if shut is None:
            return await self._unstopped(lambda answer: self._submit(ticket, answer))
        earlier = await self.recall(ticket)
        if earlier is None:
            raise shut
        return earlier

    async def _submit(
        self, ticket: OrderTicket, answer: "asyncio.Future[Submission]"
    ) -> Submission:
        order = self._accepted(ticket)
        # Before it is recorded: a comparison must not miss at the terminal what is on its way.
        with self._recorder.place(), self._settling.call(order.id):
            # From here on the terminal may have it: a crash leaves it SENT, never ACCEPTED.
            then = OrderState.PENDING_APPROVAL if ticket.held else OrderState.SENT
            intent = Intent(order, ticket.digest(), then, present_actor())
            reach("before_intent")
            recorded = await self._recorder.record(intent)
            reach("after_intent")
            if not recorded.new:
                return replay(ticket, recorded.order, recorded.digest)
            self._outcomes.hold(recorded.order)
            reach("before_publish")
            self._log.announce(ticket.account_id)
            if ticket.held:
                self._approvals.hold(recorded.order)
                return Submission(recorded.order, replayed=False)
            sent = self._sender.send(recorded.order, lambda told: tell(answer, told))
            return answered(await sent, replayed=False)

    async def approve(self, key: OrderKey) -> Order:
        """Send an order that waits for approval, once; see `ports.Trading`."""
        order = await self._known(key)
        shut = self._desk.gate.refusal(order.account_id, order.side)
        if shut is not None:
            raise shut
        done = await self._unstopped(lambda answer: self._approved(order, answer))
        return done.order

    async def _approved(self, order: Order, answer: "asyncio.Future[Submission]") -> Submission:
        # As at a submit: from before SENT is recorded, it is on its way for every comparison.
        with self._recorder.place(), self._settling.call(order.id):
            decided = await self._approvals.approve(order)
            sent = self._sender.send(decided, lambda told: tell(answer, told))
            return answered(await sent, replayed=False)

    async def reject(self, key: OrderKey) -> Order:
        """End an order that waits for approval; see `ports.Trading`."""
        order = await self._known(key)
        return await self._unstopped(lambda _: self._approvals.refuse(order))

    async def cancel(self, key: OrderKey) -> Order:
        """Ask the terminal for a cancel and record that it was asked."""
        order = await self._known(key)
        if order.state is OrderState.PENDING_APPROVAL:
            with suppress(OrderRefused):
                return await self._unstopped(lambda _: self._approvals.withdraw(order))
            order = await self._known(key)  # decided meanwhile
        if order.state.final:
            text = f"Order {order.id} is {order.state} already."
            raise OrderRefused(Reason.ORDER_NOT_CANCELABLE, text, state=order.state)
        if not self.connected:
            raise _away()
        return await self._unstopped(lambda answer: self._withdraw(order, answer))

    async def _withdraw(self, order: Order, answer: "asyncio.Future[Order]") -> Order:
        with self._recorder.place():
            await self._ask(order)
            return await self._sender.withdraw(order, lambda told: give(answer, told))

    async def _ask(self, order: Order) -> None:
        """Record that a cancel is asked for; a disk that takes nothing does not keep it here."""
        now = self._desk.clock.now()
        intent = CancelIntent(self._desk.ids.new("cancel_"), order.account_id, order.id, now)
        try:
            await self._recorder.record(intent)
        except Unavailable:
            _logger.exception("cancel_not_recorded", order_id=order.id)

    async def _waiting(self) -> list[Order]:
        """Return the orders that are recorded as waiting for approval."""
        found: list[Order] = []
        for account in await self._accounts.accounts():
            orders, _ = await self._workers.run(self._journal.open_orders, account.id)
            found += (each for each in orders if each.state is OrderState.PENDING_APPROVAL)
        return found

    async def _known(self, key: OrderKey) -> Order:
        order = await self.order(key)
        if order is None:
            raise unknown_order(key.account_id, key.client_order_id if key.id is None else key.id)
        return order

    async def order(self, key: OrderKey) -> Order | None:
        """Return one order, or None."""
        if (key.id is None) == (key.client_order_id is None):
            raise bad_request("Give exactly one of the order's id and its client order id.")
        await self._require_account(key.account_id)
        return await self._workers.run(self._journal.find, key)

    async def orders(self, query: OrderQuery) -> OrderPage:
        """Return a page of orders, newest first."""
        await self._require_account(query.account_id)
        return await self._workers.run(self._journal.page, query)

    async def events(self, cursor: LogCursor) -> AsyncGenerator[OrderEvent, None]:
        """Stream the account's log; see `OrderLog.events`."""
        await self._require_account(cursor.account_id)
        async with aclosing(self._log.events(cursor)) as events:
            async for event in events:
                yield event

    async def start_over(self, epoch: str) -> None:
        """Begin a new log: the simulated world has started over."""
        await self._workers.run(self._journal.start_over, epoch)
        self._renew()

    @asynccontextmanager
    async def still(self) -> AsyncGenerator[None, None]:
        """Let orders and cancels on their way end, and those that come wait, inside."""
        self._open.clear()
        try:
            if self._running:
                await asyncio.wait(set(self._running), timeout=_GRACE_S)
            yield
        finally:
            self._open.set()

    async def restore(self, file: Path, epoch: str) -> None:
        """Take over the journal of a file as a new log: the world has gone back to it."""
        await self._workers.run(self._journal.restore, file, epoch)
        self._renew()

    def _renew(self) -> None:
        """Go on with a journal that is another one."""
        self._outcomes.forget()
        self._approvals.forget()
        if self._desk.ledger is not None:
            self._desk.ledger.forget()
        self._follower.start_over()
        self._settling.start_over()
        self._log.announce_all()

    def compare(self) -> None:
        """Compare with the terminal's list as soon as possible."""
        self._follower.check_all()

    async def _unstopped(self, make: Callable[["asyncio.Future[T]"], Coroutine[Any, Any, T]]) -> T:
        """Run work to its end though the caller may give up: no outcome stays unrecorded.

        The work may give its answer before it ends.
        """
        await self._open.wait()
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._spawn(make(answer)).add_done_callback(lambda task: settle(answer, task))
        return await answer

    def _spawn(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def _accepted(self, ticket: OrderTicket) -> Order:
        now = self._desk.clock.now()
        return Order(
            id=self._desk.ids.new(self._desk.id_prefix),
            account_id=ticket.account_id,
            client_order_id=ticket.client_order_id,
            broker_order_id=None,
            symbol=ticket.symbol,
            side=ticket.side,
            price_type=ticket.price_type,
            limit_price=ticket.limit_price,
            quantity=ticket.quantity,
            filled_quantity=0,
            average_price=None,
            state=OrderState.ACCEPTED,
            destination=self._desk.destination,
            origin=Origin.OURS,
            created_at=now,
            updated_at=now,
            expires_at=ticket.expires_at,
            strategy=ticket.strategy,
            note=ticket.note,
            submitted_by=present_actor().key_id,
            approval_until=_until(now + self._desk.approval, ticket) if ticket.held else None,
            tag=tag_of(self._desk.install_id, ticket.account_id, ticket.client_order_id),
        )

    async def _require_account(self, account_id: str) -> None:
        known = await self._accounts.accounts()
        if all(account.id != account_id for account in known):
            raise unknown_account(account_id)

    def _source(self) -> SourceState:
        last = self._follower.last_report
        return SourceState(self.connected, None if last is None else to_ms(last), None)


def _until(end: datetime, ticket: OrderTicket) -> datetime:
    return end if ticket.expires_at is None else min(end, ticket.expires_at)


def _away() -> TradingDisabled:
    text = "The trading terminal is disconnected. Nothing was sent; try again when it is back."
    return TradingDisabled(Reason.TERMINAL_DISCONNECTED, text)
