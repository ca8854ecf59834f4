"""What the others have in an auction's book, told by what the screen said would match.

A screen tells one price and the shares that would match there. Where cancels are taken, so many
wait on both sides at that price. Where none are, orders can only be added to those that wait, and
whatever is added must leave room for what the auction printed in the end.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from quantgraph.backends.sim.depth import Rung

Rungs = tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Shares that wait, by price in ticks."""

    bids: dict[int, int] = field(default_factory=dict[int, int])
    asks: dict[int, int] = field(default_factory=dict[int, int])

    @classmethod
    def of(cls, bids: Rungs, asks: Rungs) -> "Gathered":
        """Return what a display shows."""
        return cls(
            {rung.price: rung.quantity for rung in bids},
            {rung.price: rung.quantity for rung in asks},
        )

    @property
    def levels(self) -> tuple[Rungs, Rungs]:
        """Both sides, best first."""
        bids = tuple(Rung(price, self.bids[price]) for price in sorted(self.bids, reverse=True))
        return bids, tuple(Rung(price, self.asks[price]) for price in sorted(self.asks))

    def demand(self, price: int) -> int:
        """Return the shares that would be bought at a price."""
        return sum(quantity for limit, quantity in self.bids.items() if limit >= price)

    def supply(self, price: int) -> int:
        """Return the shares that would be sold at a price."""
        return sum(quantity for limit, quantity in self.asks.items() if limit <= price)

    def grown(self, match: Rung) -> "Gathered":
        """Return what waits after as many have come as are needed to match at a price."""
        lack_bids = match.quantity - self.demand(match.price)
        lack_asks = match.quantity - self.supply(match.price)
        return Gathered(
            _more(self.bids, match.price, lack_bids), _more(self.asks, match.price, lack_asks)
        )

    def gives(self, match: Rung) -> bool:
        """Return whether just this would match: at any other price less."""
        prices = {match.price - 1, match.price + 1}
        prices |= {each + step for each in (*self.bids, *self.asks) for step in (-1, 0, 1)}
        prices.discard(match.price)
        return self._volume(match.price) == match.quantity and all(
            self._volume(price) < match.quantity for price in prices
        )

    def _volume(self, price: int) -> int:
        return min(self.demand(price), self.supply(price))


def gather_freely(screens: Iterable[Rung | None], printed: Rung | None) -> list[Gathered]:
    """Return what waits at each screen of a phase in which orders come and go.

    Nobody waits where the screen tells nothing, or what would spoil the print if it stayed.
    """
    return [_at_one(screen, printed) for screen in screens]


def gather_fixed(
    start: Gathered, screens: Iterable[Rung | None], printed: Rung | None
) -> list[Gathered]:
    """Return what waits at each screen of a phase without cancels.

    A screen that cannot be met by adding orders, or not without spoiling the print, adds none.
    The last one meets the print.
    """
    found: list[Gathered] = []
    state = start
    for screen in screens:
        grown = state if screen is None else state.grown(screen)
        if screen is not None and grown.gives(screen) and _allows(grown, printed):
            state = grown
        found.append(state)
    if found and printed is not None:
        found[-1] = state.grown(printed)
    return found


def _at_one(screen: Rung | None, printed: Rung | None) -> Gathered:
    state = Gathered() if screen is None else Gathered().grown(screen)
    return state if _allows(state, printed) else Gathered()


def _allows(state: Gathered, printed: Rung | None) -> bool:
    return printed is None or state.grown(printed).gives(printed)


def _more(side: dict[int, int], price: int, quantity: int) -> dict[int, int]:
    return {**side, price: side.get(price, 0) + quantity} if quantity > 0 else side
