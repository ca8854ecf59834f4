"""The price of a call auction: most volume first, then the steps of the exchange's dated rule.

Least unmatched and least imbalance are one number: the rules' "above" and "below" a price include
it. They differ in which prices are looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from quantgraph.backends.sim.depth import Rung
from quantgraph.domain.rules.auctions import TieBreak

_NEAREST = TieBreak.NEAREST_REFERENCE


@dataclass(frozen=True, slots=True)
class Clearing:
    """Where an auction clears: price in ticks, shares that trade at it.

    `surplus` are the shares that reach the price and find no partner: bids if positive, offers if
    negative.
    """

    price: int
    matched: int
    surplus: int


@dataclass(frozen=True, slots=True)
class _Span:
    """Prices `low` to `high` between which no order lies, so that all clear alike.

    `bids` and `asks` reach them; `above` and `below` are better priced and must all be filled.
    `ordered`: somebody named this price.
    """

    low: int
    high: int
    bids: int
    asks: int
    above: int
    below: int
    ordered: bool

    @property
    def matched(self) -> int:
        return min(self.bids, self.asks)

    @property
    def surplus(self) -> int:
        return self.bids - self.asks


def clear(
    bids: Sequence[Rung], asks: Sequence[Rung], ties: Sequence[TieBreak], reference: int | None
) -> Clearing | None:
    """Return where these levels (best first) clear, None where no bid meets an offer.

    `reference` is the price for NEAREST_REFERENCE, in ticks; None goes to the middle instead.
    """
    if not bids or not asks or bids[0].price < asks[0].price:
        return None
    spans = list(_spans(bids, asks))
    most = max(span.matched for span in spans)
    fit = [each for each in spans if each.matched == most >= max(each.above, each.below)]
    if TieBreak.LEAST_UNMATCHED in ties:
        # Shanghai chooses among prices that were ordered at, Shenzhen among all ticks.
        fit = [span for span in fit if span.ordered]
    least = min(abs(span.surplus) for span in fit)
    fit = [span for span in fit if abs(span.surplus) == least]
    price = _settle(fit[0].low, fit[-1].high, reference if _NEAREST in ties else None)
    at = next(span for span in spans if span.low <= price <= span.high)
    return Clearing(price, at.matched, at.surplus)


def _settle(low: int, high: int, reference: int | None) -> int:
    """Return the one price among those that are left, which lie side by side."""
    if reference is not None:
        return min(max(reference, low), high)
    # The text leaves the middle's rounding open; half a tick goes up, as bands do.
    return (low + high + 1) // 2


def _spans(bids: Sequence[Rung], asks: Sequence[Rung]) -> Iterator[_Span]:
    """Yield the prices from the best offer to the best bid, cut wherever an order lies."""
    low, high = asks[0].price, bids[0].price
    buys = {rung.price: rung.quantity for rung in bids if rung.price >= low}
    sells = {rung.price: rung.quantity for rung in asks if rung.price <= high}
    points = sorted(buys.keys() | sells.keys())
    demand, supply = sum(buys.values()), 0
    for price, following in pairwise((*points, high + 1)):
        before, above = supply, demand - buys.get(price, 0)
        supply += sells.get(price, 0)
        yield _Span(price, price, demand, supply, above, before, ordered=True)
        demand = above
        if following > price + 1:
            yield _Span(price + 1, following - 1, above, supply, above, supply, ordered=False)
