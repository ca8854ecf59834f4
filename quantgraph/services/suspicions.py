"""What the terminal lists and nobody can explain: said in the log, and raised as an alarm."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

import structlog

from quantgraph.domain.controls import HaltCause
from quantgraph.domain.journal import Cut
from quantgraph.domain.orders import Order
from quantgraph.domain.reasons import Reason
from quantgraph.domain.tags import is_tag
from quantgraph.domain.terminal import ListedOrder
from quantgraph.services.order_rows import external_id

# Hears of an account whose orders cannot be trusted: why, and in words. Returns the work of writing
# it down, where there is any.
Alarm: TypeAlias = "Callable[[str, HaltCause, str], asyncio.Task[Any] | None]"
# Codes of orders that ended because nobody told of them.
LOST = frozenset({Reason.NOT_AT_TERMINAL.value, Reason.WRITTEN_OFF.value})
_logger = structlog.get_logger(__name__)


def alarm_log(account_id: str, cause: HaltCause, text: str) -> None:
    """Tell the log, where nobody else listens."""
    _logger.error("orders_not_trusted", account=account_id, cause=cause, text=text)


class Suspicions:
    """Raises each alarm once: when somebody has seen to it, the day's list goes on to show it."""

    def __init__(self, alarm: Alarm, cut: Callable[[], Cut | None]) -> None:
        """Tell `alarm`; `cut` says what the journal lacks."""
        self._alarm = alarm
        self._cut = cut
        self._raised: set[tuple[str, str | None]] = set()

    def forget(self) -> None:
        """Raise every alarm again: the journal is another one."""
        self._raised.clear()

    async def foreign(self, order: Order, row: ListedOrder) -> None:
        """Hear of somebody else's order that bears the tag of ours, before it is recorded.

        Returns when the alarm is written down, or its disk did not take it: a row that is recorded
        is not told of again, not even after a restart.
        """
        text = (
            f"The terminal lists order {row.broker_order_id} with the tag {row.tag} of order "
            f"{order.id}, which it is not: {row.side} {row.quantity} {row.symbol}. It is shown as "
            f"{external_id(row.broker_order_id)}; find out who places orders under our tags."
        )
        if self._first(row.account_id, row.broker_order_id):
            _logger.error("tag_of_ours_on_another", order_id=order.id, broker=row.broker_order_id)
            written = self._alarm(order.account_id, HaltCause.FOREIGN_TAG, text)
            if written is not None:
                await asyncio.wait((written,))

    def twice(self, order: Order, count: int) -> None:
        """Hear of several orders under one tag: nobody may guess which of them is ours."""
        text = (
            f"The terminal lists {count} orders with the tag {order.tag} of order {order.id}. "
            "Compare them in the terminal, and cancel what should not be there."
        )
        if self._first(order.account_id, order.tag):
            _logger.error("order_listed_twice", order_id=order.id, count=count)
            self._alarm(order.account_id, HaltCause.DUPLICATE_TAG, text)

    def back(self, order: Order, row: ListedOrder) -> None:
        """Hear of an order with its row; it may have been told as never there."""
        if order.reject_code not in LOST:
            return
        text = (
            f"Order {order.id} was told as {order.state} ({order.reject_code}) because the "
            f"terminal did not list it; now it does, as {row.state}. Whoever acted on the first "
            "answer has to be told."
        )
        _logger.error("order_came_back", order_id=order.id, state=row.state)
        self._alarm(order.account_id, HaltCause.REOPENED_ORDER, text)

    def stranger(self, row: ListedOrder) -> None:
        """Hear of an order that no journal knows: it may be one of those that a cut one lost."""
        cut = self._cut()
        placed = row.placed_at or row.time
        if cut is None or not is_tag(row.tag) or placed > cut.time:
            return
        text = (
            f"The terminal lists order {row.broker_order_id} ({row.side} {row.quantity} "
            f"{row.symbol}) under the tag {row.tag}, and the journal, which was cut, has none of "
            f"it. It is shown as {external_id(row.broker_order_id)}; if its key is used again it "
            "is not sent again. Tell whoever placed it."
        )
        _logger.error("order_lost_by_the_journal", broker=row.broker_order_id, tag=row.tag)
        self._alarm(row.account_id, HaltCause.JOURNAL_CUT, text)

    def _first(self, account_id: str, name: str | None) -> bool:
        place = account_id, name
        known = place in self._raised
        self._raised.add(place)
        return not known
