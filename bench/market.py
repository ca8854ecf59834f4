"""Minute bars for the benches, written straight through the store's writer."""

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np

from quantgraph.config import CalendarConfig
from quantgraph.domain.bars import BarColumns, Period
from quantgraph.domain.calendar import day_start
from quantgraph.services.calendar import load_calendar
from quantgraph.store.market import MarketStore

_SESSION = np.concatenate([np.arange(570, 690), np.arange(780, 900)]) * 60_000
_LAST_DAY = date(2024, 6, 28)


def symbols(count: int) -> list[str]:
    """Return so many codes of Shanghai's main board."""
    return [f"{600_000 + place}.SH" for place in range(count)]


def minute_bars(times: np.ndarray, seed: int) -> BarColumns:
    """Return a random walk in hundredths, seven columns."""
    random = np.random.default_rng(seed)
    length = len(times)
    close = (10_000 + np.cumsum(random.integers(-3, 4, length))) / 100
    opened = np.concatenate([close[:1], close[:-1]])
    spread = random.integers(0, 4, length) / 100
    volume = random.integers(1, 2_000, length) * 100
    values = {
        "time": times,
        "open": opened,
        "high": np.maximum(opened, close) + spread,
        "low": np.minimum(opened, close) - spread,
        "close": close,
        "volume": volume,
        "amount": np.round(close * volume, 2),
    }
    return BarColumns(length, values)


def fill(data: Path, names: list[str], rows: int) -> Iterator[tuple[str, BarColumns]]:
    """Write so many minutes of every symbol into the mock store of a data folder."""
    folder = data / "mock"
    folder.mkdir(parents=True, exist_ok=True)
    calendar = load_calendar(CalendarConfig(), folder)
    count = math.ceil(rows / len(_SESSION))
    days = calendar.between(date(2021, 1, 4), _LAST_DAY)[-count:]
    starts = np.array([day_start(day) for day in days.tolist()], np.int64)
    times = (starts[:, None] + _SESSION[None, :]).ravel()[-rows:]
    store = MarketStore(folder)
    try:
        with store.write(calendar) as writer:
            for seed, symbol in enumerate(names):
                bars = minute_bars(times, seed)
                writer.put_bars(symbol, Period.MIN_1, bars)
                yield symbol, bars
    finally:
        store.close()
