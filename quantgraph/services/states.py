"""Counts the states that orders come into, before whoever else hears of what was recorded."""

from collections import Counter

from quantgraph.domain.journal import Entry, Recorded
from quantgraph.domain.orders import OrderState
from quantgraph.services.desk import OrderLedger


class CountedStates:
    """Implements `OrderLedger` over another one."""

    def __init__(self, inner: OrderLedger, counts: Counter[OrderState]) -> None:
        """Count into `counts`, and hand everything on."""
        self._inner = inner
        self._counts = counts

    def heard(self, entry: Entry, recorded: Recorded) -> None:
        """Count what is news."""
        if recorded.new:
            self._counts[recorded.order.state] += 1
        self._inner.heard(entry, recorded)

    def forget(self) -> None:
        """Have the other one begin anew; what happened stays counted."""
        self._inner.forget()
