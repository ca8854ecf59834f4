"""What orders of one terminal need, and the order that a ticket becomes there."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from quantgraph.domain.access import present_actor
from quantgraph.domain.clock import Clock, Ids
from quantgraph.domain.journal import Entry, Journal, Recorded
from quantgraph.domain.orders import Destination, Order, OrderState, OrderTicket, Origin
from quantgraph.domain.tags import tag_of
from quantgraph.services.gate import Gate
from quantgraph.services.latency import Timings
from quantgraph.services.recorder import Recorder
from quantgraph.services.suspicions import Alarm, alarm_log
from quantgraph.services.workers import Workers


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
    `approval`: how long an order waits for a second key. `timings`: where it is told what took how
    long.
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
    timings: Timings = field(default_factory=Timings)

    def draft(self, ticket: OrderTicket) -> Order:
        """Return the order of a ticket: accepted, under a new id, by whoever acts now."""
        now = self.clock.now()
        return Order(
            id=self.ids.new(self.id_prefix),
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
            destination=self.destination,
            origin=Origin.OURS,
            created_at=now,
            updated_at=now,
            expires_at=ticket.expires_at,
            strategy=ticket.strategy,
            note=ticket.note,
            submitted_by=present_actor().key_id,
            approval_until=_until(now + self.approval, ticket) if ticket.held else None,
            tag=self.tag(ticket.account_id, ticket.client_order_id),
        )

    def recorder(self, journal: Journal, ledger: OrderLedger) -> Recorder:
        """Return what writes the journal, and tells `ledger` of it."""
        took = self.timings.journal_commit.note
        return Recorder(journal, self.in_flight, heard=ledger.heard, took=took)

    def reported(self, time: datetime) -> None:
        """Note how late a report of this time is, by the gateway's clock."""
        self.timings.callback_lag.note((self.clock.now() - time).total_seconds())

    def tag(self, account_id: str, client_order_id: str) -> str:
        """Return what an order of ours bears at the terminal."""
        return tag_of(self.install_id, account_id, client_order_id)


def _until(end: datetime, ticket: OrderTicket) -> datetime:
    return end if ticket.expires_at is None else min(end, ticket.expires_at)
