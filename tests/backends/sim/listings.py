"""A small imported store for tests: real columns, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from quantgraph.backends.sim.listings import Anchor
from quantgraph.domain.bars import BarColumns
from quantgraph.domain.calendar import dates_of
from quantgraph.domain.instruments import Instrument


@dataclass
class Shelf:
    """Imported instruments and daily bars by symbol; counts how often it is asked."""

    held: dict[str, Instrument] = field(default_factory=dict)
    bars: dict[str, BarColumns] = field(default_factory=dict)
    minutes: dict[str, float] = field(default_factory=dict)
    asked: int = 0
    imports: int = 0

    def version(self) -> int:
        return self.imports

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        self.asked += 1
        return {symbol: self.held[symbol] for symbol in symbols if symbol in self.held}

    def anchors(self, symbols: Sequence[str], before: date) -> Mapping[str, Anchor]:
        held = {s: self.daily(s, None, before - timedelta(days=1)) for s in symbols}
        return {s: _anchor(rows) for s, rows in held.items() if rows is not None and rows.length}

    def levels(self, symbols: Sequence[str], before: date) -> Mapping[str, float]:
        del before
        return {symbol: self.minutes[symbol] for symbol in symbols if symbol in self.minutes}

    def daily(self, symbol: str, start: date | None, end: date | None) -> BarColumns | None:
        columns = self.bars.get(symbol)
        if columns is None:
            return None
        days = dates_of(columns.values["time"])
        inside = np.ones(len(days), dtype=np.bool_)
        if start is not None:
            inside &= days >= np.datetime64(start)
        if end is not None:
            inside &= days <= np.datetime64(end)
        return columns.take(inside)


def _anchor(columns: BarColumns) -> Anchor:
    day: date = dates_of(columns.values["time"])[-1].astype(object)
    volume = int(columns.values["volume"][-1])
    return Anchor(day, float(columns.values["close"][-1]), volume)
