"""What the day's executions add up to: the terminal tells each by itself, and some twice."""

import threading
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from quantgraph.domain.calendar import day_of, to_ms
from quantgraph.domain.orders import Fill, OrderState

_AVERAGE = Decimal("0.0001")


@dataclass(slots=True)
class _Line:
    quantity: int | None = None
    final: bool = False
    trades: set[str] = field(default_factory=set[str])
    filled: int = 0
    amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Totals:
    """An order after an execution, as far as executions tell."""

    state: OrderState
    filled: int
    average: Decimal


class TradeBook:
    """Orders of one day by account and name; callbacks and answers write into it, so it locks."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = threading.Lock()
        self._day: date | None = None
        self._lines: dict[tuple[str, str], _Line] = {}

    def know(self, account_id: str, name: str, quantity: int, *, final: bool) -> None:
        """Learn how large an order is, and whether it has ended."""
        with self._lock:
            line = self._lines.setdefault((account_id, name), _Line())
            line.quantity, line.final = quantity, line.final or final

    def add(self, fill: Fill, name: str) -> Totals | None:
        """Add an execution; None of one that was told before."""
        with self._lock:
            self._turn(day_of(to_ms(fill.time)))
            line = self._lines.setdefault((fill.account_id, name), _Line())
            if fill.id in line.trades:
                return None
            line.trades.add(fill.id)
            line.filled += fill.quantity
            line.amount += fill.price * fill.quantity
            whole = line.quantity is not None and line.filled >= line.quantity
            state = OrderState.FILLED if whole else OrderState.PARTIALLY_FILLED
            average = (line.amount / line.filled).quantize(_AVERAGE, ROUND_HALF_UP)
            return Totals(state, line.filled, average)

    def open(self, account_id: str, day: date) -> frozenset[str]:
        """Return the names of an account's orders that were seen on a day and have not ended."""
        with self._lock:
            self._turn(day)
            return frozenset(
                name
                for (account, name), line in self._lines.items()
                if account == account_id and line.quantity is not None and not line.final
            )

    def _turn(self, day: date) -> None:
        if day != self._day:
            self._day = day
            stem = f"{day:%Y%m%d}-"
            self._lines = {
                key: each for key, each in self._lines.items() if key[1].startswith(stem)
            }
