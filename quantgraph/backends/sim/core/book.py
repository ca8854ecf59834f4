"""One symbol's orders: price levels and, in each, a queue in the order of arrival.

Both sides are kept by rank, the price of a bid and the negative price of an offer, so that more is
better on either side and one piece of code serves both.
"""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from typing import Final

from quantgraph.backends.sim.core.events import Trade
from quantgraph.backends.sim.depth import Rung
from quantgraph.domain.orders import Side

_SPARE: Final = 8  # empty levels kept of a side
_BUY: Final = Side.BUY  # an enum's members are looked up in its class


class Resting:
    """An order and the shares of it that may still trade. Plain slots: millions are made."""

    __slots__ = ("key", "open", "price", "side")

    def __init__(self, key: int, side: Side, price: int, quantity: int) -> None:
        """Begin whole: price in ticks, quantity in shares."""
        self.key = key
        self.side = side
        self.price = price
        self.open = quantity


class Level:
    """The orders at one price, first come first, and the sum of their open shares."""

    __slots__ = ("queue", "total")

    def __init__(self) -> None:
        """Begin empty."""
        self.total = 0
        # C code finds its head and drops any member in constant time; a deque or dict does not.
        self.queue: OrderedDict[int, Resting] = OrderedDict()


class Half:
    """One side of a book."""

    __slots__ = ("levels", "ranks", "sign", "spare")

    def __init__(self, sign: int) -> None:
        """Begin empty; `sign` turns a price into a rank and a rank into a price."""
        self.sign = sign
        self.ranks: list[int] = []  # ascending: the best is last, where a list is quickest
        self.levels: dict[int, Level] = {}
        # Making a queue costs more than all else that a new level takes.
        self.spare: list[Level] = []

    def add(self, order: Resting) -> None:
        """Put an order behind all that wait at its price."""
        rank = order.price * self.sign
        level = self.levels.get(rank)
        if level is None:
            level = self.levels[rank] = self.spare.pop() if self.spare else Level()
            insort(self.ranks, rank)
        level.queue[order.key] = order
        level.total += order.open

    def drop(self, order: Resting) -> None:
        """Take an order out from wherever it waits."""
        rank = order.price * self.sign
        level = self.levels[rank]
        del level.queue[order.key]
        level.total -= order.open
        if not level.queue:
            self.forget(rank)

    def forget(self, rank: int) -> None:
        """Drop a level that has become empty."""
        level = self.levels.pop(rank)
        if len(self.spare) < _SPARE:
            self.spare.append(level)
        if self.ranks[-1] == rank:
            self.ranks.pop()
        else:
            del self.ranks[bisect_left(self.ranks, rank)]

    def head(self) -> Resting:
        """Return the order that is first to trade; there is one."""
        return next(iter(self.levels[self.ranks[-1]].queue.values()))


class Book:
    """Both sides, and where each order is. Whether it may be crossed is the venue's to say."""

    __slots__ = ("asks", "bids", "orders")

    def __init__(self) -> None:
        """Begin empty."""
        self.bids = Half(1)
        self.asks = Half(-1)
        self.orders: dict[int, Resting] = {}

    def half(self, side: Side) -> Half:
        """Return the side's own orders."""
        return self.bids if side is _BUY else self.asks

    def best(self, side: Side) -> int | None:
        """Return the best price of a side in ticks, None where nobody waits."""
        half = self.half(side)
        return half.ranks[-1] * half.sign if half.ranks else None

    def crosses(self, side: Side, limit: int) -> bool:
        """Return whether an order at a limit in ticks would find a partner."""
        rivals = self.asks if side is _BUY else self.bids
        return bool(rivals.ranks) and rivals.ranks[-1] >= limit * rivals.sign

    def worst(self, side: Side, levels: int | None = None) -> int | None:
        """Return the last price among a side's best levels, None where nobody waits."""
        half = self.half(side)
        if not half.ranks:
            return None
        place = 0 if levels is None else max(0, len(half.ranks) - levels)
        return half.ranks[place] * half.sign

    def size(self, side: Side) -> int:
        """Return all the shares that wait on a side."""
        return sum(level.total for level in self.half(side).levels.values())

    def ladder(self, side: Side, levels: int | None = None) -> Iterator[Rung]:
        """Yield price and open shares of a side's levels, best first."""
        half = self.half(side)
        for rank in islice(reversed(half.ranks), levels):
            yield Rung(rank * half.sign, half.levels[rank].total)

    def rest(self, order: Resting) -> None:
        """Let an order wait at its price, behind all who do."""
        self.orders[order.key] = order
        (self.bids if order.side is _BUY else self.asks).add(order)

    def remove(self, key: int) -> Resting | None:
        """Take an order out, or return None where none such waits."""
        order = self.orders.pop(key, None)
        if order is not None:
            (self.bids if order.side is _BUY else self.asks).drop(order)
        return order

    def lower(self, key: int, quantity: int) -> bool:
        """Take shares out of an order that has more; return whether it had."""
        order = self.orders.get(key)
        if order is None or order.open <= quantity:
            return False
        half = self.half(order.side)
        half.levels[order.price * half.sign].total -= quantity
        order.open -= quantity
        return True

    def match(self, order: Resting, reach: int) -> list[Trade]:
        """Trade an order with the other side up to a price, and return the trades in order."""
        buying = order.side is _BUY
        half = self.asks if buying else self.bids
        ranks, bound, trades = half.ranks, reach * half.sign, list[Trade]()
        while order.open and ranks and ranks[-1] >= bound:
            rank = ranks[-1]
            level = half.levels[rank]
            trades += self._consume(order, level, rank * half.sign)
            if not level.queue:
                half.forget(rank)
        return trades

    def _consume(self, order: Resting, level: Level, price: int) -> list[Trade]:
        """Trade with one level's queue from its head."""
        key, side, left, trades, done = order.key, order.side, order.open, list[Trade](), 0
        buying = side is _BUY
        for rival in level.queue.values():
            offered = rival.open
            quantity = min(left, offered)
            left -= quantity
            buyer, seller = (key, rival.key) if buying else (rival.key, key)
            trades.append(Trade(buyer, seller, price, quantity, side))
            if quantity == offered:
                done += 1
            else:
                rival.open = offered - quantity
            if not left:
                break
        for _ in range(done):
            del self.orders[level.queue.popitem(last=False)[0]]
        level.total -= order.open - left
        order.open = left
        return trades

    def pair(self, price: int) -> list[Trade]:
        """Trade all who reach an auction's price with each other at it, best and oldest first."""
        trades: list[Trade] = []
        bids, asks = self.bids, self.asks
        while bids.ranks and asks.ranks and -asks.ranks[-1] <= price <= bids.ranks[-1]:
            buyer, seller = bids.head(), asks.head()
            quantity = min(buyer.open, seller.open)
            trades.append(Trade(buyer.key, seller.key, price, quantity, None))
            self._reduce(buyer, quantity)
            self._reduce(seller, quantity)
        return trades

    def _reduce(self, order: Resting, quantity: int) -> None:
        if quantity == order.open:
            self.remove(order.key)
            return
        half = self.half(order.side)
        half.levels[order.price * half.sign].total -= quantity
        order.open -= quantity

    def ahead(self, key: int) -> int | None:
        """Return the shares at the same price that trade before an order; None: it is not here."""
        order = self.orders.get(key)
        if order is None:
            return None
        half, before = self.half(order.side), 0
        for other in half.levels[order.price * half.sign].queue.values():
            if other is order:
                break
            before += other.open
        return before
