"""Many readers beside one writer: a connection per thread, a consistent snapshot per read."""

import json
import sqlite3
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.store.catalog import Entry, SeriesIndex
from quantgraph.store.counter import ReadCounter
from quantgraph.store.memory import ColumnMemory
from quantgraph.store.schema import connect
from quantgraph.store.series import SeriesKey

_MOST_SERIES = 8192
Found = dict[SeriesKey, SeriesIndex | None]
_UNREAD = SeriesIndex(SeriesKey("", ""), Source.IMPORTED, ())


@dataclass(frozen=True, slots=True)
class Generation:
    """Which chunks there were after one commit, as far as was asked; threads share it.

    `removals` counts the commits that took chunks away without others in their place, `top` is the
    highest chunk. Both tell the next generation which series are as they were.
    """

    number: int
    removals: int | None = None
    top: int = 0
    catalog: Found = field(default_factory=dict[SeriesKey, SeriesIndex | None])


class Snapshot:
    """One read transaction: what it sees does not change while an import commits."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        current: Generation,
        memory: ColumnMemory,
        counter: ReadCounter,
    ) -> None:
        """Wrap an open transaction and what is remembered."""
        self.connection = connection
        self.generation = current.number
        self.memory = memory
        self.counter = counter
        self._catalog = current.catalog

    def indexes(self, keys: Sequence[SeriesKey]) -> Mapping[SeriesKey, SeriesIndex | None]:
        """Return the chunk index per key, None where nothing is held; one query at most."""
        known = {key: self._catalog.get(key, _UNREAD) for key in keys}
        unread = [key for key, index in known.items() if index is _UNREAD]
        loaded = _load_indexes(self.connection, unread) if unread else {}
        if len(self._catalog) + len(loaded) > _MOST_SERIES:
            self._catalog.clear()
        self._catalog.update(loaded)
        # other threads share the catalog: what was looked up above is answered from here
        return {**{k: i for k, i in known.items() if i is not _UNREAD}, **loaded}


class Reader:
    """Hands out snapshots; the chunk index is kept until a commit changes the generation."""

    def __init__(self, file: Path, memory: int) -> None:
        """Open nothing yet; each thread gets its connection when it first reads.

        At most `memory` bytes of decoded columns are remembered.
        """
        self.counter = ReadCounter()
        self._file = file
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[sqlite3.Connection] = []
        self._closed = False
        self._memory = ColumnMemory(memory)
        self._newest = Generation(-1)

    @contextmanager
    def snapshot(self) -> Generator[Snapshot]:
        """Give a consistent view. Raises Unavailable STORE_UNAVAILABLE if the file fails."""
        try:
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                self.counter.begin()
                yield Snapshot(connection, self._current(connection), self._memory, self.counter)
            finally:
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            text = f"The store {self._file} cannot be read: {error}."
            raise Unavailable(Reason.STORE_UNAVAILABLE, text, file=str(self._file)) from error

    def close(self) -> None:
        """Close every thread's connection; a later read fails."""
        with self._lock:
            self._closed = True
            for connection in self._open:
                connection.close()
            self._open.clear()

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            with self._lock:
                if self._closed:
                    raise sqlite3.ProgrammingError("it is closed")
                found = connect(self._file, read_only=True)
                self._open.append(found)
            self._local.connection = found
        return found

    def _current(self, connection: sqlite3.Connection) -> Generation:
        query = "SELECT value FROM meta WHERE name = 'generation'"
        number = int(connection.execute(query).fetchone()[0])
        newest = self._newest
        if newest.number == number:
            return newest
        # A slower thread may still see the generation before: it gets one of its own.
        if number < newest.number:
            return Generation(number)
        self._newest = _following(connection, newest, number)
        return self._newest


def _following(connection: sqlite3.Connection, before: Generation, number: int) -> Generation:
    """Return a later generation, which knows of every series that has not changed since."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'removals'").fetchone()
    removals = None if row is None else int(row[0])
    top = int(connection.execute("SELECT coalesce(max(id), 0) FROM chunks").fetchone()[0])
    if removals is None or removals != before.removals:
        return Generation(number, removals, top)
    catalog = dict(before.catalog)
    # A chunk is never changed and its number never given again, so what changed has newer ones.
    changed = connection.execute(
        "SELECT DISTINCT s.kind, s.symbol, s.period FROM chunks c JOIN series s ON s.id = c.series "
        "WHERE c.id > ?",
        (before.top,),
    )
    for key in changed:
        catalog.pop(SeriesKey(*key), None)
    return Generation(number, removals, top, catalog)


def _load_indexes(connection: sqlite3.Connection, keys: Sequence[SeriesKey]) -> Found:
    found: Found = dict.fromkeys(keys)
    for (kind, period), group in groupby(sorted(keys, key=_sort), key=lambda k: (k.kind, k.period)):
        rows = connection.execute(
            "SELECT s.symbol, s.source, c.id, c.rows, c.first, c.last, c.days, c.counts "
            "FROM series s JOIN chunks c ON c.series = s.id WHERE s.kind = ? AND s.period = ? "
            "AND s.symbol IN (SELECT value FROM json_each(?)) ORDER BY s.symbol, c.span, c.part",
            (kind, period, json.dumps([key.symbol for key in group])),
        )
        for (symbol, source), parts in groupby(rows, key=itemgetter(0, 1)):
            key = SeriesKey(kind, symbol, period)
            found[key] = SeriesIndex(key, Source(source), [Entry(*part[2:]) for part in parts])
    return found


def _sort(key: SeriesKey) -> tuple[str, str, str]:
    return key.kind, key.period, key.symbol
