"""What a stored series is called, and how its rows are cut into chunks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from quantgraph.domain.bars import BAR_FIELDS, Period
from quantgraph.domain.calendar import Dates, Times, dates_of
from quantgraph.domain.ticks import TICK_FIELDS, TickKind

BAR = "BAR"


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """One stored series: bars of a period, or a tick recording (`period` is then empty)."""

    kind: str
    symbol: str
    period: str = ""

    @classmethod
    def bars(cls, symbol: str, period: Period) -> "SeriesKey":
        """Return the key of a bar series."""
        return cls(BAR, symbol, period.value)

    @classmethod
    def ticks(cls, symbol: str, kind: TickKind) -> "SeriesKey":
        """Return the key of a recording."""
        return cls(kind.value, symbol)

    @property
    def daily(self) -> bool:
        """Whether there is at most one row per day, stamped 00:00."""
        return self.kind == BAR and not Period(self.period).minutes

    @property
    def dtypes(self) -> Mapping[str, str]:
        """Return the numpy type per column name."""
        if self.kind == BAR:
            return {field.name: field.dtype for field in BAR_FIELDS.values()}
        return TICK_FIELDS[TickKind(self.kind)]

    def spans(self, times: Times) -> Times:
        """Return the chunk of each stamp: its year, its month or its day (see `span_unit`)."""
        return dates_of(times).astype(f"datetime64[{self.span_unit}]").astype(np.int64)

    @property
    def span_unit(self) -> str:
        """A year (Y) for a day and longer, a month (M) for minutes, a day (D) for ticks."""
        if self.kind != BAR:
            return "D"
        return "Y" if self.daily else "M"


def chunks_of(key: SeriesKey, times: Times) -> Iterator[tuple[int, slice]]:
    """Yield every chunk's span and its rows, for stamps in ascending order."""
    spans = key.spans(times)
    edges = np.flatnonzero(np.diff(spans)) + 1
    bounds = [0, *edges.tolist(), len(spans)]
    for start, stop in pairwise(bounds):
        if stop > start:
            yield int(spans[start]), slice(start, stop)


@dataclass(frozen=True, slots=True)
class DayRows:
    """Which days a chunk holds, and how many rows each: enough to cut it by date."""

    days: Dates
    counts: Times

    @classmethod
    def of(cls, times: Times) -> "DayRows":
        """Count the rows per day of ascending stamps."""
        days, counts = np.unique(dates_of(times), return_counts=True)
        return cls(days, counts.astype(np.int64))

    @classmethod
    def unpack(cls, first: date, bits: bytes, counts: bytes | None) -> "DayRows":
        """Read what `pack` wrote for a chunk whose first row is on the day `first`."""
        offsets = np.flatnonzero(np.unpackbits(np.frombuffer(bits, np.uint8)))
        days = np.datetime64(first, "D") + offsets
        if counts is None:
            return cls(days, np.ones(len(days), np.int64))
        return cls(days, np.frombuffer(counts, "<u4").astype(np.int64))

    def pack(self) -> tuple[bytes, bytes | None]:
        """Return one bit per calendar day from the first on, and the counts unless all are 1."""
        offsets = (self.days - self.days[0]).astype(np.int64)
        bits = np.zeros(int(offsets[-1]) + 1, np.uint8)
        bits[offsets] = 1
        plain = bool((self.counts == 1).all())
        return np.packbits(bits).tobytes(), None if plain else self.counts.astype("<u4").tobytes()

    def before(self, day: date) -> int:
        """Return how many rows lie before `day`."""
        held = int(np.searchsorted(self.days, np.datetime64(day, "D"), side="left"))
        return int(self.counts[:held].sum())
