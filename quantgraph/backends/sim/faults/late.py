"""Orders whose calls timed out, and which get to the exchange all the same, later."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter

from quantgraph.backends.sim.faults.waits import Waits
from quantgraph.backends.sim.moments import MarketClock
from quantgraph.domain.orders import Order

_ORDER = TypeAdapter(Order)


@dataclass(frozen=True, slots=True)
class LateOrder:
    """An order on its way: sent on a day, there after so many more simulated ms."""

    order: Order
    day: date
    left_ms: int


class LateOrders:
    """Lets each arrive once. Whoever holds `arriving` sees none between here and the exchange."""

    def __init__(
        self, clock: MarketClock, waits: Waits, arrive: Callable[[LateOrder], Awaitable[None]]
    ) -> None:
        """Count time by `clock`; `arrive` takes an order whose time has come."""
        self._clock = clock
        self._waits = waits
        self._arrive = arrive
        self._under_way: dict[str, tuple[LateOrder, int]] = {}
        self.arriving = asyncio.Lock()

    def send(self, late: LateOrder) -> None:
        """Let an order arrive when its time has come."""
        due = self._clock.elapsed() + late.left_ms
        self._under_way[late.order.id] = late, due
        self._waits.spawn(self._travel(late))

    def dump(self) -> list[dict[str, Any]]:
        """Return those on their way as values that JSON has."""
        now = self._clock.elapsed()
        return [
            {
                "order": _ORDER.dump_python(late.order, mode="json"),
                "day": late.day.isoformat(),
                "left_ms": max(due - now, 0),
            }
            for late, due in self._under_way.values()
        ]

    @staticmethod
    def read(rows: Iterable[Mapping[str, Any]]) -> Sequence[LateOrder]:
        """Return what was dumped, for `start_over`."""
        return [
            LateOrder(
                _ORDER.validate_python(row["order"]),
                date.fromisoformat(row["day"]),
                int(row["left_ms"]),
            )
            for row in rows
        ]

    def start_over(self, late: Iterable[LateOrder]) -> None:
        """Let these arrive and no others, whose waits somebody has cancelled."""
        self._under_way.clear()
        for each in late:
            self.send(each)

    async def _travel(self, late: LateOrder) -> None:
        await self._waits.pause(late.left_ms)
        async with self.arriving:
            try:
                await self._arrive(late)
            finally:
                self._under_way.pop(late.order.id, None)
