"""What a live symbol displays."""

from dataclasses import dataclass

from quantgraph.backends.sim.core.tally import Tally
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.depth import Display, Rung
from quantgraph.domain.orders import Side


@dataclass(frozen=True, slots=True)
class Screen:
    """What a live symbol displays, our orders included: prices in ticks, None before a trade.

    `more_volume` and `more_turnover` (ticks × shares) are what traded beyond the frames, because
    of us; below zero where our orders kept others from trading.
    """

    at: int
    tally: Tally
    bids: tuple[Rung, ...]
    asks: tuple[Rung, ...]
    more_volume: int
    more_turnover: int
    halted: bool
    scripted: bool


def display(venue: Venue, levels: int) -> Display:
    """Return so many levels of each side; while an auction collects, where it would clear."""
    clearing = venue.indicative() if levels else None
    if clearing is None:
        return Display(venue.depth(Side.BUY, levels), venue.depth(Side.SELL, levels))
    more = clearing.surplus
    return Display(
        (Rung(clearing.price, clearing.matched + max(more, 0)),),
        (Rung(clearing.price, clearing.matched + max(-more, 0)),),
    )
