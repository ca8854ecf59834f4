"""What became of orders: the terminal's reports folded into the journal, each change once."""

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

from quantgraph.domain.journal import Outcome
from quantgraph.domain.orders import Order
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.domain.transitions import after_report
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

    @property
    def open_accounts(self) -> frozenset[str]:
        """The accounts of orders that are open as far as this run knows."""
        return frozenset(each.account_id for each in self._recorded.values())

    async def apply(self, report: ExecutionReport) -> Order:
        """Fold a report into its order and record the change, if it is one.

        Errors: ORDER_NOT_FOUND for an order that was never journalled.
        """
        lock = self._locks.setdefault(report.order_id, asyncio.Lock())
        async with lock:
            order = self._recorded.get(report.order_id)
            if order is None or after_report(order, report) is not None:
                order = await self._record(report)
        if order.state.final:
            self._recorded.pop(report.order_id, None)
        return order

    def forget(self) -> None:
        """Trust the file alone from now on: its log was begun anew."""
        self._recorded.clear()

    async def _record(self, report: ExecutionReport) -> Order:
        recorded = await self._recorder.record(Outcome(report))
        order = self._recorded[recorded.order.id] = recorded.order
        if recorded.new:
            self._announce(order.account_id)
        return order
