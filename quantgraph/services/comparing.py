"""The terminal's own list against ours: what was not told, what is not there, what is not ours."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from quantgraph.domain.calendar import day_of, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError, OrderRefused
from quantgraph.domain.journal import Journal
from quantgraph.domain.orders import Destination, Order, OrderKey, OrderState, Origin
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport, ListedOrder, is_row_of
from quantgraph.domain.transitions import unconfirmed
from quantgraph.services.order_rows import distinct, external, external_id, signed, told
from quantgraph.services.outcomes import Outcomes
from quantgraph.services.settling import Settling
from quantgraph.services.slices import sliced
from quantgraph.services.suspicions import Alarm, Suspicions
from quantgraph.services.workers import Workers

# Of the orders that are open at a time; a fill beyond these is offered again, which is no news.
_MOST_FILLS = 100_000
# Orders of one question to the journal, and those that one comparison asks the terminal for.
_PART = 500
_SOUGHT = 32
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CompareParts:
    """Whose list, whose journal, what time it is, and how long an order may be missing.

    `answer_seconds`: for the terminal to answer one question.
    """

    terminal: Terminal
    journal: Journal
    workers: Workers
    clock: Clock
    settling: Settling
    destination: Destination
    alarm: Alarm
    answer_seconds: float


class Comparer:
    """Folds an account's list into its orders. Ours are found in it by tag and by nothing else."""

    def __init__(self, parts: CompareParts, outcomes: Outcomes) -> None:
        """Fold into `outcomes`."""
        self._parts = parts
        self._outcomes = outcomes
        # Rows of ended orders that were folded already, per account: a list is long at night.
        self._seen: dict[str, frozenset[tuple[object, ...]]] = {}
        self._suspicions = Suspicions(parts.alarm, lambda: parts.journal.cut)
        # Orders of earlier days that the last comparison did not find, per account.
        self._gone: dict[str, frozenset[str]] = {}

    def forget(self) -> None:
        """Look at every row again: the journal is another one."""
        self._seen.clear()
        self._suspicions.forget()
        self._gone.clear()

    async def compare(self, account_id: str) -> None:
        """Ask for what is in doubt, then for the list, and fold in what they say.

        Errors: those of the terminal; then nothing is concluded.
        """
        parts = self._parts
        ours, _ = await parts.workers.run(parts.journal.open_orders, account_id)
        doubted = [each async for each in sliced(ours) if self._doubted(each)]
        today = _day(parts.clock.now())
        outlived = [each async for each in sliced(ours) if self._outlived(each, today)]
        # Judged before anything is asked: what settles meanwhile may be missing in the answers.
        ripe = {each.id for each in doubted if self._ripe(each)}
        asked = sorted(doubted, key=lambda each: each.id not in ripe)
        asked += [each for each in outlived if each.origin is Origin.OURS and not unconfirmed(each)]
        missing, rows = await self._sought(asked)
        async with asyncio.timeout(parts.answer_seconds):
            listed = await parts.terminal.orders_today(account_id)
        rows += listed
        await self._fold(account_id, ours, distinct(rows))
        for order in doubted:
            if not any(is_row_of(order, row) for row in rows):
                await self._absent(order, proven=order.id in ripe & missing)
        await self._bury(account_id, outlived, missing, rows)
        self._seen[account_id] = frozenset(signed(row) for row in listed if row.state.final)

    async def _sought(self, doubted: Sequence[Order]) -> tuple[set[str], list[ListedOrder]]:
        """Ask for orders one by one; return the ids of those that are missing, and the others."""
        missing: set[str] = set()
        found: list[ListedOrder] = []
        for order in doubted[:_SOUGHT]:
            async with asyncio.timeout(self._parts.answer_seconds):
                rows = await self._parts.terminal.find(order.account_id, order.tag or "")
            found += rows
            if not any(is_row_of(order, row) for row in rows):
                missing.add(order.id)
        return missing, found

    async def _fold(
        self, account_id: str, ours: Sequence[Order], rows: Sequence[ListedOrder]
    ) -> None:
        seen = self._seen.get(account_id, frozenset())
        fresh = [row async for row in sliced(rows) if signed(row) not in seen]
        known = await self._known(account_id, ours, fresh)
        counts = Counter([row.tag async for row in sliced(rows) if _owner(row, known)])
        pairs: list[tuple[Order, ListedOrder]] = []
        async for row in sliced(fresh):
            order = _owner(row, known)
            if order is not None and counts[row.tag] > 1:
                self._suspicions.twice(order, counts[row.tag])
                continue
            if order is None:
                await self._check_tag(row, known)
                order = known.get(external_id(row.broker_order_id)) or await self._adopt(row, ours)
            if order is not None:
                pairs.append((order, row))
        await self._tell(account_id, pairs)

    async def _known(
        self, account_id: str, ours: Sequence[Order], rows: Sequence[ListedOrder]
    ) -> Mapping[str, Order]:
        """Return our orders by tag, and those that are not ours by id: open ones, and listed."""
        known = {
            (each.tag or each.id) if each.origin is Origin.OURS else each.id: each for each in ours
        }
        tags = [row.tag for row in rows if row.tag and row.tag not in known]
        for first in range(0, len(tags), _PART):
            found = await self._parts.workers.run(
                self._parts.journal.tagged, account_id, tags[first : first + _PART]
            )
            known |= {each.tag or "": each for each in found if each.origin is Origin.OURS}
        return known

    async def _adopt(self, row: ListedOrder, ours: Sequence[Order]) -> Order | None:
        """Record an order that somebody else placed; it is never taken for one of ours."""
        if any(each.broker_order_id == row.broker_order_id for each in ours):
            # Ours, but its remark was lost: by the broker's id alone nothing is concluded.
            _logger.error("order_lost_its_tag", broker_order=row.broker_order_id)
            return None
        adopted = await self._outcomes.adopt(external(row, self._parts.destination))
        if adopted.new:
            self._suspicions.stranger(row)
        return adopted.order

    async def _check_tag(self, row: ListedOrder, known: Mapping[str, Order]) -> None:
        """Raise the alarm for a row that bears our tag, unless it was recorded, and told of."""
        order, place = known.get(row.tag or ""), external_id(row.broker_order_id)
        if order is None or place in known:
            return
        parts, key = self._parts, OrderKey(row.account_id, place)
        if await parts.workers.run(parts.journal.find, key) is None:
            await self._suspicions.foreign(order, row)

    async def _tell(self, account_id: str, pairs: Sequence[tuple[Order, ListedOrder]]) -> None:
        known = await self._fills(account_id, [order.id for order, row in pairs if row.fills])
        async for order, row in sliced(pairs):
            self._suspicions.back(order, row)
            for report in told(order, row, known):
                await self._apply(order.id, report)

    async def _absent(self, order: Order, *, proven: bool) -> None:
        """Mark what the terminal does not list: UNKNOWN, and REJECTED once that is proven."""
        state, refusal = OrderState.UNKNOWN, None
        if proven:
            state = OrderState.REJECTED
            text = f"The terminal has no order {order.id}: it was never there. Nothing was traded."
            refusal = OrderRefused(Reason.NOT_AT_TERMINAL, text, order_id=order.id)
        place = (order.tag, order.account_id, state, 0, None, self._parts.clock.now())
        await self._apply(order.id, ExecutionReport(*place, refusal=refusal))

    async def _bury(
        self,
        account_id: str,
        outlived: Sequence[Order],
        missing: Collection[str],
        rows: Sequence[ListedOrder],
    ) -> None:
        """Mark orders of earlier days that two comparisons in a row did not find.

        After the first one a report may still be on its way that tells how they ended.
        """
        names = {row.broker_order_id for row in rows}
        gone = {
            each.id: each
            for each in outlived
            if each.broker_order_id not in names
            and (each.origin is Origin.EXTERNAL or each.id in missing)
        }
        before = self._gone.get(account_id, frozenset())
        self._gone[account_id] = frozenset(gone)
        for order_id in before & gone.keys():
            await self._untold(gone[order_id])

    async def _untold(self, order: Order) -> None:
        """Mark what ended on a day that nobody tells of any more: UNKNOWN, and why."""
        text = (
            f"Order {order.id} is of an earlier day, and the terminal lists it no more. It cannot "
            "trade any longer, but what became of it was not told: see the account's statement."
        )
        refusal = OrderRefused(Reason.OUTCOME_UNTOLD, text, order_id=order.id)
        place = (order.tag, order.account_id, OrderState.UNKNOWN, 0, None, self._parts.clock.now())
        await self._apply(order.id, ExecutionReport(*place, refusal=refusal))

    def _outlived(self, order: Order, today: object) -> bool:
        """Return whether an order's day is over, and a list without it says something."""
        known = order.state is OrderState.PENDING_APPROVAL or order.reject_code is not None
        settling = self._parts.settling
        earlier = _day(order.created_at) != today
        return earlier and not known and settling.settled(order.id)

    def _doubted(self, order: Order) -> bool:
        """Return whether nobody knows if the terminal has it, and no call still asks it."""
        told = order.reject_code is not None  # that nobody will ever know
        return unconfirmed(order) and not told and not self._parts.settling.calling(order.id)

    def _ripe(self, order: Order) -> bool:
        """Return whether a list without it proves anything: it has settled, and is of today.

        What an earlier day did not tell no list of today tells: that order stays UNKNOWN.
        """
        today = _day(self._parts.clock.now())
        return _day(order.created_at) == today and self._parts.settling.settled(order.id)

    async def _fills(self, account_id: str, order_ids: Sequence[str]) -> frozenset[str]:
        """Return the ids of the fills that are recorded of these orders."""
        parts, found = self._parts, set[str]()
        for first in range(0, len(order_ids), _PART):
            part = order_ids[first : first + _PART]
            fills = await parts.workers.run(
                parts.journal.order_fills, account_id, part, _MOST_FILLS
            )
            found |= {each.id for each in fills}
        return frozenset(found)

    async def _apply(self, order_id: str, report: ExecutionReport) -> None:
        try:
            await self._outcomes.apply(order_id, report)
        except GatewayError as error:
            _logger.exception("report_not_recorded", code=error.reason, order=order_id)


def _owner(row: ListedOrder, known: Mapping[str, Order]) -> Order | None:
    """Return the order of ours that a row is: our tag alone may be anybody's remark."""
    order = known.get(row.tag or "")
    return order if order is not None and is_row_of(order, row) else None


def _day(instant: datetime) -> object:
    return day_of(to_ms(instant))
