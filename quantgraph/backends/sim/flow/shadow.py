"""From what a screen showed to the orders that make a book show it.

The shadow is the book as it would stand without us: prices, keys and open shares of the other
traders' orders. What it tells them to do depends on the frames alone, never on our orders.
"""

from collections.abc import Sequence
from typing import Any, Final

from quantgraph.backends.sim.core.events import Cancel, Command, Enter, Halt, Lower, Turn
from quantgraph.backends.sim.depth import Rungs
from quantgraph.backends.sim.flow.frames import Deal, Frame
from quantgraph.backends.sim.flow.queues import Queues
from quantgraph.domain.orders import Side
from quantgraph.domain.rules.sessions import Act, Phase

# An enum's members are looked up in its class, these are at hand.
_BUY: Final = Side.BUY
_CONTINUOUS: Final = Phase.CONTINUOUS
_CANCEL: Final = Act.CANCEL
_SUBMIT: Final = Act.SUBMIT
_COLLECTING = (Phase.OPEN_AUCTION, Phase.OPEN_AUCTION_FIXED, Phase.CLOSE_AUCTION)


class Shadow:
    """Turns frames into commands for the venue of one symbol and day.

    A venue that takes nothing else prints the deals and displays the levels of every frame. The
    keys are negative and never used twice. At an instant the venue turns its phase first, then
    takes what `feed` returns for the frame of that instant and that phase.

    An auction's print must be what the frame before it had collected: shares at its price and
    better on both sides, the smaller of the two as many as were printed. Where no cancels are
    taken a display can only grow: what it should have lost stays until cancels are taken again.
    """

    def __init__(self) -> None:
        """Begin with an empty book."""
        self._bids, self._asks = Queues(Side.BUY), Queues(Side.SELL)
        self._count = 0
        self.halted = False
        # Orders that were taken whole here. Ours may have been taken instead in the venue.
        self._gone: list[int] = []

    def open(
        self, frame: Frame, phase: Phase = Phase.CONTINUOUS, *, halted: bool = False
    ) -> list[Command]:
        """Return the orders that make an empty venue display a frame; its deals are history.

        They are told in any phase: the others had entered them before. After hours the venue is
        closed for a moment, or whoever waits at the close would seem to have come for it.
        `halted`: that the frame is empty tells a halt.
        """
        told: list[Command] = [Halt()] if halted else []
        self.halted = halted
        if not halted:
            self._arrange(frame, told, cancels=True)
        return [Turn(Phase.CLOSED), *told, Turn(phase)] if phase is Phase.AFTER_HOURS else told

    def feed(self, frame: Frame, phase: Phase = Phase.CONTINUOUS) -> list[Command]:
        """Return what the others do to come from the frame before to this one, in order."""
        told: list[Command] = []
        trading = phase is _CONTINUOUS
        if (trading or phase in _COLLECTING) and self._stops(frame, phase, told):
            return told
        if trading:
            for deal in frame.deals:
                self._trade(deal, told)
        elif phase is Phase.AFTER_HOURS:
            for deal in frame.deals:
                self._trade_late(deal, told)
        elif phase not in _COLLECTING:
            self._settle(frame.deals)
        acts = phase.acts
        cancels = _CANCEL in acts
        if cancels:
            self._withdraw(self._gone, told)
            self._gone.clear()
        if _SUBMIT in acts:
            self._arrange(frame, told, cancels=cancels)
        return told

    def darken(self, frame: Frame, phase: Phase) -> list[Command]:
        """Return the halt of a screen that has gone dark: before a phase in which orders meet."""
        told: list[Command] = []
        if frame.empty:
            self._stops(frame, phase, told)
        return told

    def dump(self) -> dict[str, Any]:
        """Return the whole state as JSON-able values."""
        return {
            "count": self._count,
            "halted": self.halted,
            "gone": list(self._gone),
            "bids": self._bids.dump(),
            "asks": self._asks.dump(),
        }

    @classmethod
    def load(cls, state: dict[str, Any]) -> "Shadow":
        """Return a shadow that goes on where another one was dumped."""
        made = cls()
        made._count, made.halted = state["count"], state["halted"]
        made._gone = list(state["gone"])
        made._bids = Queues.load(Side.BUY, state["bids"])
        made._asks = Queues.load(Side.SELL, state["asks"])
        return made

    def _stops(self, frame: Frame, phase: Phase, told: list[Command]) -> bool:
        """Halt at an empty frame and go on with the next one; orders wait in the meantime."""
        empty = frame.empty
        if empty is not self.halted and (not empty or self._dark(frame, phase)):
            if not empty:
                # or ours would meet, in the auction, those who were there before the halt
                self._leave(frame, told)
            told.append(Halt(resumed=not empty))
            self.halted = empty
        return empty

    def _dark(self, frame: Frame, phase: Phase) -> bool:
        """Return whether an empty frame is a halt: an auction begins with one, too."""
        trading = phase is Phase.CONTINUOUS and frame.shown
        return trading or bool(self._bids or self._asks)

    def _trade(self, deal: Deal, told: list[Command]) -> None:
        """Let a taker come who finds just this deal: nothing better, and enough at its price."""
        taker = deal.taker or self._side(deal.price)
        makers, rivals = self._sides(taker)
        self._withdraw(makers.take_better(deal.price), told)
        lack = deal.quantity - makers.total(deal.price)
        if lack > 0:
            self._withdraw(rivals.take_reached(deal.price), told)
            self._enter(makers, deal.price, lack, told)
        key = self._key()
        told.append(Enter(key, taker, deal.quantity, limit=deal.price))
        told.append(Cancel(key))
        self._gone += makers.consume(deal.price, deal.quantity)

    def _trade_late(self, deal: Deal, told: list[Command]) -> None:
        """Let a seller and a buyer meet at the close; who waited longer than they goes first."""
        seller, buyer = self._key(), self._key()
        told.append(Enter(seller, Side.SELL, deal.quantity, limit=deal.price))
        told.append(Enter(buyer, Side.BUY, deal.quantity, limit=deal.price))
        told += [Cancel(seller), Cancel(buyer)]

    def _settle(self, deals: Sequence[Deal]) -> None:
        """Take out what an auction matched: the venue has done it on its own."""
        for deal in deals:
            for queues in (self._bids, self._asks):
                self._gone += queues.match(deal.price, deal.quantity)

    def _arrange(self, frame: Frame, told: list[Command], *, cancels: bool) -> None:
        """Come to the display: first all who leave, so that nobody who comes meets them."""
        sides = [
            (queues, rungs) for queues, rungs in self._shown(frame) if queues.shown is not rungs
        ]
        if cancels:
            self._leave(frame, told)
        missing: list[tuple[Queues, int, int]] = []
        for queues, rungs in sides:
            for price, more in queues.lacks(rungs):
                if more > 0:
                    missing.append((queues, price, more))
                elif cancels:
                    keys, less = queues.shorten(price, -more)
                    self._withdraw(keys, told)
                    told += [Lower(*less)] if less else []
        for queues, price, more in missing:
            self._enter(queues, price, more, told)
        if cancels:
            for queues, rungs in sides:
                queues.shown = rungs

    def _leave(self, frame: Frame, told: list[Command]) -> None:
        """Let all leave who wait at no displayed price."""
        for queues, rungs in self._shown(frame):
            if queues.shown is not rungs:
                self._withdraw(queues.take_absent([rung.price for rung in rungs]), told)

    def _shown(self, frame: Frame) -> tuple[tuple[Queues, Rungs], ...]:
        return (self._bids, frame.bids), (self._asks, frame.asks)

    def _side(self, price: int) -> Side:
        """Guess who took: the buyer where the price was nearer to the sellers."""
        bid, ask = self._bids.best, self._asks.best
        if bid is None or ask is None:
            return Side.SELL if bid is not None and price <= bid else Side.BUY
        return Side.BUY if 2 * price >= bid + ask else Side.SELL

    def _sides(self, taker: Side) -> tuple[Queues, Queues]:
        return (self._asks, self._bids) if taker is _BUY else (self._bids, self._asks)

    def _enter(self, queues: Queues, price: int, quantity: int, told: list[Command]) -> None:
        key = self._key()
        queues.add(price, key, quantity)
        told.append(Enter(key, queues.side, quantity, limit=price))

    def _withdraw(self, keys: list[int], told: list[Command]) -> None:
        for key in keys:
            told.append(Cancel(key))  # noqa: PERF401 compiled it is quicker than a list to add

    def _key(self) -> int:
        self._count += 1
        return -self._count
