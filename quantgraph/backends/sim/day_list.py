"""The simulated terminal's own list of the day's orders, as its reports tell them."""

from collections.abc import Sequence
from dataclasses import replace

from quantgraph.domain.orders import Order, OrderState
from quantgraph.domain.terminal import ExecutionReport, ListedOrder


class DayList:
    """Orders by the tag they came with. What nobody was told stands here all the same."""

    def __init__(self) -> None:
        """Begin empty."""
        self._orders: dict[str, ListedOrder] = {}

    def of(self, account_id: str) -> Sequence[ListedOrder]:
        """Return an account's orders, oldest first."""
        return [each for each in self._orders.values() if each.account_id == account_id]

    def add(self, order: Order, broker_id: str) -> None:
        """List an order that was taken."""
        self._orders[order.id] = ListedOrder(
            tag=order.id,
            broker_order_id=broker_id,
            account_id=order.account_id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            limit_price=order.limit_price,
            state=OrderState.SENT,
            filled_quantity=0,
            average_price=None,
            time=order.created_at,
            strategy=order.strategy,
        )

    def note(self, report: ExecutionReport) -> None:
        """Write a report into its order's row."""
        row = self._orders.get(report.order_id)
        if row is None:
            return
        self._orders[report.order_id] = replace(
            row,
            state=report.state,
            filled_quantity=report.filled_quantity,
            average_price=report.average_price,
            time=report.time,
            fills=row.fills if report.fill is None else (*row.fills, report.fill),
            refusal=report.refusal,
        )

    def roll(self) -> None:
        """Begin a day: what had ended goes; what ends by it stays, for those who were not told."""
        open_ = {tag: each for tag, each in self._orders.items() if not each.state.final}
        self._orders = open_
