"""Orders through the journal: intent durable first, then the terminal, then the outcome."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import structlog

from quantgraph.domain.calendar import to_ms
from quantgraph.domain.clock import Clock, Ids
from quantgraph.domain.errors import (
    GatewayError,
    IdempotencyConflict,
    OrderRefused,
    bad_request,
    unknown_account,
    unknown_order,
)
from quantgraph.domain.journal import Intent, Journal, Outcome
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
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.domain.transitions import after_report
from quantgraph.services.order_log import OrderLog
from quantgraph.services.recorder import Recorder
from quantgraph.services.workers import Workers

T = TypeVar("T")
# Seconds for what is on its way when the gateway stops.
_GRACE_S = 3.0
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OrderDesk:
    """What orders of one terminal need: workers, time, ids, and who matches them.

    `in_flight`: orders and cancels on their way to the terminal at most.
    """

    workers: Workers
    clock: Clock
    ids: Ids
    destination: Destination
    id_prefix: str
    in_flight: int = 1_000


class JournaledTrading:
    """Implements `Trading` over a terminal. One task applies the terminal's reports in order."""

    def __init__(
        self, journal: Journal, terminal: Terminal, accounts: Accounts, desk: OrderDesk
    ) -> None:
        """Wrap a terminal; call `start` in the running loop before the first submit."""
        self._journal = journal
        self._terminal = terminal
        self._accounts = accounts
        self._desk = desk
        self._workers = desk.workers
        self._log = OrderLog(journal, desk.workers, self._source)
        self._recorder = Recorder(journal, desk.in_flight)
        # Of orders that are just being changed: a lock goes with the last who holds or awaits it.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # Open orders as last recorded: what is no news of them needs no question to the file.
        self._recorded: dict[str, Order] = {}
        self._task: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[Any]] = set()
        self._last_report: datetime | None = None

    def start(self) -> None:
        """Begin to take the terminal's reports."""
        self._task = asyncio.create_task(self._follow())

    @property
    def running(self) -> bool:
        """Whether the terminal's reports are being taken."""
        return self._task is not None and not self._task.done()

    def drain(self) -> None:
        """End every log stream: the gateway is stopping."""
        self._log.close()

    async def close(self) -> None:
        """Finish what is on its way and stop taking reports; what was journalled stays."""
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
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._recorder.close()

    async def recall(self, ticket: OrderTicket) -> Submission | None:
        """Return the earlier order of the ticket's key, or None. Errors: IDEMPOTENCY_CONFLICT."""
        known = await self._workers.run(
            self._journal.recall, ticket.account_id, ticket.client_order_id
        )
        return None if known is None else _replay(ticket, *known)

    async def submit(self, ticket: OrderTicket) -> Submission:
        """Journal the intent, send it once, journal the outcome. Errors: OVERLOADED."""
        await self._require_account(ticket.account_id)
        return await self._unstopped(self._submit(ticket))

    async def _submit(self, ticket: OrderTicket) -> Submission:
        with self._recorder.place():
            intent = Intent(self._accepted(ticket), ticket.digest())
            recorded = await self._recorder.record(intent)
            if not recorded.new:
                return _replay(ticket, recorded.order, recorded.digest)
            self._log.announce(ticket.account_id)
            return _answered(await self._send(recorded.order), replayed=False)

    async def cancel(self, key: OrderKey) -> Order:
        """Ask the terminal for a cancel and record that it was asked."""
        order = await self.order(key)
        if order is None:
            raise unknown_order(key.account_id, key.client_order_id if key.id is None else key.id)
        if order.state.final:
            text = f"Order {order.id} is {order.state} already."
            raise OrderRefused(Reason.ORDER_NOT_CANCELABLE, text, state=order.state)
        return await self._unstopped(self._withdraw(order))

    async def _withdraw(self, order: Order) -> Order:
        with self._recorder.place():
            await self._terminal.withdraw(order)
            return await self._apply(self._asked(order))

    def _asked(self, order: Order) -> ExecutionReport:
        return ExecutionReport(
            order.id,
            order.account_id,
            OrderState.PENDING_CANCEL,
            order.filled_quantity,
            order.average_price,
            self._desk.clock.now(),
        )

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
        self._recorded.clear()
        self._log.announce_all()

    async def _unstopped(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end though the caller may give up: no outcome stays unrecorded."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _send(self, order: Order) -> Order:
        now = self._desk.clock.now()
        if order.expires_at is not None and order.expires_at <= now:
            return await self._outcome(order, OrderState.EXPIRED, None)
        try:
            placed = await self._terminal.place(order)
        except OrderRefused as error:
            return await self._outcome(order, OrderState.REJECTED, error)
        except Exception as error:
            _logger.warning("order_fate_unknown", order_id=order.id, error=type(error).__name__)
            return await self._outcome(order, OrderState.UNKNOWN, None)
        sent = replace(order, broker_order_id=placed.broker_order_id)
        return await self._outcome(sent, OrderState.WORKING, None)

    async def _outcome(
        self, order: Order, state: OrderState, refusal: OrderRefused | None
    ) -> Order:
        now = self._desk.clock.now()
        report = ExecutionReport(order.id, order.account_id, state, 0, None, now, refusal=refusal)
        return await self._apply(report, order.broker_order_id)

    async def _follow(self) -> None:
        """Apply the terminal's reports one after the other, for as long as it has any."""
        async with aclosing(self._terminal.reports()) as reports:
            async for report in reports:
                self._last_report = report.time
                try:
                    await self._apply(report)
                except GatewayError as error:
                    _logger.exception(
                        "report_not_recorded", code=error.reason, order=report.order_id
                    )

    async def _apply(self, report: ExecutionReport, broker_id: str | None = None) -> Order:
        """Fold a report into its order and record the change, if it is one."""
        lock = self._locks.setdefault(report.order_id, asyncio.Lock())
        async with lock:
            order = self._recorded.get(report.order_id)
            if order is None or after_report(order, report, broker_id) is not None:
                order = await self._record(Outcome(report, broker_id))
        if order.state.final:
            self._recorded.pop(report.order_id, None)
        return order

    async def _record(self, outcome: Outcome) -> Order:
        recorded = await self._recorder.record(outcome)
        order = self._recorded[recorded.order.id] = recorded.order
        if recorded.new:
            self._log.announce(order.account_id)
        return order

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
        )

    async def _require_account(self, account_id: str) -> None:
        known = await self._accounts.accounts()
        if all(account.id != account_id for account in known):
            raise unknown_account(account_id)

    def _source(self) -> SourceState:
        last = None if self._last_report is None else to_ms(self._last_report)
        return SourceState(self.running, last, None)


def _replay(ticket: OrderTicket, order: Order, digest: str) -> Submission:
    if digest != ticket.digest():
        text = (
            f"Client order id {ticket.client_order_id!r} was used for order {order.id} with other "
            "contents. Use a new id for a new order."
        )
        raise IdempotencyConflict(Reason.IDEMPOTENCY_CONFLICT, text, order_id=order.id)
    return _answered(order, replayed=True)


def _answered(order: Order, *, replayed: bool) -> Submission:
    """Return the order, or raise why the terminal refused it: the same to every repeat."""
    if order.state is OrderState.REJECTED:
        reason = Reason(order.reject_code or Reason.TERMINAL_REFUSED)
        text = order.reject_message or f"The terminal refused order {order.id}."
        raise OrderRefused(reason, text, zh=order.reject_message_zh or "", order_id=order.id)
    return Submission(order, replayed)
