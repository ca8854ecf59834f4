"""Live bars: single rows, what a feed says of them, and the events of a stream."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from quantgraph.domain.bars import BAR_FIELDS, BarColumns, Column, Mask, Period
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState, StreamKind


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a series: `time` in epoch ms, prices in yuan, volume in shares.

    None where the source has no value.
    """

    time: int
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: int | None
    amount: float | None
    previous_close: float | None
    suspended: bool | None


@dataclass(frozen=True, slots=True)
class FormingBar:
    """The bar that is under way, as far as it has come."""

    bar: Bar
    source: Source


@dataclass(frozen=True, slots=True)
class BarWatch:
    """Whose bars, and how long each is."""

    symbol: str
    period: Period


@dataclass(frozen=True, slots=True)
class BarEvent:
    """One item of a stream of bars. The sequence is per symbol and period, within an epoch.

    `final`: the bar is over and comes once; else it is under way, and comes at each change.
    `data_source` is the bar's, `source` tells in a heartbeat whether the feed is connected.
    """

    kind: StreamKind
    epoch: str
    symbol: str
    period: Period
    bar: Bar | None = None
    final: bool | None = None
    data_source: Source | None = None
    sequence: int | None = None
    previous_sequence: int | None = None
    conflated_count: int | None = None
    source: SourceState | None = None


def rows_of(columns: BarColumns) -> list[Bar]:
    """Return whole columns row by row."""
    told = [_cells(columns, name) for name in BAR_FIELDS]
    return [Bar(*row) for row in zip(*told, strict=True)]


def columns_of(bars: list[Bar]) -> BarColumns:
    """Return rows as columns."""
    values: dict[str, Column] = {}
    valid: dict[str, Mask] = {}
    for name, field in BAR_FIELDS.items():
        cells = [getattr(bar, name) for bar in bars]
        mask = np.array([cell is not None for cell in cells])
        values[name] = np.array([0 if cell is None else cell for cell in cells], field.dtype)
        if not mask.all():
            valid[name] = mask
    return BarColumns(len(bars), values, valid)


def _cells(columns: BarColumns, name: str) -> list[Any]:
    values, missing = columns.values[name].tolist(), columns.missing(name)
    if missing is None:
        return values
    pairs = zip(values, missing.tolist(), strict=True)
    return [None if absent else value for value, absent in pairs]
