"""What a venue is told before its day, and what it counts while it trades."""

from dataclasses import dataclass

from quantgraph.domain.instruments import InstrumentKind, Market
from quantgraph.domain.rules.auctions import AUCTIONS, TieBreak


def _newest(market: Market) -> tuple[TieBreak, ...]:
    rows = [row for row in AUCTIONS if row.market is market and row.kind is InstrumentKind.STOCK]
    if not rows:
        text = f"No auction rule names the market {market}; give the steps of its ties."
        raise ValueError(text)
    return max(rows, key=lambda row: row.effective_from).ties


@dataclass(frozen=True, slots=True)
class Terms:
    """A symbol's day: whose auction rules, and prices in ticks. `band` None: no price limits.

    `previous_close` None: the symbol never traded before. `ties` are the steps of the day's
    auction rule after the greatest volume; empty: those of the market's shares at its newest.
    """

    market: Market
    previous_close: int | None
    band: tuple[int, int] | None = None
    ties: tuple[TieBreak, ...] = ()

    def __post_init__(self) -> None:
        """Fill in the market's steps. Raises ValueError for a market that no row names."""
        if not self.ties:
            object.__setattr__(self, "ties", _newest(self.market))

    def allows(self, price: int) -> bool:
        """Return whether an order at this price is inside the band."""
        return price > 0 and (self.band is None or self.band[0] <= price <= self.band[1])


@dataclass(slots=True)
class Tally:
    """The day so far: prices in ticks, None before the first trade; turnover in ticks x shares."""

    open: int | None = None
    high: int | None = None
    low: int | None = None
    last: int | None = None
    volume: int = 0
    turnover: int = 0

    def count(self, price: int, quantity: int) -> None:
        """Take a trade in."""
        self.last = price
        self.volume += quantity
        self.turnover += price * quantity
        if self.open is None or self.high is None or self.low is None:
            self.open = self.high = self.low = price
        elif price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
