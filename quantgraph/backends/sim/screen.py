"""What a live symbol displays."""

from dataclasses import dataclass

from quantgraph.backends.sim.core.tally import Tally
from quantgraph.backends.sim.depth import Rung


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
