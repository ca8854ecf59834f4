"""Daily rows of one symbol, generated or imported, and how they are cut into minutes."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from quantgraph.backends.sim.block import Block, Cut, session_weights, stack
from quantgraph.backends.sim.daily import Path
from quantgraph.backends.sim.program import closing_days
from quantgraph.backends.sim.streams import Ints, draw, stream_key
from quantgraph.domain.bars import SESSION_MINUTES, BarColumns, Column
from quantgraph.domain.calendar import Dates, dates_of
from quantgraph.domain.instruments import Instrument

MINUTES = SESSION_MINUTES
_WEIGHTS = session_weights()
_SCALES = (100, 1_000, 10_000)
_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Days:
    """Daily bars in ticks, the reference price before each, and each day's ticks per yuan."""

    days: Dates
    bars: Block
    previous: Ints
    scale: Ints

    def take(self, rows: slice) -> "Days":
        """Return the chosen days."""
        return Days(self.days[rows], self.bars.take(rows), self.previous[rows], self.scale[rows])

    def between(self, start: date | None, end: date | None) -> "Days":
        """Return the days from start to end, both included where given."""
        left = 0 if start is None else int(np.searchsorted(self.days, np.datetime64(start)))
        right = len(self.days)
        if end is not None:
            right = int(np.searchsorted(self.days, np.datetime64(end), side="right"))
        return self.take(slice(left, right))

    def minute_cut(self, seed: int, instrument: Instrument) -> Cut:
        """Return how the days of an instrument are cut into minutes."""
        key = stream_key(seed, instrument.symbol, "minutes")
        keys = draw(key, self.days.astype(np.int64))
        closing = closing_days(instrument.segment, self.days)
        return Cut(MINUTES, keys, self.scale, _WEIGHTS, closing=closing)


def of_path(path: Path) -> Days:
    """Return a generated path as days."""
    scale = np.full(len(path.days), path.scale, dtype=np.int64)
    return Days(path.days, path.bars, path.previous, scale)


def of_columns(columns: BarColumns) -> Days:
    """Return the days of imported daily bars on which something was traded."""
    sound = columns.values["volume"] > 0
    for name in (*_PRICES, "volume"):
        held = columns.valid.get(name)
        sound = sound if held is None else sound & held
    rows = columns.take(sound)
    prices = [rows.values[name] for name in _PRICES]
    scale = _finest(prices)
    opens, high, low, close = (np.rint(price * scale).astype(np.int64) for price in prices)
    bars = Block(opens, high, low, close, rows.values["volume"], amounts_of(rows))
    previous = _references(rows, close, scale)
    return Days(dates_of(rows.values["time"]), bars, previous, np.full(len(opens), scale))


def join(first: Days, second: Days) -> Days:
    """Return the days of both in a row."""
    return Days(
        np.concatenate([first.days, second.days]),
        stack([first.bars, second.bars]),
        np.concatenate([first.previous, second.previous]),
        np.concatenate([first.scale, second.scale]),
    )


def _references(rows: BarColumns, close: Ints, scale: int) -> Ints:
    """Return the imported reference prices; the close before where none was imported."""
    before = np.concatenate([close[:1], close[:-1]])
    if "previous_close" not in rows.values:
        return before
    held = rows.valid.get("previous_close", np.ones(rows.length, dtype=np.bool_))
    told = np.where(held, rows.values["previous_close"], 0.0)
    return np.where(held, np.rint(told * scale).astype(np.int64), before)


def amounts_of(rows: BarColumns) -> Column:
    """Return the amounts; where none was imported, the middle price times the volume."""
    prices = [rows.values[name] for name in _PRICES]
    guess = np.floor((prices[0] + prices[1] + prices[2] + prices[3]) / 4 * rows.values["volume"])
    if "amount" not in rows.values:
        return guess
    held = rows.valid.get("amount")
    amount = rows.values["amount"]
    return amount if held is None else np.where(held, amount, guess)


def _finest(prices: list[Column]) -> int:
    """Return the coarsest scale in which all prices are whole ticks."""
    for scale in _SCALES:
        if all(np.all(np.abs(price * scale - np.rint(price * scale)) < 1e-6) for price in prices):
            return scale
    return _SCALES[-1]
