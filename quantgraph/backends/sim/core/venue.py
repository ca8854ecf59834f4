"""One symbol's day at its exchange: phases, price types, auctions; commands in, events out."""

from dataclasses import replace
from typing import Final

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
    Lower,
    Refused,
    Trade,
    Turn,
)
from quantgraph.backends.sim.core.gate import Gate
from quantgraph.backends.sim.core.pricing import reach, rest
from quantgraph.backends.sim.core.state import (
    VenueState,
    dump_book,
    dump_gate,
    dump_held,
    load_book,
    load_gate,
    load_held,
)
from quantgraph.backends.sim.core.tally import Tally, Terms
from quantgraph.backends.sim.depth import Rung
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.sessions import Phase

# An enum's members are looked up in its class, these are at hand.
_LIMIT: Final = PriceType.LIMIT
_CANCELED: Final = End.CANCELED


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
        self._gate = Gate(terms, Tally() if tally is None else tally)
        self._book = Book()
        self._late = Book()
        self._held: dict[int, Enter] = {}
        self._chain = Chain()

    def apply(self, command: Command) -> list[Event]:
        """Do what a command says and return what came of it, in order.

        Raises ValueError for the key of an order that is open, and for fewer shares than one.
        """
        if isinstance(command, Enter):
            events = self._enter(command)
        elif isinstance(command, Cancel):
            events = self._cancel(command.key)
        else:
            events = self._obey(command)
        self._chain.add(command, events)
        return events

    @property
    def terms(self) -> Terms:
        """What was agreed on for the day."""
        return self._gate.terms

    @property
    def tally(self) -> Tally:
        """The day so far: open, high, low, last, volume, turnover."""
        return self._gate.tally

    @property
    def phase(self) -> Phase:
        """The phase that was turned to."""
        return self._gate.phase

    @property
    def halted(self) -> bool:
        """Whether a halt stops matching."""
        return self._gate.halted

    @property
    def last(self) -> int | None:
        """The last price traded, in ticks."""
        return self._gate.tally.last

    def best(self, side: Side) -> int | None:
        """Return the best price of a side in ticks, None where nobody waits."""
        return self._book.best(side)

    def depth(self, side: Side, levels: int | None = None) -> tuple[Rung, ...]:
        """Return a side's best levels; while an auction collects, both sides may overlap."""
        return tuple(self._book.ladder(side, levels))

    def indicative(self) -> Clearing | None:
        """Return where an auction that is collecting would clear now, None if nowhere."""
        return self._clearing() if self._gate.collects else None

    def ours(self) -> tuple[int | None, int | None]:
        """Return the best bid and offer in ticks among waiting orders of positive keys."""
        orders = [order for key, order in self._book.orders.items() if key > 0]
        bids = [each.price for each in orders if each.side is Side.BUY]
        asks = [each.price for each in orders if each.side is Side.SELL]
        return max(bids, default=None), min(asks, default=None)

    def open_quantity(self, key: int) -> int:
        """Return the shares of an order that may still trade, 0 if it is not here."""
        order = self._book.orders.get(key) or self._late.orders.get(key)
        if order is not None:
            return order.open
        return self._held[key].quantity if key in self._held else 0

    def ahead(self, key: int) -> int | None:
        """Return the shares that trade before a waiting order at its price; None: it waits not."""
        before = self._book.ahead(key)
        return self._late.ahead(key) if before is None else before

    def fingerprint(self) -> tuple[str, int]:
        """Return a hash, in hex, over all commands and events, and how many commands there were."""
        return self._chain.read()

    def dump(self) -> VenueState:
        """Return the whole state as JSON."""
        return {
            "gate": dump_gate(self._gate),
            "orders": dump_book(self._book),
            "late": dump_book(self._late),
            "held": dump_held(self._held),
            "chain": self._chain.dump(),
        }

    @classmethod
    def load(cls, state: VenueState) -> "Venue":
        """Go on where a dump stood, with the same fingerprint."""
        gate = load_gate(state["gate"])
        venue = cls(gate.terms)
        venue._gate = gate
        venue._book = load_book(state["orders"])
        venue._late = load_book(state["late"])
        venue._held = load_held(state["held"])
        venue._chain = Chain.load(state["chain"])
        return venue

    def _obey(self, command: Command) -> list[Event]:
        if isinstance(command, Lower):
            return self._lower(command.key, command.quantity)
        if isinstance(command, Turn):
            return self._turn(command)
        if isinstance(command, Halt):
            return self._halt(resumed=command.resumed)
        return self._expire()

    def _enter(self, order: Enter) -> list[Event]:
        key = order.key
        known = key in self._book.orders or key in self._late.orders or key in self._held
        if known or order.quantity < 1:
            text = f"An order needs a new key and one share or more, not {order}."
            raise ValueError(text)
        limit = order.limit
        # a limit order of the others: told all day long, and never refused
        told = key < 0 and limit is not None and order.price_type is _LIMIT
        if not told and (reason := self._gate.objection(order)) is not None:
            return [Refused(key, reason)]
        if self._gate.matches:
            if not told or limit is None or self._book.crosses(order.side, limit):
                return self._trade(order)
            self._book.rest(Resting(key, order.side, limit, order.quantity))
            return []
        if self._gate.at_close(order):
            return self._trade_late(order, self._gate.close or 0)
        return self._wait(order, order.limit or 0)

    def _trade(self, order: Enter) -> list[Event]:
        """Match an order with those that wait; what is left waits or ends."""
        reached = reach(self._book, order)
        if reached is None:
            return [Ended(order.key, order.quantity, End.UNFILLED)]
        taker = Resting(order.key, order.side, reached, order.quantity)
        trades = self._book.match(taker, reached)
        if trades:
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

    def _wait(self, order: Enter, limit: int) -> list[Event]:
        """Take a limit order while the day's book is not matched."""
        if not self._gate.collects and self._book.crosses(order.side, limit):
            self._held[order.key] = order
        else:
            self._book.rest(Resting(order.key, order.side, limit, order.quantity))
        return []

    def _lower(self, key: int, quantity: int) -> list[Event]:
        held = self._held.get(key)
        if held is not None and held.quantity > quantity:
            self._held[key] = replace(held, quantity=held.quantity - quantity)
            return []
        books = (self._book, self._late)
        lowered = any(book.lower(key, quantity) for book in books)
        return [] if lowered else self._cancel(key)

    def _cancel(self, key: int) -> list[Event]:
        if key > 0 and not self._cancelable(key):
            return [Refused(key, Reason.CANCEL_CLOSED)] if self.open_quantity(key) else []
        if key in self._held:
            return [Ended(key, self._held.pop(key).quantity, _CANCELED)]
        order = self._book.remove(key) or self._late.remove(key)
        return [] if order is None else [Ended(key, order.open, _CANCELED)]

    def _cancelable(self, key: int) -> bool:
        late = self.phase is Phase.AFTER_HOURS and key in self._late.orders
        return late or self._gate.cancels

    def _turn(self, turn: Turn) -> list[Event]:
        events = self._uncross() if self._gate.ends_auction(turn.phase) else []
        self._gate.phase = turn.phase
        gone = [each for key in turn.leaving for each in self._cancel(key)]
        return [*events, *gone, *self._resume()]

    def _halt(self, *, resumed: bool) -> list[Event]:
        self._gate.halted = not resumed
        return self._resume()

    def _resume(self) -> list[Event]:
        """Where matching goes on: an auction of what was collected, then what was held."""
        if not self._gate.matches:
            return []
        events = self._uncross()
        held, self._held = self._held, {}
        for order in held.values():
            events += self._trade(order)
        return events

    def _clearing(self) -> Clearing | None:
        bids, asks = self.depth(Side.BUY), self.depth(Side.SELL)
        return clear(bids, asks, self.terms.ties, self._gate.reference)

    def _uncross(self) -> list[Event]:
        clearing = self._clearing()
        if clearing is None:
            return []
        trades = self._book.pair(clearing.price)
        self._count(trades)
        return [*trades]

    def _expire(self) -> list[Event]:
        """End whatever is open: the day's orders, then those held, then those after hours."""
        left = [(key, order.open) for key, order in self._book.orders.items()]
        left += [(key, order.quantity) for key, order in self._held.items()]
        left += [(key, order.open) for key, order in self._late.orders.items()]
        self._book, self._late, self._held = Book(), Book(), {}
        return [Ended(key, quantity, End.EXPIRED) for key, quantity in left]

    def _count(self, trades: list[Trade]) -> None:
        tally = self._gate.tally
        for trade in trades:
            tally.count(trade.price, trade.quantity)
