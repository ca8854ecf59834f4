"""Minute bars of a replayed day, made of its deals."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from quantgraph.backends.sim.block import Block
from quantgraph.backends.sim.flow.recording import Trades
from quantgraph.backends.sim.streams import Ints
from quantgraph.domain.bars import Mask
from quantgraph.domain.calendar import day_start

_MINUTE_MS = 60_000
_STAMPS = np.concatenate([np.arange(570, 690), np.arange(780, 900)]) * _MINUTE_MS


@dataclass(frozen=True, slots=True)
class MinuteBars:
    """The bars of a day from its first deal on, ticks; `previous`: the close of the bar before."""

    times: Ints
    bars: Block
    previous: Ints

    def take(self, rows: slice) -> "MinuteBars":
        """Return the chosen bars."""
        return MinuteBars(self.times[rows], self.bars.take(rows), self.previous[rows])


def no_bars() -> MinuteBars:
    """Return the bars of a time without a deal."""
    nothing = np.zeros(0, np.int64)
    flat = Block(nothing, nothing, nothing, nothing, nothing, nothing.astype(np.float64))
    return MinuteBars(nothing, flat, nothing)


def minute_bars(trades: Trades, day: date, reference: int, scale: int) -> MinuteBars:
    """Return a bar per trading minute, flat where nothing traded.

    The opening auction is in the first one; what trades at the end of a stretch is in its last.
    """
    stamps = _STAMPS + day_start(day)
    # a deal at 15:00:00.000 is the closing auction's: it belongs to 14:59
    places = np.clip(np.searchsorted(stamps, trades.time, side="right") - 1, 0, None)
    closing = trades.time == stamps[-1] + _MINUTE_MS
    places = np.where(closing, len(stamps) - 1, places)
    busy, first = np.unique(places, return_index=True)
    if not len(busy):
        return no_bars()
    rows: Ints = np.arange(int(busy[0]), len(stamps), dtype=np.int64)
    held: Ints = np.searchsorted(busy, rows, side="right") - 1
    quiet: Mask = busy[held] != rows
    close = trades.price[np.append(first[1:], len(trades)) - 1][held]

    def column(values: Ints) -> Ints:
        return np.where(quiet, close, values[held])

    volume = np.add.reduceat(trades.quantity, first)[held]
    money = np.add.reduceat(trades.quantity * trades.price, first)[held] / scale
    bars = Block(
        column(trades.price[first]),
        column(np.maximum.reduceat(trades.price, first)),
        column(np.minimum.reduceat(trades.price, first)),
        close,
        np.where(quiet, 0, volume),
        np.where(quiet, 0.0, money),
    )
    return MinuteBars(stamps[rows], bars, np.append([reference], close[:-1]))
