"""Takes series, or their older days, out of the store, and gives the room back."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from quantgraph.domain.bars import Mask, Period
from quantgraph.domain.calendar import Dates, day_of, day_start
from quantgraph.store.chunks import ChunkWriter
from quantgraph.store.series import BAR, DayRows, SeriesKey


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to go: of these symbols, of this period, on days before; None takes all.

    A period names bars; without one recordings go as well.
    """

    symbols: Sequence[str] | None = None
    period: Period | None = None
    before: date | None = None


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows of a series are taken; `whole` where none is left."""

    key: SeriesKey
    rows: int
    whole: bool


def find_prunable(connection: sqlite3.Connection, selection: Selection) -> Sequence[Pruned]:
    """Return what a selection takes of every series of which it takes anything."""
    query = (
        "SELECT s.kind, s.symbol, s.period, c.rows, c.first, c.last, c.days, c.counts "
        "FROM series s JOIN chunks c ON c.series = s.id "
        "WHERE (? IS NULL OR s.symbol IN (SELECT value FROM json_each(?))) "
        "AND (? IS NULL OR (s.kind = ? AND s.period = ?)) ORDER BY s.kind, s.period, s.symbol"
    )
    symbols = None if selection.symbols is None else json.dumps(list(selection.symbols))
    found: dict[SeriesKey, tuple[int, int]] = {}
    for *place, rows, first, last, bits, counts in connection.execute(
        query, (symbols, symbols, selection.period, BAR, selection.period)
    ):
        taken = rows
        if selection.before is not None and last >= day_start(selection.before):
            held = DayRows.unpack(day_of(first), bits, counts)
            taken = held.before(int(np.datetime64(selection.before, "D").astype(np.int64)))
        before = found.get(SeriesKey(*place), (0, 0))
        found[SeriesKey(*place)] = before[0] + taken, before[1] + rows
    return [Pruned(key, taken, taken == rows) for key, (taken, rows) in found.items() if taken]


class Pruner:
    """Takes rows out inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Write through an open transaction."""
        self._connection = connection
        self._chunks = ChunkWriter(connection)

    def take(self, pruned: Pruned, before: date | None) -> None:
        """Take a series, or its days before a date, with all that is known of those days."""
        series = self._chunks.find_series(pruned.key)
        if series is None:
            return
        if not pruned.whole and before is not None:
            self._chunks.drop_rows(pruned.key, self._kept(series, before))
            self._forget(series, before)
            return
        self._connection.execute("DELETE FROM chunks WHERE series = ?", (series,))
        self._chunks.count_removal()
        self._connection.execute("DELETE FROM stretches WHERE series = ?", (series,))
        self._connection.execute("DELETE FROM made_days WHERE series = ?", (series,))
        self._connection.execute("DELETE FROM series WHERE id = ?", (series,))

    def _kept(self, series: int, before: date) -> Mapping[int, Mask]:
        """Return by span which rows stay, of the spans that begin before a day."""
        query = (
            "SELECT span, first, days, counts FROM chunks WHERE series = ? AND span IN "
            "(SELECT span FROM chunks WHERE series = ? AND first < ?) ORDER BY span, part"
        )
        kept: dict[int, list[Mask]] = {}
        bound = np.datetime64(before, "D")
        found = self._connection.execute(query, (series, series, day_start(before)))
        for span, first, bits, counts in found:
            held = DayRows.unpack(day_of(first), bits, counts)
            kept.setdefault(span, []).append(_rows_since(held, bound))
        return {span: np.concatenate(masks) for span, masks in kept.items()}

    def _forget(self, series: int, before: date) -> None:
        day = before.isoformat()
        self._connection.execute(
            "DELETE FROM stretches WHERE series = ? AND last < ?", (series, day)
        )
        self._connection.execute(
            "UPDATE stretches SET first = ? WHERE series = ? AND first < ?", (day, series, day)
        )
        self._connection.execute(
            "DELETE FROM made_days WHERE series = ? AND day < ?", (series, day)
        )


def _rows_since(held: DayRows, bound: np.datetime64) -> Mask:
    days: Dates = np.repeat(held.days, held.counts)
    return days >= bound


def give_room(connection: sqlite3.Connection) -> None:
    """Shrink the file by the pages that nothing uses; readers go on meanwhile."""
    # as a script: a statement that gives rows without columns is stepped only once otherwise
    connection.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")
