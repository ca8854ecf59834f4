"""Keeps recorded orders in step with the terminal: its reports, its link, its own list."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

import structlog

from quantgraph.domain.errors import GatewayError
from quantgraph.domain.journal import Journal
from quantgraph.domain.orders import Order, OrderState
from quantgraph.domain.ports.trading import Accounts, Terminal
from quantgraph.domain.terminal import Checkpoint, ExecutionReport, LinkChange, ListedOrder
from quantgraph.services.outcomes import Outcomes
from quantgraph.services.workers import Workers

# Seconds until a comparison that failed is tried again.
_RETRY_S = 1.0
# Of the orders that are open at a time; a fill beyond these is offered again, which is no news.
_MOST_FILLS = 100_000
_AVERAGE = Decimal("0.0001")
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FollowParts:
    """Whom to follow, and where what it says belongs.

    `check_seconds`: between two comparisons with the terminal's list; `answer_seconds`: for that
    list to come. `sleep` takes real seconds. `changed` hears that the link changed.
    """

    terminal: Terminal
    accounts: Accounts
    journal: Journal
    workers: Workers
    check_seconds: float
    answer_seconds: float
    changed: Callable[[], None]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


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
        self._every_account = True
        self.connected = True
        self.compared = True
        self.last_report: datetime | None = None

    def start(self) -> None:
        """Begin to take reports, and to compare."""
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

    def check_soon(self) -> None:
        """Compare as soon as possible: something was said that the list explains."""
        self._due.set()

    def start_over(self) -> None:
        """Look at every account next time: the journal is another one."""
        self._every_account = True

    async def _follow(self) -> None:
        async with aclosing(self._parts.terminal.reports()) as events:
            async for event in events:
                if isinstance(event, LinkChange):
                    self._relink(event)
                elif isinstance(event, Checkpoint):
                    event.reached()
                else:
                    await self._take(event)

    def _relink(self, change: LinkChange) -> None:
        if change.connected is self.connected:
            return
        _logger.warning("terminal_link_changed", connected=change.connected)
        self.connected = change.connected
        # What happened meanwhile was not reported: orders are refused until it is known.
        self.compared, self._every_account = False, True
        if change.connected:
            self._due.set()
        self._parts.changed()

    async def _take(self, report: ExecutionReport) -> None:
        self.last_report = report.time
        order_id = await self._whose(report)
        if order_id is None:
            _logger.warning("report_names_no_order_of_ours", state=report.state)
            self._due.set()
            return
        order = await self._apply(order_id, report)
        if order is not None and report.state is OrderState.UNKNOWN and not order.state.final:
            self._due.set()

    async def _whose(self, report: ExecutionReport) -> str | None:
        """Return the id of our order that a report is about: its tag says so, and nothing else."""
        account, tag = report.account_id, report.tag
        if tag is None:
            return None
        known = self._outcomes.tagged(account, tag)
        if known is not None:
            return known
        parts = self._parts
        try:
            found = await parts.workers.run(parts.journal.tagged, account, [tag])
        except GatewayError as error:
            # The list tells it again; no failure may end the reading of reports.
            _logger.warning("report_not_placed", code=error.reason)
            return None
        return found[0].id if found else None

    async def _apply(self, order_id: str, report: ExecutionReport) -> Order | None:
        try:
            return await self._outcomes.apply(order_id, report)
        except GatewayError as error:
            _logger.exception("report_not_recorded", code=error.reason, order=order_id)
            return None

    async def _check(self) -> None:
        """Compare when it is due, and from time to time though nothing was said."""
        while True:
            await self._wait(_RETRY_S if self._unfinished else self._parts.check_seconds)
            self._due.clear()
            if self.connected:
                await self._compare()

    @property
    def _unfinished(self) -> bool:
        return self.connected and not self.compared

    async def _wait(self, seconds: float) -> None:
        due = asyncio.ensure_future(self._due.wait())
        pause = asyncio.ensure_future(self._parts.sleep(seconds))
        try:
            await asyncio.wait((due, pause), return_when=asyncio.FIRST_COMPLETED)
        finally:
            due.cancel()
            pause.cancel()

    async def _compare(self) -> None:
        """Fold the terminal's lists into the open orders; at first and after a break, all."""
        every, self._every_account = self._every_account, False
        try:
            for account_id in await self._accounts(every=every):
                async with asyncio.timeout(self._parts.answer_seconds):
                    await self._compare_account(account_id)
        except Exception as error:
            # Whatever it is, it is tried again: without the list nothing can be concluded.
            self._every_account |= every
            _logger.warning("orders_not_compared", error=type(error).__name__)
            return
        if self.connected and not self.compared and not self._every_account:
            self.compared = True
            self._parts.changed()

    async def _accounts(self, *, every: bool) -> Iterable[str]:
        known = self._outcomes.open_accounts
        if not every:
            return sorted(known)
        told = await self._parts.accounts.accounts()
        return sorted(known | {each.id for each in told})

    async def _compare_account(self, account_id: str) -> None:
        parts = self._parts
        ours, _ = await parts.workers.run(parts.journal.open_orders, account_id)
        if not ours:
            return
        listed = _tagged(await parts.terminal.orders_today(account_id))
        found = [(each, listed[each.tag]) for each in ours if each.tag in listed]
        known = await self._fills(account_id, [each.id for each, of in found if of.fills])
        for order, of in found:
            for report in _told(order, of, known):
                await self._apply(order.id, report)

    async def _fills(self, account_id: str, order_ids: Sequence[str]) -> frozenset[str]:
        """Return the ids of the fills that are recorded of these orders."""
        if not order_ids:
            return frozenset()
        parts = self._parts
        fills = await parts.workers.run(
            parts.journal.order_fills, account_id, order_ids, _MOST_FILLS
        )
        return frozenset(each.id for each in fills)


def _tagged(listed: Sequence[ListedOrder]) -> dict[str | None, ListedOrder]:
    """Return the list by tag, without what has none or shares one."""
    counts = Counter(each.tag for each in listed)
    for tag, count in counts.items():
        if tag is not None and count > 1:
            # One order of ours is there twice: nobody may guess which of them is meant.
            _logger.error("order_listed_twice", order=tag, count=count)
    return {each.tag: each for each in listed if each.tag is not None and counts[each.tag] == 1}


def _told(order: Order, listed: ListedOrder, known: frozenset[str]) -> list[ExecutionReport]:
    """Return what the list tells of an order as the reports that would have said so."""
    whole = ExecutionReport(
        order.tag,
        order.account_id,
        listed.state,
        listed.filled_quantity,
        listed.average_price,
        listed.time,
        refusal=listed.refusal,
        broker_order_id=listed.broker_order_id,
    )
    reports: list[ExecutionReport] = []
    filled, amount = 0, Decimal(0)
    for fill in listed.fills:
        filled, amount = filled + fill.quantity, amount + fill.amount
        if fill.id not in known:
            state = OrderState.PARTIALLY_FILLED if filled < order.quantity else OrderState.FILLED
            average = (amount / filled).quantize(_AVERAGE, ROUND_HALF_UP)
            then = replace(whole, state=state, filled_quantity=filled, average_price=average)
            reports.append(replace(then, fill=fill, refusal=None, time=fill.time))
    return [*reports, whole]
