"""One symbol's book: what the market displays, and our orders waiting behind it.

Whole numbers only, no clock and no chance: the same calls give the same trades. Prices in ticks,
quantities in shares.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from quantgraph.backends.sim.depth import Display
from quantgraph.domain.orders import Side


@dataclass(frozen=True, slots=True)
class Trade:
    """One execution of one of our orders."""

    order_id: str
    price: int
    quantity: int


@dataclass(slots=True)
class Waiting:
    """One of our orders. `number` is its place in time."""

    order_id: str
    side: Side
    limit: int
    open: int
    number: int = 0


@dataclass(slots=True)
class _Level:
    price: int
    left: int


class OrderBook:
    """Matches our orders with displayed size, best price first, then first come first served."""

    def __init__(self) -> None:
        """Start empty: nothing is displayed yet."""
        self._shown_at = -1
        self._displayed: dict[Side, list[_Level]] = {Side.BUY: [], Side.SELL: []}
        # Best first, always: who is filled whole is then a beginning of the queue.
        self._waiting: dict[Side, list[Waiting]] = {Side.BUY: [], Side.SELL: []}
        self._by_id: dict[str, Waiting] = {}
        self._count = 0

    def __len__(self) -> int:
        """Return how many orders wait."""
        return len(self._by_id)

    def expects(self, at_ms: int) -> bool:
        """Return whether a quote is newer than all that were shown."""
        return at_ms > self._shown_at

    def show(self, display: Display, at_ms: int) -> list[Trade]:
        """Display a newer quote, and fill what waits and is now reached.

        A waiting order was there first, so it trades at its own limit. A quote that was shown
        before changes nothing: size that was taken from it does not come back.
        """
        if not self.expects(at_ms):
            return []
        self._shown_at = at_ms
        self._displayed = {
            Side.BUY: [_Level(rung.price, rung.quantity) for rung in display.bids],
            Side.SELL: [_Level(rung.price, rung.quantity) for rung in display.asks],
        }
        trades: list[Trade] = []
        for side in (Side.BUY, Side.SELL):
            for order in self._waiting[side]:
                trades += self._take_displayed(order, at_limit=True)
                if order.open:
                    break  # it left nothing within its limit, and those behind reach no further
            self._sweep(side)
        return trades

    def enter(self, order: Waiting) -> list[Trade]:
        """Match a new order at the prices it finds; what is left waits at its limit."""
        self._count += 1
        order.number = self._count
        trades: list[Trade] = []
        for rival in self._rivals(order):
            # Displayed size is older than ours at the same price, so it goes first.
            trades += self._take_displayed(order, until=rival.limit)
            trades += _cross(order, rival)
            if not order.open:
                break
        trades += self._take_displayed(order)
        self._sweep(_opposite(order.side))
        if order.open:
            insort(self._waiting[order.side], order, key=_priority)
            self._by_id[order.order_id] = order
        return trades

    def remove(self, order_id: str) -> int:
        """Take a waiting order out and return the shares that were still open, 0 if none."""
        order = self._by_id.pop(order_id, None)
        if order is None:
            return 0
        queue = self._waiting[order.side]
        del queue[bisect_left(queue, _priority(order), key=_priority)]
        return order.open

    def _rivals(self, order: Waiting) -> Iterator[Waiting]:
        """Yield our own orders on the other side that the new one reaches, best first."""
        for rival in self._waiting[_opposite(order.side)]:
            if not _reaches(order.side, order.limit, rival.limit):
                return
            yield rival

    def _take_displayed(
        self, order: Waiting, *, until: int | None = None, at_limit: bool = False
    ) -> list[Trade]:
        """Take displayed size as far as the limit, and not beyond the price `until`."""
        trades: list[Trade] = []
        for level in self._displayed[_opposite(order.side)]:
            beyond = until is not None and not _reaches(order.side, until, level.price)
            if order.open == 0 or beyond or not _reaches(order.side, order.limit, level.price):
                break
            quantity = min(order.open, level.left)
            if quantity:
                level.left -= quantity
                order.open -= quantity
                price = order.limit if at_limit else level.price
                trades.append(Trade(order.order_id, price, quantity))
        return trades

    def _sweep(self, side: Side) -> None:
        """Forget the orders at the head of a queue that were filled whole."""
        queue, filled = self._waiting[side], 0
        while filled < len(queue) and not queue[filled].open:
            del self._by_id[queue[filled].order_id]
            filled += 1
        del queue[:filled]


def _cross(order: Waiting, rival: Waiting) -> Iterable[Trade]:
    """Trade two of our own orders with each other, at the price of the one that waited."""
    quantity = min(order.open, rival.open)
    order.open -= quantity
    rival.open -= quantity
    return [Trade(each.order_id, rival.limit, quantity) for each in (rival, order) if quantity]


def _reaches(side: Side, limit: int, price: int) -> bool:
    return price <= limit if side is Side.BUY else price >= limit


def _opposite(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY


def _priority(order: Waiting) -> tuple[int, int]:
    return (-order.limit if order.side is Side.BUY else order.limit, order.number)
