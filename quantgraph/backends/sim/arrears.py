"""Screens that a pit still owes its book: what cannot meet an order of ours may wait for the next.

Thousands of symbols take turns at each screen, so that a book finds its data gone from the
processor's cache; told of some screens at once, it does so for the first of them only.
"""

from typing import Final
from zlib import crc32

from quantgraph.backends.sim.cadence import SCREEN_MS
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.flow.frames import Frame

# Half a minute of screens at most: whoever looks at a symbol first waits for them, some 0.8 ms.
_MOST: Final = 10
# Screens from a look on that are told at once: whoever looks at the market does so again.
_WATCHED: Final = 20
# Where nobody of ours waits: below and above all prices.
_LOWEST: Final = 0
_HIGHEST: Final = 1 << 62


class Arrears:
    """Frames of continuous trading, oldest first, none of which can meet an order of ours.

    Whoever comes with a frame asks no other price than its deals and its display tell. So one
    whose prices are all short of ours trades with none of ours, whatever else waits in the book.
    """

    __slots__ = ("_ask", "_bid", "_frames", "_phase", "_watched")

    def __init__(self, symbol: str) -> None:
        """Begin owing nothing."""
        # Of each symbol other screens are the ones that wait for none: if thousands caught up
        # within the same second the clock would stand still for them.
        self._phase = crc32(symbol.encode())
        self._frames: list[Frame] = []
        self._bid, self._ask = _LOWEST, _HIGHEST
        self._watched = 0

    def __bool__(self) -> bool:
        """Return whether anything is owed."""
        return bool(self._frames)

    def owe(self, frame: Frame, venue: Venue) -> bool:
        """Take a frame in if it may wait; nothing of ours comes or goes until `settle`."""
        if self._watched:
            self._watched -= 1
            return False
        if not self._frames:
            bid, ask = venue.ours()
            self._bid = _LOWEST if bid is None else bid
            self._ask = _HIGHEST if ask is None else ask
        if len(self._frames) >= _MOST or (frame.at // SCREEN_MS + self._phase) % _MOST == 0:
            return False
        if not _short(frame, self._bid, self._ask):
            return False
        self._frames.append(frame)
        return True

    def settle(self) -> list[Frame]:
        """Return what is owed, and owe nothing."""
        owed, self._frames = self._frames, []
        return owed

    def watch(self) -> None:
        """Take note that somebody looks."""
        self._watched = _WATCHED


def _short(frame: Frame, bid: int, ask: int) -> bool:
    """Return whether all prices of a frame lie between ours; a screen gone dark has none."""
    bids, asks = frame.bids, frame.asks
    if (bids and bids[0].price >= ask) or (asks and asks[0].price <= bid):
        return False
    for deal in frame.deals:
        if not bid < deal.price < ask:
            return False
    return bool(bids or asks or frame.deals)
