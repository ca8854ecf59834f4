"""A trade between strangers, as what both of them do at a book."""

from quantgraph.backends.sim.core.events import Cancel, Command, Enter
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.domain.orders import Side


def strangers_meet(
    venue: Venue, price: int, quantity: int, keys: tuple[int, int]
) -> tuple[Command, ...]:
    """Return how shares trade at a price in ticks: what is better is taken first.

    An order that waits at the price already is before them. `keys` are new ones of the others'.
    """
    ask, last = venue.best(Side.SELL), venue.tally.last
    up = price >= ask if ask is not None else last is None or price >= last
    taker, maker = (Side.BUY, Side.SELL) if up else (Side.SELL, Side.BUY)
    better = sum(
        rung.quantity
        for rung in venue.depth(maker)
        if (rung.price < price if up else rung.price > price)
    )
    standing, coming = keys
    return (
        Enter(standing, maker, quantity, limit=price),
        Enter(coming, taker, quantity + better, limit=price),
        Cancel(standing),
        Cancel(coming),
    )
