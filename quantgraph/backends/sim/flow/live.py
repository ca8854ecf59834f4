"""A day as it is being told: quotes of a real market become frames when they arrive."""

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from quantgraph.backends.sim.core.tally import Tally
from quantgraph.backends.sim.depth import Rung
from quantgraph.backends.sim.flow.frames import Deal, Frame
from quantgraph.backends.sim.flow.growth import grown_trades
from quantgraph.backends.sim.flow.recording import Ladder, Shots
from quantgraph.backends.sim.streams import Ints
from quantgraph.domain.orders import Side
from quantgraph.domain.quotes import Level, Quote

# A book reads a frame as soon as it is shown; more stay for one that is opened a little later.
_KEPT = 64
_TAKERS = {1: Side.BUY, -1: Side.SELL}
Rungs = tuple[Rung, ...]


class LiveFrames:
    """Implements `Frames` over what a feed has told so far.

    The deals between two quotes are made out of what their volume, money and prices grew by; of
    the first one, and after a feed begins its day again, nothing is known to have traded. Frames
    stand at the instants at which they are told, so nothing is known too early.
    """

    def __init__(self, scale: int) -> None:
        """Begin before the first quote; prices are whole ticks of 1/`scale` yuan."""
        self._scale = scale
        self._told: deque[tuple[Frame, Tally]] = deque(maxlen=_KEPT)
        self._last: Quote | None = None

    def tell(self, quote: Quote, at: int) -> Frame:
        """Take a quote in at an instant (epoch ms), and return it as the newest frame."""
        before, self._last = self._last, quote
        if self._told:
            at = max(at, self._told[-1][0].at + 1)
        frame = Frame(at, self._deals(before, quote), *self._display(quote))
        self._told.append((frame, self._tally(quote)))
        return frame

    def standing(self, at: int) -> Frame:
        """Return the newest frame at or before an instant, or one not shown."""
        held = next((frame for frame, _ in reversed(self._told) if frame.at <= at), None)
        return held or Frame(at, (), (), (), shown=False)

    def between(self, after: int, until: int) -> Iterator[Frame]:
        """Yield the frames that were told so far, later than `after`, up to and with `until`."""
        yield from [frame for frame, _ in self._told if after < frame.at <= until]

    def so_far(self, at: int) -> Tally:
        """Return what had traded by an instant, as the newest quote told it."""
        held = (tally for frame, tally in reversed(self._told) if frame.at <= at)
        return next(held, Tally())

    def _deals(self, before: Quote | None, quote: Quote) -> tuple[Deal, ...]:
        if before is None or quote.volume <= before.volume:
            return ()
        trades, counts = grown_trades(self._shots((before, quote)))
        table = np.stack([trades.price, trades.quantity, trades.side], axis=1)[counts[0] :]
        rows: list[list[int]] = table.tolist()
        return tuple(Deal(price, shares, _TAKERS.get(side)) for price, shares, side in rows)

    def _shots(self, quotes: Sequence[Quote]) -> Shots:
        def prices(name: str) -> Ints:
            return np.array([self._ticks(getattr(each, name)) for each in quotes], np.int64)

        return Shots(
            time=np.array([each.time for each in quotes], np.int64),
            last=prices("last_price"),
            high=prices("high"),
            low=prices("low"),
            volume=np.array([each.volume for each in quotes], np.int64),
            amount=prices("amount"),
            count=np.zeros(len(quotes), np.int64),
            bids=self._ladder([each.bids for each in quotes]),
            asks=self._ladder([each.asks for each in quotes]),
        )

    def _ladder(self, sides: Sequence[tuple[Level, ...]]) -> Ladder:
        """Return the best level of each display: no more is asked of it."""
        best = [side[0] if side else Level(0.0, 0) for side in sides]
        prices = np.array([[self._ticks(each.price)] for each in best], np.int64)
        return Ladder(prices, np.array([[each.quantity] for each in best], np.int64))

    def _display(self, quote: Quote) -> tuple[Rungs, Rungs]:
        bids, asks = self._rungs(quote.bids), self._rungs(quote.asks)
        if bids and asks and bids[0].price >= asks[0].price:
            # An auction collects: the best of each side is what would match, the next what is left.
            return bids[:1], asks[:1]
        return bids, asks

    def _rungs(self, levels: tuple[Level, ...]) -> Rungs:
        held = (Rung(self._ticks(each.price), each.quantity) for each in levels)
        return tuple(rung for rung in held if rung.price > 0 and rung.quantity > 0)

    def _tally(self, quote: Quote) -> Tally:
        if not quote.volume:
            return Tally()
        return Tally(
            open=self._known(quote.open),
            high=self._known(quote.high),
            low=self._known(quote.low),
            last=self._known(quote.last_price),
            volume=quote.volume,
            turnover=self._ticks(quote.amount),
        )

    def _known(self, yuan: float | None) -> int | None:
        return None if yuan is None else self._ticks(yuan)

    def _ticks(self, yuan: float | None) -> int:
        return 0 if yuan is None else round(yuan * self._scale)
