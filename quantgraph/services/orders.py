"""Orders through the journal: intent durable first, then the terminal, then the outcome."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from datetime import timedelta
from pathlib import Path

from quantgraph.domain.access import present_actor
from quantgraph.domain.calendar import to_ms
from quantgraph.domain.controls import TradingState
from quantgraph.domain.journal import Intent, Journal
from quantgraph.domain.orders import (
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
    OrderState,
    OrderTicket,
    Submission,
)
from quantgraph.domain.ports.trading import Accounts, Terminal
from quantgraph.domain.streams import LogCursor, OrderEvent, SourceState
from quantgraph.domain.traces import step
from quantgraph.services.answers import answered, away, replay, tell
from quantgraph.services.approvals import ApprovalParts, Approvals
from quantgraph.services.cancels import CancelParts, Cancels
from quantgraph.services.comparing import CompareParts, Comparer
from quantgraph.services.desk import OrderDesk
from quantgraph.services.errands import Errands
from quantgraph.services.failpoints import reach
from quantgraph.services.following import FollowParts, TerminalFollower
from quantgraph.services.order_log import OrderLog
from quantgraph.services.outcomes import Outcomes
from quantgraph.services.reader import OrderReader
from quantgraph.services.recent import RecentOrders
from quantgraph.services.sending import Sender, SendParts
from quantgraph.services.settling import Settling
from quantgraph.services.write_offs import WriteOffParts, WriteOffs, check_reason

_DAY = timedelta(days=1)


class JournaledTrading:
    """Implements `Trading` over a terminal, whose reports are applied in order."""

    def __init__(
        self, journal: Journal, terminal: Terminal, accounts: Accounts, desk: OrderDesk
    ) -> None:
        """Wrap a terminal; call `start` in the running loop before the first submit."""
        self._journal = journal
        self._accounts = accounts
        self._desk = desk
        self._reader = OrderReader(journal, accounts, desk.workers)
        self._workers = desk.workers
        self._log = OrderLog(journal, desk.workers, self._source)
        self._recent = RecentOrders(desk.ledger)
        self._recorder = desk.recorder(journal, self._recent)
        self._outcomes = Outcomes(self._recorder, self._log.announce)
        self._settling = Settling(desk.settle_seconds, desk.timer)
        self._errands = Errands()
        self._follower = self._followed(terminal)
        self._sender = self._sending(terminal)
        asked = (terminal, self._outcomes, desk.clock, self._settling, desk.answer_seconds)
        self._write_offs = WriteOffs(WriteOffParts(*asked, self._follower.check_soon))
        approve = (self._outcomes, desk.clock, self.order, self._reader.waiting)
        self._approvals = Approvals(ApprovalParts(*approve, self._errands.run))
        canceling = (desk, self._reader, self._recorder, self._outcomes, self._sender)
        ask = (self._approvals, self._errands.run, lambda: self.connected)
        self._cancels = Cancels(CancelParts(*canceling, *ask))
        desk.gate.link = self._link
        desk.gate.on_change(self._log.pulse)

    def _followed(self, terminal: Terminal) -> TerminalFollower:
        desk, journal = self._desk, self._journal
        parts = (terminal, journal, desk.workers, desk.clock, self._settling, desk.destination)
        compare = CompareParts(*parts, desk.alarm, desk.answer_seconds)
        comparer = Comparer(compare, self._outcomes)
        follow = FollowParts(
            *(terminal, self._accounts, journal, desk.workers, comparer, desk.check_seconds),
            *(desk.gate.changed, self._settling.linked, self._settled, desk.sleep, desk.reported),
            alarm=desk.alarm,
        )
        return TerminalFollower(follow, self._outcomes)

    def _sending(self, terminal: Terminal) -> Sender:
        parts = (terminal, self._outcomes, self._desk.clock, self._desk.answer_seconds)
        check = self._follower.check_soon
        took = self._desk.timings.order_round_trip.note
        return Sender(SendParts(*parts, self._errands.spawn, check, self._desk.gate, took))

    def start(self) -> None:
        """Begin to take the terminal's reports; orders of an earlier run are looked up first.

        Reads one row of the journal: call it before the loop is busy.
        """
        self._follower.start(compared=not (self._journal.unfinished() or self._cut_lately))
        self._approvals.start()

    @property
    def state(self) -> TradingState:
        """Whether submits are taken, of all accounts together."""
        return self._desk.gate.status(None).state

    @property
    def _cut_lately(self) -> bool:
        """Whether the terminal may have orders of today that the journal has lost."""
        cut = self._journal.cut
        return cut is not None and self._desk.clock.now() - cut.time < _DAY

    def _settled(self) -> bool:
        """Return whether the terminal lists by now whatever was sent before this run."""
        return not self._cut_lately or self._settling.settled("")

    def _link(self) -> TradingState:
        if not self.connected:
            return TradingState.DISCONNECTED
        return TradingState.ACTIVE if self._follower.compared else TradingState.RECONCILING

    @property
    def connected(self) -> bool:
        """Whether the terminal is there, and its reports are being taken."""
        return self._follower.running and self._follower.connected

    def problems(self) -> Mapping[str, str]:
        """Return what an operator has to see to, by part; see `ports.System.problems`."""
        waiting = self._recorder.waiting
        if not waiting:
            return {}
        text = f"The disk does not take the order journal: {waiting} outcomes wait for it."
        return {"disk": text}

    def drain(self) -> None:
        """End every log stream: the gateway is stopping."""
        self._log.close()

    async def close(self) -> None:
        """Finish what is on its way and stop taking reports; what was journalled stays."""
        await self._approvals.close()
        await self._errands.finish()
        # What still waits then may wait for a disk that takes nothing: that ends here.
        await self._recorder.close()
        await self._errands.finish()
        # A terminal that does not answer is not waited for: the next start asks it.
        await self._errands.close()
        await self._follower.close()
        await self._recorder.close()

    def resize(self, in_flight: int) -> None:
        """Let so many orders, and as many cancels, be on their way from now on."""
        self._recorder.resize(in_flight)

    def recent(self, ticket: OrderTicket) -> Submission | None:
        """Return what `recall` does, where this run has heard of it; None says nothing.

        While anything is on its way the journal may have a newer word, and is asked.
        """
        if not self._recorder.quiet:
            return None
        known = self._recent.find(ticket.account_id, ticket.client_order_id)
        return None if known is None else replay(ticket, known.order, known.digest)

    async def recall(self, ticket: OrderTicket) -> Submission | None:
        """Return the earlier order of the ticket's key, or None. Errors: IDEMPOTENCY_CONFLICT."""
        return await self._reader.recall(ticket)

    async def submit(self, ticket: OrderTicket) -> Submission:
        """Journal the intent, send it once, journal the outcome.

        Errors: OVERLOADED; those of a gate that is shut, and then nothing was written. Where it is
        shut between the journal and the terminal, the order ends REJECTED with that code.
        """
        await self._reader.require(ticket.account_id)
        shut = self._desk.gate.refusal(ticket.account_id, ticket.side)
        if shut is None:
            return await self._errands.run(lambda answer: self._submit(ticket, answer))
        earlier = await self.recall(ticket)
        if earlier is None:
            raise shut
        return earlier

    async def _submit(
        self, ticket: OrderTicket, answer: "asyncio.Future[Submission]"
    ) -> Submission:
        order = self._desk.draft(ticket)
        # Before it is recorded: a comparison must not miss at the terminal what is on its way.
        with self._recorder.place(), self._settling.call(order.id):
            # From here on the terminal may have it: a crash leaves it SENT, never ACCEPTED.
            then = OrderState.PENDING_APPROVAL if ticket.held else OrderState.SENT
            intent = Intent(order, ticket.digest(), then, present_actor())
            reach("before_intent")
            with step("order journal"):
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
        order = await self._reader.known(key)
        shut = self._desk.gate.refusal(order.account_id, order.side)
        if shut is not None:
            raise shut
        done = await self._errands.run(lambda answer: self._approved(order, answer))
        return done.order

    async def _approved(self, order: Order, answer: "asyncio.Future[Submission]") -> Submission:
        # As at a submit: from before SENT is recorded, it is on its way for every comparison.
        with self._recorder.place(), self._settling.call(order.id):
            decided = await self._approvals.approve(order)
            sent = self._sender.send(decided, lambda told: tell(answer, told))
            return answered(await sent, replayed=False)

    async def reject(self, key: OrderKey) -> Order:
        """End an order that waits for approval; see `ports.Trading`."""
        order = await self._reader.known(key)
        return await self._errands.run(lambda _: self._approvals.refuse(order))

    async def write_off(self, key: OrderKey, reason: str) -> Order:
        """End an order that nobody can tell the fate of; see `ports.Trading`."""
        check_reason(reason)
        order = await self._reader.known(key)
        if not self.connected:
            raise away()
        return await self._errands.run(lambda _: self._write_offs.write_off(order, reason))

    async def look(self, key: OrderKey) -> Order | None:
        """Return an order to be canceled: an open one costs no question to the file."""
        return await self._cancels.look(key)

    async def cancel(self, key: OrderKey) -> Order:
        """Ask the terminal for a cancel and record that it was asked."""
        return await self._cancels.cancel(key)

    async def order(self, key: OrderKey) -> Order | None:
        """Return one order, or None."""
        return await self._reader.order(key)

    async def orders(self, query: OrderQuery) -> OrderPage:
        """Return a page of orders, newest first."""
        return await self._reader.page(query)

    async def events(self, cursor: LogCursor) -> AsyncGenerator[OrderEvent, None]:
        """Stream the account's log; see `OrderLog.events`."""
        await self._reader.require(cursor.account_id)
        async with aclosing(self._log.events(cursor)) as events:
            async for event in events:
                yield event

    async def start_over(self, epoch: str) -> None:
        """Begin a new log: the simulated world has started over."""
        await self._workers.run(self._journal.start_over, epoch)
        self._renew()

    def still(self) -> AbstractAsyncContextManager[None]:
        """Let orders and cancels on their way end, and those that come wait, inside."""
        return self._errands.still()

    async def restore(self, file: Path, epoch: str) -> None:
        """Take over the journal of a file as a new log: the world has gone back to it."""
        await self._workers.run(self._journal.restore, file, epoch)
        self._renew()

    def _renew(self) -> None:
        """Go on with a journal that is another one."""
        self._outcomes.forget()
        self._approvals.forget()
        self._recent.forget()
        self._follower.start_over()
        self._settling.start_over()
        self._log.announce_all()

    def compare(self) -> None:
        """Compare with the terminal's list as soon as possible."""
        self._follower.check_all()

    def _source(self) -> SourceState:
        last = self._follower.last_report
        return SourceState(self.connected, None if last is None else to_ms(last), None)
