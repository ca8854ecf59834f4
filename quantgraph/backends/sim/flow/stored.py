"""Minute bars of a stored day, as a simulated day plays them: 240 of them, one after another."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from quantgraph.backends.sim.block import Block
from quantgraph.backends.sim.days import amounts_of
from quantgraph.backends.sim.flow.minutes import minute_bars
from quantgraph.backends.sim.flow.recording import Trades
from quantgraph.backends.sim.prices import COLLECTING
from quantgraph.backends.sim.streams import Ints
from quantgraph.domain.bars import SESSION_MINUTES, BarColumns, Mask
from quantgraph.domain.calendar import day_start

_MINUTE_MS = 60_000
_STAMPS = np.concatenate([np.arange(570, 690), np.arange(780, 900)]) * _MINUTE_MS
_PRICES = ("open", "high", "low", "close")
STORED_FIELDS = ("time", *_PRICES, "volume", "amount")


@dataclass(frozen=True, slots=True)
class LivedDay:
    """A day that is lived again: its minutes in ticks, and the reference price where it is told."""

    minutes: Block
    previous: int | None

    @property
    def bar(self) -> Block:
        """The day's bar, as one row."""
        rows = _only(self.minutes, self.minutes.volume > 0)
        return Block(
            rows.open[:1],
            rows.high.max(keepdims=True),
            rows.low.min(keepdims=True),
            rows.close[-1:],
            rows.volume.sum(keepdims=True),
            rows.amount.sum(keepdims=True),
        )


def stored_minutes(columns: BarColumns, day: date, scale: int) -> Block | None:
    """Return a day's minutes in ticks of 1/`scale` yuan; None where nothing was traded.

    A minute without a row, or without a trade, stands still at the close before it; before the
    first trade of the day it stands at its price.
    """
    sound = columns.values["volume"] > 0
    for name in (*_PRICES, "volume"):
        held = columns.valid.get(name)
        sound = sound if held is None else sound & held
    stamps = _STAMPS + day_start(day)
    sound &= np.isin(columns.values["time"], stamps)
    if not sound.any():
        return None
    rows = columns.take(sound)
    opens, high, low, close = (
        np.rint(rows.values[name] * scale).astype(np.int64) for name in _PRICES
    )
    bars = Block(opens, high, low, close, rows.values["volume"], amounts_of(rows))
    return _spread(bars, np.searchsorted(stamps, rows.values["time"]))


def traded_minutes(trades: Trades, day: date, scale: int) -> Block | None:
    """Return the minutes of a day's deals, ticks; None where nothing was traded."""
    found = minute_bars(trades, day, 0, scale)
    if not len(found.times):
        return None
    return _spread(found.bars, np.searchsorted(_STAMPS + day_start(day), found.times))


def _spread(bars: Block, places: Ints) -> Block:
    """Return the 240 minutes of a day of which only those at some places are given."""
    order = np.arange(SESSION_MINUTES)
    held = np.maximum(np.searchsorted(places, order, side="right") - 1, 0)
    quiet = places[held] != order
    still = np.where(order < places[0], bars.open[0], bars.close[held])
    return Block(
        np.where(quiet, still, bars.open[held]),
        np.where(quiet, still, bars.high[held]),
        np.where(quiet, still, bars.low[held]),
        np.where(quiet, still, bars.close[held]),
        np.where(quiet, 0, bars.volume[held]),
        np.where(quiet, 0.0, bars.amount[held]),
    )


def before_call(minutes: Block) -> Block:
    """Return the minutes of a day that ends with an auction, so that it can be played.

    While the auction collects nothing trades: what is stamped then was traded in the last moment
    before it. The auction itself has one price, the close.
    """
    last, first = SESSION_MINUTES - 1, SESSION_MINUTES - 2 - COLLECTING
    stretch = slice(first, last)
    late = minutes.take(stretch)
    busy = late.volume > 0
    made = Block(*(column.copy() for column in _columns(minutes)))
    if busy[1:].any():
        rows = _only(late, busy)
        made.open[first] = rows.open[0]
        made.high[first], made.low[first] = rows.high.max(), rows.low.min()
        made.volume[first], made.amount[first] = rows.volume.sum(), rows.amount.sum()
        for column in (made.open[first + 1 : last], made.high[first + 1 : last]):
            column[:] = rows.close[-1]
        for column in (made.low[first + 1 : last], made.close[stretch]):
            column[:] = rows.close[-1]
        made.volume[first + 1 : last], made.amount[first + 1 : last] = 0, 0.0
    for column in (made.open, made.high, made.low):
        column[last] = made.close[last]
    return made


def meet(parts: Block, bar: Block, *, called: bool) -> Block:
    """Return the seconds of a recorded minute so that those that trade make just its bar.

    The cut may leave no share at an extreme. Then the busiest second goes there; not the first one
    of a day that is `called`: it is the opening auction, at one price.
    """
    busy = np.flatnonzero(parts.volume > 0)
    if not len(busy):
        return parts
    ends = parts.close[busy].copy()
    ends[-1] = bar.close
    held = np.searchsorted(busy, np.arange(len(parts.volume)), side="right") - 1
    close = np.where(held < 0, bar.open, ends[held])
    opens = np.concatenate([np.array([bar.open], np.int64).reshape(1), close[:-1]])
    trading = parts.volume > 0
    high = np.where(trading, np.maximum(np.maximum(opens, close), parts.high), close)
    low = np.where(trading, np.minimum(np.minimum(opens, close), parts.low), close)
    free = busy[busy > 0] if called and len(busy) > 1 else busy
    busiest = free[parts.volume[free].argmax()]
    if called and busy[0] == 0:
        opens[0] = high[0] = low[0] = close[0]
    high[busiest] = max(int(high[busiest]), int(bar.high))
    low[busiest] = min(int(low[busiest]), int(bar.low))
    return replace(parts, open=opens, high=high, low=low, close=close)


def _only(bars: Block, rows: Mask) -> Block:
    return replace(bars, **{name: getattr(bars, name)[rows] for name in _NAMES})


def _columns(bars: Block) -> tuple[np.ndarray, ...]:
    return tuple(getattr(bars, name) for name in _NAMES)


_NAMES = (*_PRICES, "volume", "amount")
