"""Keeps recorded orders in step with the terminal: its reports, its link, its own list."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

import structlog

from quantgraph.domain.controls import HaltCause
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.journal import Journal
from quantgraph.domain.orders import Order, OrderKey, OrderState, Origin
from quantgraph.domain.ports.trading import Accounts, Terminal
from quantgraph.domain.terminal import (
    Checkpoint,
    ExecutionReport,
    LinkChange,
    StrangeStatus,
    is_told_of,
)
from quantgraph.services.comparing import Comparer
from quantgraph.services.order_rows import external_id
from quantgraph.services.outcomes import Outcomes
from quantgraph.services.suspicions import LOST, Alarm, alarm_log
from quantgraph.services.workers import Workers

# Seconds until a comparison that failed is tried again.
_RETRY_S = 1.0
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FollowParts:
    """Whom to follow, and where what it says belongs.

    `comparer` folds in the terminal's lists, `check_seconds` apart; `sleep` takes real seconds.
    `changed` hears that the link changed, `linked` that it is up; `settled` says whether a whole
    comparison is enough to go on, or the terminal may list more. `taken` hears the time of each
    report when it is taken, `alarm` of accounts whose orders cannot be read.
    """

    terminal: Terminal
    accounts: Accounts
    journal: Journal
    workers: Workers
    comparer: Comparer
    check_seconds: float
    changed: Callable[[], None]
    linked: Callable[[], None]
    settled: Callable[[], bool]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    taken: Callable[[datetime], None] | None = None
    alarm: Alarm = alarm_log


class TerminalFollower:
    """Takes reports one after the other; compares with the list what they may have left out.

    A callback may be lost, or name no order, and none comes while the terminal is away: only its
    own list of the day tells then. Orders are found in it by our tag and by nothing else.
    """

    def __init__(self, parts: FollowParts, outcomes: Outcomes) -> None:
        """Fold into `outcomes`; call `start` in the running loop."""
        self._parts = parts
        self._outcomes = outcomes
        self._tasks: list[asyncio.Task[None]] = []
        self._due = asyncio.Event()
        # Accounts to compare next; None: all of them.
        self._asked: set[str] | None = None
        self.connected = True
        self.compared = True
        self.last_report: datetime | None = None

    def start(self, *, compared: bool) -> None:
        """Begin to take reports, and to compare; at once where that was not done before."""
        self.compared = compared
        if not compared:
            self._due.set()
        self._parts.linked()
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._check())]

    @property
    def running(self) -> bool:
        """Whether reports are being taken."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def close(self) -> None:
        """Stop both."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def check_soon(self, account_id: str) -> None:
        """Compare an account as soon as possible: something was said that the list explains."""
        if self._asked is not None:
            self._asked.add(account_id)
        self._due.set()

    def check_all(self) -> None:
        """Compare every account as soon as possible."""
        self._asked = None
        self._due.set()

    def start_over(self) -> None:
        """Look at every account next time: the journal is another one."""
        self._asked = None
        self._parts.comparer.forget()

    async def _follow(self) -> None:
        async with aclosing(self._parts.terminal.reports()) as events:
            async for event in events:
                if isinstance(event, LinkChange):
                    self._relink(event)
                elif isinstance(event, Checkpoint):
                    event.reached()
                elif isinstance(event, StrangeStatus):
                    self._parts.alarm(event.account_id, HaltCause.UNLISTED_STATUS, event.text)
                else:
                    await self._take(event)

    def _relink(self, change: LinkChange) -> None:
        if change.connected is self.connected:
            return
        _logger.warning("terminal_link_changed", connected=change.connected)
        self.connected = change.connected
        # What happened meanwhile was not reported: orders are refused until it is known.
        self.compared, self._asked = False, None
        if change.connected:
            self._parts.linked()
            self._due.set()
        self._parts.changed()

    async def _take(self, report: ExecutionReport) -> None:
        self.last_report = report.time
        if self._parts.taken is not None:
            self._parts.taken(report.time)
        order_id = await self._whose(report)
        if order_id is None:
            _logger.info("report_of_an_unknown_order", state=report.state)
            self.check_soon(report.account_id)
            return
        order = await self._apply(order_id, report)
        if order is not None and report.state is OrderState.UNKNOWN and not order.state.final:
            self.check_soon(order.account_id)

    async def _whose(self, report: ExecutionReport) -> str | None:
        """Return the id of the order that a report is about, None where the list has to tell.

        Ours is found by its tag and by nothing else, whatever the broker's id says.
        """
        broker, known = report.broker_order_id, self._outcomes.told_of(report)
        if known is not None:
            return known
        stranger = None if broker is None else external_id(broker)
        if stranger is not None and self._outcomes.known(stranger):
            return stranger
        parts = self._parts
        try:
            return await parts.workers.run(self._recorded, report, stranger)
        except GatewayError as error:
            # The list tells it again; no failure may end the reading of reports.
            _logger.warning("report_not_placed", code=error.reason)
            return None

    def _recorded(self, report: ExecutionReport, stranger: str | None) -> str | None:
        journal, account, tag = self._parts.journal, report.account_id, report.tag
        rows = () if tag is None else journal.tagged(account, [tag])
        ours = [each for each in rows if each.origin is Origin.OURS]
        found = [each for each in ours if is_told_of(each, report)]
        if found:
            # Concluded from silence: the list is asked, which raises the alarm.
            return None if found[0].reject_code in LOST else found[0].id
        order = None if stranger is None else journal.find(OrderKey(account, stranger))
        return None if order is None else order.id

    async def _apply(self, order_id: str, report: ExecutionReport) -> Order | None:
        try:
            return await self._outcomes.apply(order_id, report)
        except GatewayError as error:
            _logger.exception("report_not_recorded", code=error.reason, order=order_id)
            return None

    async def _check(self) -> None:
        """Compare when it is due, and from time to time though nothing was said."""
        while True:
            if not await self._wait(_RETRY_S if self._unfinished else self._parts.check_seconds):
                self._asked = None
            self._due.clear()
            if self.connected:
                await self._compare()

    @property
    def _unfinished(self) -> bool:
        return self.connected and not self.compared

    async def _wait(self, seconds: float) -> bool:
        """Return whether a comparison became due before so many seconds were over."""
        due = asyncio.ensure_future(self._due.wait())
        pause = asyncio.ensure_future(self._parts.sleep(seconds))
        try:
            await asyncio.wait((due, pause), return_when=asyncio.FIRST_COMPLETED)
            return due.done()
        finally:
            due.cancel()
            pause.cancel()

    async def _compare(self) -> None:
        """Fold the terminal's lists into the orders of those accounts that were asked for."""
        asked, self._asked = self._asked, set[str]()
        try:
            for account_id in await self._accounts() if asked is None else sorted(asked):
                await self._parts.comparer.compare(account_id)
        except Exception as error:
            # Whatever it is, it is tried again: without the list nothing can be concluded.
            self._asked = None
            _logger.warning("orders_not_compared", error=type(error).__name__)
            return
        if asked is None and not self.compared and self._whole():
            if not self._parts.settled():
                self._asked = None
                return
            self.compared = True
            self._parts.changed()

    def _whole(self) -> bool:
        """Return whether what was just compared is all: the link held, the journal is the same."""
        return self.connected and self._asked is not None

    async def _accounts(self) -> list[str]:
        return [each.id for each in await self._parts.accounts.accounts()]
