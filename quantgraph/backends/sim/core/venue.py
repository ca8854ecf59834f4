"""One symbol's day at its exchange: phases, price types, auctions; commands in, events out."""

from collections.abc import Sequence

from quantgraph.backends.sim.core.auction import Clearing, clear
from quantgraph.backends.sim.core.book import Book, Resting
from quantgraph.backends.sim.core.chain import Chain
from quantgraph.backends.sim.core.events import (
    Cancel,
    Command,
    End,
    Ended,
    Enter,
    Event,
    Halt,
    Refused,
    Trade,
    Turn,
)
from quantgraph.backends.sim.core.pricing import reach, rest
from quantgraph.backends.sim.core.tally import Tally, Terms
from quantgraph.backends.sim.depth import Rung
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.sessions import Act, Phase

_OPENING = frozenset({Phase.OPEN_AUCTION, Phase.OPEN_AUCTION_FIXED})
_AUCTIONS = _OPENING | {Phase.CLOSE_AUCTION}


class Venue:
    """A real order book for one symbol and one day.

    Positive keys are judged: what the phase does not take is Refused. Negative keys are the other
    traders' and tell what did happen: their limit orders and cancels are taken at any time. One
    that would trade while nothing is matched waits unseen until matching goes on.
    In AFTER_HOURS the orders that reach the close meet in a queue of their own, at the close, by
    time; what is left of the day's orders stays displayed and takes no part.
    A halt collects limit orders, and an auction opens what follows it.
    """

    def __init__(self, terms: Terms, tally: Tally | None = None) -> None:
        """Begin CLOSED and empty; `tally` is what the day had counted before."""
        self.terms = terms
        self.tally = Tally() if tally is None else tally
        self.phase = Phase.CLOSED
        self.halted = False
        self._book = Book()
        self._late = Book()
        self._held: dict[int, Enter] = {}
        self._chain = Chain()

    def apply(self, command: Command) -> list[Event]:
        """Do what a command says and return what came of it, in order.

        Raises ValueError for the key of an order that is open, and for fewer shares than one.
        """
        events = self._obey(command)
        self._chain.add(command, events)
        return events

    @property
    def last(self) -> int | None:
        """The last price traded, in ticks."""
        return self.tally.last

    def best(self, side: Side) -> int | None:
        """Return the best price of a side in ticks, None where nobody waits."""
        return self._book.best(side)

    def depth(self, side: Side, levels: int | None = None) -> tuple[Rung, ...]:
        """Return a side's best levels; while an auction collects, both sides may overlap."""
        return tuple(self._book.ladder(side, levels))

    def indicative(self) -> Clearing | None:
        """Return where an auction that is collecting would clear now, None if nowhere."""
        if not self._collects():
            return None
        bids, asks = self.depth(Side.BUY), self.depth(Side.SELL)
        opening = self.phase in _OPENING or self.last is None
        reference = self.terms.previous_close if opening else self.last
        return clear(bids, asks, self.terms.market, reference)

    def open_quantity(self, key: int) -> int:
        """Return the shares of an order that may still trade, 0 if it is not here."""
        for book in (self._book, self._late):
            if key in book.orders:
                return book.orders[key].open
        return self._held[key].quantity if key in self._held else 0

    def ahead(self, key: int) -> int | None:
        """Return the shares that trade before a waiting order at its price; None: it waits not."""
        before = self._book.ahead(key)
        return self._late.ahead(key) if before is None else before

    def fingerprint(self) -> tuple[str, int]:
        """Return a hash, in hex, over all commands and events, and how many commands there were."""
        return self._chain.read()

    def _obey(self, command: Command) -> list[Event]:
        if isinstance(command, Enter):
            return self._enter(command)
        if isinstance(command, Cancel):
            return self._cancel(command.key)
        if isinstance(command, Turn):
            return self._turn(command.phase)
        if isinstance(command, Halt):
            return self._halt(resumed=command.resumed)
        return self._expire()

    def _matches(self) -> bool:
        return self.phase is Phase.CONTINUOUS and not self.halted

    def _collects(self) -> bool:
        return self.phase in _AUCTIONS or (self.halted and self.phase is Phase.CONTINUOUS)

    def _enter(self, order: Enter) -> list[Event]:
        if order.quantity < 1 or self.open_quantity(order.key):
            text = f"An order needs a new key and one share or more, not {order}."
            raise ValueError(text)
        reason = self._objection(order)
        if reason is not None:
            return [Refused(order.key, reason)]
        if self._matches():
            return self._trade(order)
        return self._wait(order, order.limit or 0)

    def _objection(self, order: Enter) -> Reason | None:
        """Return why an order is not taken now."""
        if order.price_type is not PriceType.LIMIT:
            return self._market_objection(order)
        if order.limit is None:
            return Reason.PRICE_REQUIRED
        if order.key < 0:
            return None
        if self.phase is Phase.AFTER_HOURS:
            return self._late_objection(order)
        if Act.SUBMIT not in self.phase.acts:
            return Reason.SESSION_CLOSED
        return None if self.terms.allows(order.limit) else Reason.PRICE_BAND

    def _market_objection(self, order: Enter) -> Reason | None:
        if order.limit is not None:
            return Reason.PRICE_NOT_ALLOWED
        if self._matches():
            return None
        if Act.SUBMIT not in self.phase.acts:
            return Reason.SESSION_CLOSED
        return Reason.SUSPENDED if self.halted else Reason.PRICE_TYPE_UNSUPPORTED

    def _late_objection(self, order: Enter) -> Reason | None:
        if self.halted or self.last is None:
            return Reason.SUSPENDED
        return None if self._at_close(order) else Reason.PRICE_BAND

    def _wait(self, order: Enter, limit: int) -> list[Event]:
        """Take a limit order while the day's book is not matched."""
        if self.phase is Phase.AFTER_HOURS and self._at_close(order):
            return self._trade_late(order, self.last or 0)
        if self._collects() or not self._crosses(order):
            self._book.rest(Resting(order.key, order.side, limit, order.quantity))
        else:
            self._held[order.key] = order
        return []

    def _at_close(self, order: Enter) -> bool:
        """Return whether a limit order takes the close, the only price after hours."""
        if self.last is None or order.limit is None:
            return False
        return order.limit >= self.last if order.side is Side.BUY else order.limit <= self.last

    def _crosses(self, order: Enter) -> bool:
        buying = order.side is Side.BUY
        best = self._book.best(Side.SELL if buying else Side.BUY)
        if best is None or order.limit is None:
            return False
        return order.limit >= best if buying else order.limit <= best

    def _trade(self, order: Enter) -> list[Event]:
        """Match an order with those that wait; what is left waits or ends."""
        reached = reach(self._book, order)
        if reached is None:
            return [Ended(order.key, order.quantity, End.UNFILLED)]
        taker = Resting(order.key, order.side, reached, order.quantity)
        trades = self._book.match(taker, reached)
        self._count(trades)
        if not taker.open:
            return [*trades]
        waits = rest(order, reached, trades)
        if waits is None:
            return [*trades, Ended(order.key, taker.open, End.UNFILLED)]
        taker.price = waits
        self._book.rest(taker)
        return [*trades]

    def _trade_late(self, order: Enter, close: int) -> list[Event]:
        taker = Resting(order.key, order.side, close, order.quantity)
        trades = self._late.match(taker, close)
        self._count(trades)
        if taker.open:
            self._late.rest(taker)
        return [*trades]

    def _cancel(self, key: int) -> list[Event]:
        if key > 0 and not self._cancelable(key):
            return [Refused(key, Reason.ORDER_NOT_CANCELABLE)] if self.open_quantity(key) else []
        held = self._held.pop(key, None)
        if held is not None:
            return [Ended(key, held.quantity, End.CANCELED)]
        order = self._book.remove(key) or self._late.remove(key)
        return [] if order is None else [Ended(key, order.open, End.CANCELED)]

    def _cancelable(self, key: int) -> bool:
        if self.phase is Phase.AFTER_HOURS:
            return key in self._late.orders
        return Act.CANCEL in self.phase.acts

    def _turn(self, phase: Phase) -> list[Event]:
        same = self.phase in _OPENING and phase in _OPENING
        ends = self.phase in _AUCTIONS and phase is not self.phase and not same
        events = self._uncross() if ends and not self.halted else []
        self.phase = phase
        return [*events, *self._resume()]

    def _halt(self, *, resumed: bool) -> list[Event]:
        self.halted = not resumed
        return self._resume()

    def _resume(self) -> list[Event]:
        """Where matching goes on: an auction of what was collected, then what was held."""
        if not self._matches():
            return []
        events = self._uncross()
        held, self._held = self._held, {}
        for order in held.values():
            events += self._trade(order)
        return events

    def _uncross(self) -> list[Event]:
        opening = self.phase in _OPENING or self.last is None
        reference = self.terms.previous_close if opening else self.last
        bids, asks = self.depth(Side.BUY), self.depth(Side.SELL)
        clearing = clear(bids, asks, self.terms.market, reference)
        if clearing is None:
            return []
        trades = self._book.pair(clearing.price)
        self._count(trades)
        return [*trades]

    def _expire(self) -> list[Event]:
        """End whatever is open: the day's orders, then those held, then those after hours."""
        open_orders = [(key, order.open) for key, order in self._book.orders.items()]
        open_orders += [(key, order.quantity) for key, order in self._held.items()]
        open_orders += [(key, order.open) for key, order in self._late.orders.items()]
        self._book, self._late, self._held = Book(), Book(), {}
        return [Ended(key, left, End.EXPIRED) for key, left in open_orders]

    def _count(self, trades: Sequence[Trade]) -> None:
        for trade in trades:
            self.tally.count(trade.price, trade.quantity)
