"""Which chunks exist, kept in memory per series, and which of their rows a window takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from quantgraph.domain.bars import Window
from quantgraph.domain.calendar import DAY_MS, OFFSET_MS, Dates, Times, day_of
from quantgraph.domain.sources import Source
from quantgraph.store.series import DayRows, SeriesKey


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows start to stop of one chunk; `rows` is its whole length, `place` its own in the index."""

    place: int
    chunk: int
    start: int
    stop: int
    rows: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One chunk as the index states it."""

    chunk: int
    rows: int
    first: int
    last: int
    bits: bytes
    counts: bytes | None


@dataclass(slots=True)
class SeriesIndex:
    """The chunks of one series in time order. Never changed after it was built."""

    key: SeriesKey
    source: Source
    entries: Sequence[Entry]
    _days: dict[int, DayRows] = field(default_factory=dict[int, DayRows])

    @property
    def first(self) -> int:
        """Return the first held stamp."""
        return self.entries[0].first

    @property
    def last(self) -> int:
        """Return the last held stamp."""
        return self.entries[-1].last

    def select(self, window: Window, stamps: Callable[[int], Times]) -> list[Piece]:
        """Return the rows in the window; `last` counts back from its end.

        `stamps` reads the time column of a chunk: asked only where a bound falls inside a day.
        """
        pieces: list[Piece] = []
        wanted = window.last
        for place in range(len(self.entries) - 1, -1, -1):
            entry = self.entries[place]
            if window.start is not None and entry.last < window.start:
                break
            stop = self._stop(place, window.end, stamps)
            start = self._start(place, window.start, stamps)
            if wanted is not None:
                start = max(start, stop - wanted)
            if start < stop:
                pieces.append(Piece(place, entry.chunk, start, stop, entry.rows))
                wanted = None if wanted is None else wanted - (stop - start)
            if wanted == 0:
                break
        return pieces[::-1]

    def dates(self, pieces: Sequence[Piece]) -> Dates:
        """Return the days that the selected rows lie on, ascending; a day may stand twice."""
        parts = [self._day_rows(each.place).within(each.start, each.stop) for each in pieces]
        return np.concatenate(parts) if parts else np.empty(0, "datetime64[D]")

    def _start(self, place: int, start: int | None, stamps: Callable[[int], Times]) -> int:
        entry = self.entries[place]
        if start is None or start <= entry.first:
            return 0
        return self._before(place, start, stamps)

    def _stop(self, place: int, end: int | None, stamps: Callable[[int], Times]) -> int:
        entry = self.entries[place]
        if end is None or end >= entry.last:
            return entry.rows
        return 0 if end < entry.first else self._before(place, end + 1, stamps)

    def _before(self, place: int, instant: int, stamps: Callable[[int], Times]) -> int:
        """Return how many rows of the chunk are stamped before `instant`."""
        # A daily bar is stamped at midnight, so it is before an instant if its day has begun.
        day, rest = divmod(instant + OFFSET_MS, DAY_MS)
        if self.key.daily:
            return self._day_rows(place).before(day + bool(rest))
        if not rest:
            return self._day_rows(place).before(day)
        times = stamps(self.entries[place].chunk)
        return int(np.searchsorted(times, instant, side="left"))

    def _day_rows(self, place: int) -> DayRows:
        found = self._days.get(place)
        if found is None:
            entry = self.entries[place]
            found = DayRows.unpack(day_of(entry.first), entry.bits, entry.counts)
            self._days[place] = found
        return found
