"""Bars of many symbols as random walks: what all peers of a run are given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from quantgraph.config import CalendarConfig
from quantgraph.domain.bars import BarColumns, Period
from quantgraph.domain.calendar import TradingCalendar, day_start
from quantgraph.services.calendar import load_calendar

FIELDS = ("time", "open", "high", "low", "close", "volume", "amount")
TABLES = {Period.MIN_1: "minutes", Period.DAY_1: "days"}
_SESSION = np.concatenate([np.arange(570, 690), np.arange(780, 900)]) * 60_000
_LAST_DAY = date(2024, 6, 28)
_BATCH = 100
Batch = Sequence[tuple[str, BarColumns]]


def random_bars(times: np.ndarray, seed: int) -> BarColumns:
    """Return a random walk of prices in hundredths, with lots and money to match."""
    random = np.random.default_rng(seed)
    length = len(times)
    close = random.integers(500, 20_000) + np.cumsum(random.integers(-3, 4, length))
    close = np.maximum(close, 100)
    opened = np.concatenate([close[:1], close[:-1]])
    high = np.maximum(opened, close) + random.integers(0, 4, length)
    low = np.minimum(opened, close) - random.integers(0, 4, length)
    volume = random.integers(1, 2_000, length) * 100
    prices = dict(zip(FIELDS[1:5], (opened, high, low, close), strict=True))
    columns = {name: column / 100 for name, column in prices.items()}
    amount = np.round(close * volume / 100, 2)
    return BarColumns(length, {"time": times, **columns, "volume": volume, "amount": amount})


@dataclass(frozen=True, slots=True)
class Size:
    """How many symbols, and how many bars each."""

    symbols: int
    minutes: int
    days: int

    @property
    def rows(self) -> int:
        """Return the bars of all symbols."""
        return self.symbols * (self.minutes + self.days)


@dataclass(frozen=True, slots=True)
class Data:
    """The bars, made anew whenever they are asked for."""

    size: Size
    calendar: TradingCalendar

    @classmethod
    def of(cls, size: Size, folder: Path) -> "Data":
        """Prepare bars that end on a fixed day."""
        return cls(size, load_calendar(CalendarConfig(), folder))

    @property
    def names(self) -> list[str]:
        """Return all symbols."""
        return [f"{600_000 + place}.SH" for place in range(self.size.symbols)]

    def times(self, period: Period) -> np.ndarray:
        """Return the stamps that every symbol has."""
        minutes = period is Period.MIN_1
        days = -(-self.size.minutes // 240) if minutes else self.size.days
        held = self.calendar.between(date(2015, 1, 5), _LAST_DAY)[-days:]
        starts = np.array([day_start(day) for day in held.tolist()], np.int64)
        if not minutes:
            return starts
        return (starts[:, None] + _SESSION[None, :]).ravel()[-self.size.minutes :]

    def batches(self, period: Period) -> Iterator[Batch]:
        """Yield the bars of a hundred symbols at a time."""
        times, names = self.times(period), self.names
        for first in range(0, len(names), _BATCH):
            part = enumerate(names[first : first + _BATCH], first)
            yield [(symbol, random_bars(times, seed)) for seed, symbol in part]
