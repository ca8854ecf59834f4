"""What became of orders: the terminal's reports folded into the journal, each change once."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from weakref import WeakValueDictionary

from quantgraph.domain.access import Actor
from quantgraph.domain.journal import Intent, Outcome, Recorded
from quantgraph.domain.orders import Order, Origin
from quantgraph.domain.terminal import ExecutionReport, is_told_of
from quantgraph.domain.transitions import is_news
from quantgraph.services.failpoints import reach
from quantgraph.services.recorder import Recorder


class Outcomes:
    """Records what is news of an order, in the order in which it is told."""

    def __init__(self, recorder: Recorder, announce: Callable[[str], None]) -> None:
        """Write through `recorder`; `announce` hears the account of every change."""
        self._recorder = recorder
        self._announce = announce
        # Of orders that are just being changed: a lock goes with the last who holds or awaits it.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # Open orders as last recorded: what is no news of them needs no question to the file.
        self._recorded: dict[str, Order] = {}
        self._tagged: dict[tuple[str, str], str] = {}

    def hold(self, order: Order) -> None:
        """Keep an open order at hand as it is recorded, before anything is told of it."""
        self._recorded[order.id] = order
        if order.tag is not None and order.origin is Origin.OURS:
            self._tagged[order.account_id, order.tag] = order.id

    def told_of(self, report: ExecutionReport) -> str | None:
        """Return the id of our open order that a report is about, None where none is known."""
        place = (report.account_id, report.tag or "")
        order = self._recorded.get(self._tagged.get(place, ""))
        return order.id if order is not None and is_told_of(order, report) else None

    async def adopt(self, order: Order) -> Recorded:
        """Record an order that somebody else placed, once; return it as it is recorded."""
        recorded = await self._recorder.record(Intent(order, ""))
        if recorded.new:
            self._announce(order.account_id)
        if not recorded.order.state.final:
            self.hold(recorded.order)
        return recorded

    def held(self, account_id: str, order_id: str | None, tag: str) -> Order | None:
        """Return an open order of an account by its id, or ours by its tag, as last recorded."""
        order = self._recorded.get(order_id or self._tagged.get((account_id, tag), ""))
        return order if order is not None and order.account_id == account_id else None

    def known(self, order_id: str) -> bool:
        """Return whether an order is open as far as this run knows."""
        return order_id in self._recorded

    async def apply(
        self, order_id: str, report: ExecutionReport, actor: Actor | None = None
    ) -> Order:
        """Fold a report into an order and record the change, if it is one; `actor` decided it.

        Errors: ORDER_NOT_FOUND for an order that was never journalled.
        """
        order = self._recorded.get(order_id)
        if order is not None and order_id not in self._locks and not is_news(order, report):
            return order  # as nearly every row of a long list: nobody else is at it
        lock = self._locks.setdefault(order_id, asyncio.Lock())
        async with lock:
            order = self._recorded.get(order_id)
            if order is None or is_news(order, report):
                order = await self._record(Outcome(order_id, report, actor))
        if order.state.final:
            self._recorded.pop(order_id, None)
            if order.origin is Origin.OURS:
                self._tagged.pop((order.account_id, order.tag or ""), None)
        return order

    def forget(self) -> None:
        """Trust the file alone from now on: its log was begun anew."""
        self._recorded.clear()
        self._tagged.clear()

    async def _record(self, outcome: Outcome) -> Order:
        fill = outcome.report.fill
        if fill is not None:
            report = replace(outcome.report, fill=replace(fill, order_id=outcome.order_id))
            outcome = replace(outcome, report=report)
        recorded = await self._recorder.record(outcome)
        order = recorded.order
        self.hold(order)
        if recorded.new:
            reach("before_publish")
            self._announce(order.account_id)
        return order
