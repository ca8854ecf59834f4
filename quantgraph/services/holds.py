"""What was let through and is not journalled yet, and what open orders may still trade."""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal

from quantgraph.domain.orders import Side

_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Line:
    """Shares that may still trade, and the worst price they may reach, None where nobody asked.

    `untold`: of an earlier day, and nobody tells what became of it. It takes no shares any more.
    """

    symbol: str
    side: Side
    quantity: int
    price: Decimal | None
    untold: bool = False

    @property
    def value(self) -> Decimal:
        """Quantity times price, in yuan."""
        return _ZERO if self.price is None else self.price * self.quantity


@dataclass(slots=True)
class Hold:
    """A submit that has been let through: its exposure counts from here on.

    `over` is set once it is journalled or given up.
    """

    key: str
    line: Line
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class ActHold:
    """A cancel or an approval that was let through; `journalled` once it counts for good."""

    order_id: str
    journalled: bool = False
