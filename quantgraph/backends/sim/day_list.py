"""The simulated terminal's own list of the day's orders, as its reports tell them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from quantgraph.domain.calendar import day_of, to_ms
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import Fill, Order, OrderState, PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport, ListedOrder

_FILLS = TypeAdapter(tuple[Fill, ...])
_PLAIN = (
    "tag",
    "broker_order_id",
    "account_id",
    "symbol",
    "quantity",
    "filled_quantity",
    "strategy",
)


class DayList:
    """Orders by broker order id. What nobody was told stands here all the same."""

    def __init__(self) -> None:
        """Begin empty."""
        self._orders: dict[str, ListedOrder] = {}

    def of(self, account_id: str) -> Sequence[ListedOrder]:
        """Return an account's orders, oldest first."""
        return [each for each in self._orders.values() if each.account_id == account_id]

    def add(self, order: Order, broker_id: str) -> None:
        """List an order that was taken."""
        self._orders[broker_id] = ListedOrder(
            tag=order.tag,
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
            price_type=order.price_type,
            placed_at=order.created_at,
        )

    def note(self, report: ExecutionReport) -> None:
        """Write a report into its order's row."""
        row = self._orders.get(report.broker_order_id or "")
        if row is None:
            return
        self._orders[row.broker_order_id] = replace(
            row,
            state=report.state,
            filled_quantity=report.filled_quantity,
            average_price=report.average_price,
            time=report.time,
            fills=row.fills if report.fill is None else (*row.fills, report.fill),
            refusal=report.refusal,
        )

    def roll(self, ended: date) -> None:
        """Begin a day: what had ended goes, but what the day that ended let expire.

        At its close nobody may have been told, and this list is all that is left to tell them.
        """
        self._orders = {name: row for name, row in self._orders.items() if _stays(row, ended)}

    def dump(self) -> list[dict[str, Any]]:
        """Return the rows as values that JSON has."""
        return [_plain(each) for each in self._orders.values()]

    @classmethod
    def load(cls, rows: Sequence[Mapping[str, Any]]) -> "DayList":
        """Return the list that was dumped."""
        made = cls()
        made._orders = {row["broker_order_id"]: _listed(row) for row in rows}
        return made


def _stays(row: ListedOrder, ended: date) -> bool:
    expired = row.state is OrderState.EXPIRED and day_of(to_ms(row.time)) == ended
    return expired or not row.state.final


def _plain(row: ListedOrder) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        "side": row.side.value,
        "state": row.state.value,
        "limit_price": None if row.limit_price is None else str(row.limit_price),
        "average_price": None if row.average_price is None else str(row.average_price),
        "time": row.time.isoformat(),
        "price_type": row.price_type.value,
        "placed_at": None if row.placed_at is None else row.placed_at.isoformat(),
        "fills": _FILLS.dump_python(row.fills, mode="json"),
        "refusal": None if row.refusal is None else _words(row.refusal),
    }


def _words(refusal: OrderRefused) -> dict[str, Any]:
    words = {"message": refusal.message, "zh": refusal.message_zh}
    return {"reason": refusal.reason.value, **words, "details": dict(refusal.details)}


def _refused(words: Mapping[str, Any] | None) -> OrderRefused | None:
    if words is None:
        return None
    reason, message, zh = Reason(words["reason"]), words["message"], words["zh"]
    return OrderRefused(reason, message, zh=zh, details=words["details"])


def _listed(row: Mapping[str, Any]) -> ListedOrder:
    limit, average, placed = row["limit_price"], row["average_price"], row["placed_at"]
    return ListedOrder(
        **{name: row[name] for name in _PLAIN},
        side=Side(row["side"]),
        state=OrderState(row["state"]),
        limit_price=None if limit is None else Decimal(limit),
        average_price=None if average is None else Decimal(average),
        time=datetime.fromisoformat(row["time"]),
        price_type=PriceType(row["price_type"]),
        placed_at=None if placed is None else datetime.fromisoformat(placed),
        fills=_FILLS.validate_python(row["fills"]),
        refusal=_refused(row["refusal"]),
    )
