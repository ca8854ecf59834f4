"""A symbol's day as its screen showed it: what traded, and what was displayed after it.

As with events nobody changes one that was made; see core/events.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from quantgraph.backends.sim.depth import Rung
from quantgraph.domain.orders import Side


@dataclass(slots=True, init=False)
class Deal:
    """Shares that changed hands at a price in ticks. `taker` None: an auction, or not known."""

    price: int
    quantity: int
    taker: Side | None

    def __init__(self, price: int, quantity: int, taker: Side | None) -> None:
        self.price = price
        self.quantity = quantity
        self.taker = taker


@dataclass(slots=True, init=False)
class Frame:
    """The screen at an instant (epoch ms): deals since the frame before, then the display.

    Levels best first, never crossed, except while an auction collects orders. `shown` False:
    there was no display yet, and nobody knows what it would have been.
    """

    at: int
    deals: tuple[Deal, ...]
    bids: tuple[Rung, ...]
    asks: tuple[Rung, ...]
    shown: bool

    def __init__(
        self,
        at: int,
        deals: tuple[Deal, ...],
        bids: tuple[Rung, ...],
        asks: tuple[Rung, ...],
        shown: bool = True,
    ) -> None:
        self.at = at
        self.deals = deals
        self.bids = bids
        self.asks = asks
        self.shown = shown

    @property
    def empty(self) -> bool:
        """Whether nothing traded and nobody waits: in continuous trading a halt, if displayed."""
        return not (self.deals or self.bids or self.asks)


class Frames(Protocol):
    """One symbol's day, the same however often and from wherever it is read."""

    def standing(self, at: int) -> Frame:
        """Return the newest frame at or before an instant, or one not shown, with its own deals."""
        ...

    def between(self, after: int, until: int) -> Iterator[Frame]:
        """Yield the frames later than `after`, up to and with `until`, in order."""
        ...
