"""What a stored series is called, and how its rows are cut into chunks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

import numpy as np

from quantgraph.domain.bars import BAR_FIELDS, Period
from quantgraph.domain.calendar import Dates, Times, dates_of, day_of, day_start
from quantgraph.domain.ticks import TICK_FIELDS, TickKind

BAR = "BAR"
_YEARS = 4  # of daily bars in one span
_NEWEST_ROWS = 256  # a little more than the 250 that are asked for most


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

    def spans(self, days: Dates) -> Times:
        """Return the span of each day: four years, a month (minutes) or the day (ticks)."""
        if self.kind != BAR:
            return days.astype(np.int64)
        if self.daily:
            return days.astype("datetime64[Y]").astype(np.int64) // _YEARS
        return days.astype("datetime64[M]").astype(np.int64)

    def parts(self, times: Times) -> Sequence[slice]:
        """Return how the rows of a span are cut: long ones of bars keep their newest apart.

        Most questions are about the newest bars, and a chunk is always decoded whole.
        """
        cut = len(times) - _NEWEST_ROWS
        if self.kind != BAR or cut < _NEWEST_ROWS:
            return [slice(0, len(times))]
        # at the start of a day, so that no day lies in two chunks
        cut = int(times.searchsorted(day_start(day_of(int(times[cut])))))
        return [slice(0, cut), slice(cut, len(times))] if cut else [slice(0, len(times))]


def chunks_of(key: SeriesKey, times: Times) -> Iterator[tuple[int, slice]]:
    """Yield every span and its rows, for stamps in ascending order."""
    spans = key.spans(dates_of(times))
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
    # how many rows there are up to the end of each day
    ends: Times = field(init=False)

    def __post_init__(self) -> None:
        """Sum up the counts once: every read cuts by them."""
        object.__setattr__(self, "ends", np.cumsum(self.counts))

    @classmethod
    def of(cls, times: Times) -> "DayRows":
        """Count the rows per day of ascending stamps."""
        days, counts = np.unique(dates_of(times), return_counts=True)
        return cls(days, counts.astype(np.int64))

    @classmethod
    def unpack(cls, first: date, bits: bytes, counts: bytes | None) -> "DayRows":
        """Read what `pack` wrote for a chunk whose first row is on the day `first`."""
        offsets = np.flatnonzero(np.unpackbits(np.frombuffer(bits, np.uint8)))
        days = np.datetime64(first, "D") + offsets.astype("timedelta64[D]")
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

    def before(self, day: int) -> int:
        """Return how many rows lie before a day, counted in days since 1970."""
        held = int(self.days.view(np.int64).searchsorted(day))
        return int(self.ends[held - 1]) if held else 0

    def within(self, start: int, stop: int) -> Dates:
        """Return the days that the rows from start to stop lie on."""
        if stop - start == self.ends[-1]:
            return self.days
        first = int(self.ends.searchsorted(start, side="right"))
        last = int(self.ends.searchsorted(stop - 1, side="right"))
        return self.days[first : last + 1]
