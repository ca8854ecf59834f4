"""One side of the shadow: at each price the orders that wait, oldest first."""

from collections.abc import Iterable
from typing import Final

from quantgraph.backends.sim.depth import Rungs
from quantgraph.domain.orders import Side

_BUY: Final = Side.BUY  # an enum's members are looked up in its class


class Queues:
    """Open shares by price and order key. A dozen prices: their best is searched, not kept."""

    def __init__(self, side: Side) -> None:
        """Begin without orders."""
        self.side = side
        self._pick = max if side is Side.BUY else min
        # the display that was reached last, while nothing has changed since
        self.shown: Rungs | None = None
        self._orders: dict[int, list[tuple[int, int]]] = {}
        self._totals: dict[int, int] = {}

    def __len__(self) -> int:
        """Return at how many prices anybody waits."""
        return len(self._orders)

    @property
    def best(self) -> int | None:
        """Return the price that trades first."""
        return self._pick(self._orders, default=None)

    def total(self, price: int) -> int:
        """Return the shares that wait at a price."""
        return self._totals.get(price, 0)

    def lacks(self, rungs: Rungs) -> list[tuple[int, int]]:
        """Return where a display differs: its price, and how many shares more it shows."""
        totals = self._totals
        return [
            (rung.price, more)
            for rung in rungs
            if (more := rung.quantity - totals.get(rung.price, 0))
        ]

    def add(self, price: int, key: int, quantity: int) -> None:
        """Let an order wait behind all others at its price."""
        self.shown = None
        self._orders.setdefault(price, []).append((key, quantity))
        self._totals[price] = self._totals.get(price, 0) + quantity

    def consume(self, price: int, quantity: int) -> list[int]:
        """Trade with the oldest first; return the keys of those that were taken whole."""
        queue, self.shown = self._orders[price], None
        self._totals[price] -= quantity
        gone: list[int] = []
        while quantity:
            key, waiting = queue[0]
            if waiting > quantity:
                queue[0] = key, waiting - quantity
                break
            quantity -= waiting
            gone.append(key)
            del queue[0]
        if not queue:
            del self._orders[price], self._totals[price]
        return gone

    def match(self, price: int, quantity: int) -> list[int]:
        """Trade at an auction's price, best prices first, as far as there are orders."""
        gone: list[int] = []
        while quantity and (best := self.best) is not None and not self._beyond(best, price):
            part = min(quantity, self._totals[best])
            gone += self.consume(best, part)
            quantity -= part
        return gone

    def shorten(self, price: int, quantity: int) -> tuple[list[int], tuple[int, int] | None]:
        """Let the newest leave until the level has lost as much, which is less than all.

        Return their keys, and the key of one that lost only some shares, with these.
        """
        self.shown = None
        queue, keys, left = self._orders[price], list[int](), quantity
        self._totals[price] -= quantity
        while left:
            key, waiting = queue[-1]
            if waiting > left:
                queue[-1] = key, waiting - left
                return keys, (key, left)
            queue.pop()
            left -= waiting
            keys.append(key)
        return keys, None

    def take_better(self, price: int) -> list[int]:
        """Let all leave who would trade before those at a price; return their keys."""
        if not self._orders or not self._beyond(price, self._pick(self._orders)):
            return []
        return self._take([each for each in self._orders if self._beyond(price, each)])

    def take_reached(self, price: int) -> list[int]:
        """Let all leave who would trade with a newcomer at a price; return their keys."""
        if not self._orders or self._beyond(self._pick(self._orders), price):
            return []
        return self._take([each for each in self._orders if not self._beyond(each, price)])

    def take_absent(self, prices: Iterable[int]) -> list[int]:
        """Let all leave but those at some prices; return their keys."""
        kept = set(prices)
        return self._take([each for each in self._orders if each not in kept])

    def dump(self) -> list[list[int]]:
        """Return price, key and shares of every order, oldest first at each price."""
        return [[price, *order] for price, queue in self._orders.items() for order in queue]

    @classmethod
    def load(cls, side: Side, rows: Iterable[Iterable[int]]) -> "Queues":
        """Return the queues that were dumped."""
        made = cls(side)
        for price, key, quantity in rows:
            made.add(price, key, quantity)
        return made

    def _beyond(self, price: int, limit: int) -> bool:
        """Return whether a price is worse for whoever trades with this side than a limit."""
        return price < limit if self.side is _BUY else price > limit

    def _take(self, prices: Iterable[int]) -> list[int]:
        keys: list[int] = []
        self.shown = None
        for price in prices:
            keys += [key for key, _ in self._orders.pop(price)]
            del self._totals[price]
        return keys
