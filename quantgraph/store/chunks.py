"""Writes series: cut into chunks, merged with what is held, one block per column."""

import sqlite3
from collections.abc import Mapping, Sequence

from quantgraph.domain.bars import BarColumns, Column, Mask, join_rows
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.sources import Source
from quantgraph.store import codec
from quantgraph.store.blocks import open_block
from quantgraph.store.merge import MergeCount, fill_columns, merge_rows
from quantgraph.store.series import DayRows, SeriesKey, chunks_of


class ChunkWriter:
    """Writes rows of series inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Write through an open transaction."""
        self._connection = connection

    def merge(self, key: SeriesKey, rows: BarColumns) -> MergeCount:
        """Put rows (ascending unique stamps) over the held ones; equal rows write nothing."""
        full = fill_columns(rows, key.dtypes)
        series = self.series_id(key)
        count = MergeCount()
        for span, part in chunks_of(key, full.values["time"]):
            held = self._held(series, span, key.dtypes)
            merged, change = merge_rows(held, full.take(part))
            if change.changed:
                self._write(key, (series, span), merged)
            count += change
        return count

    def replace_days(self, key: SeriesKey, rows: BarColumns) -> MergeCount:
        """Put whole days of a recording in place of the held ones (stamps may repeat)."""
        full = fill_columns(rows, key.dtypes)
        series = self.series_id(key)
        count = MergeCount()
        for span, part in chunks_of(key, full.values["time"]):
            new = full.take(part)
            before = self._hashes(series, span)
            if before == _hashes_of(new):
                count += MergeCount(unchanged=new.length)
                continue
            self._write(key, (series, span), new)
            count += MergeCount(replaced=new.length) if before else MergeCount(added=new.length)
        return count

    def drop_rows(self, key: SeriesKey, keep: Mapping[int, Mask]) -> None:
        """Keep only the masked rows of the spans named in `keep`."""
        series = self.series_id(key)
        for span, mask in keep.items():
            held = self._held(series, span, key.dtypes)
            if held is not None and mask.any():
                self._write(key, (series, span), held.take(mask))
            elif held is not None:
                self._delete(series, span)
                self.count_removal()

    def count_removal(self) -> None:
        """Tell readers that chunks are gone for which no newer ones stand (see `reader`)."""
        self._connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'removals'")

    def read_span(self, key: SeriesKey, span: int) -> BarColumns | None:
        """Return the held rows of one chunk, as this transaction sees them."""
        series = self.find_series(key)
        return None if series is None else self._held(series, span, key.dtypes)

    def read_columns(self, key: SeriesKey, names: Sequence[str]) -> BarColumns:
        """Return some columns of the whole series, as this transaction sees them."""
        dtypes = {name: key.dtypes[name] for name in names}
        query = "SELECT DISTINCT span FROM chunks WHERE series = ? ORDER BY span"
        series = self.find_series(key)
        spans = [row[0] for row in self._connection.execute(query, (series,)).fetchall()]
        held = [self._held(series, span, dtypes) for span in spans if series is not None]
        return join_rows([part for part in held if part is not None], dtypes)

    def find_series(self, key: SeriesKey) -> int | None:
        """Return the id of a series, None if nothing of it was ever stored."""
        query = "SELECT id FROM series WHERE kind = ? AND period = ? AND symbol = ?"
        row = self._connection.execute(query, (key.kind, key.period, key.symbol)).fetchone()
        return None if row is None else int(row[0])

    def series_id(self, key: SeriesKey) -> int:
        """Return the id of a series, made if it is new."""
        found = self.find_series(key)
        if found is not None:
            return found
        cursor = self._connection.execute(
            "INSERT INTO series (kind, period, symbol, source) VALUES (?, ?, ?, ?)",
            (key.kind, key.period, key.symbol, Source.IMPORTED.value),
        )
        return int(cursor.lastrowid or 0)

    def _held(self, series: int, span: int, dtypes: Mapping[str, str]) -> BarColumns | None:
        parts = self._connection.execute(
            "SELECT id, rows FROM chunks WHERE series = ? AND span = ? ORDER BY part",
            (series, span),
        ).fetchall()
        if not parts:
            return None
        held = [self._part(chunk, rows, dtypes) for chunk, rows in parts]
        return held[0] if len(held) == 1 else join_rows(held, dtypes)

    def _part(self, chunk: int, rows: int, dtypes: Mapping[str, str]) -> BarColumns:
        values: dict[str, Column] = {}
        valid: dict[str, Mask] = {}
        query = "SELECT name, hash, data FROM columns WHERE chunk = ?"
        for name, digest, data in self._connection.execute(query, (chunk,)):
            if name not in dtypes:
                continue
            block = open_block(data, digest, (chunk, name))
            if isinstance(block, GatewayError):
                raise block
            values[name] = block.values
            if block.valid is not None:
                valid[name] = block.valid
        return fill_columns(BarColumns(rows, values, valid), dtypes)

    def _hashes(self, series: int, span: int) -> Mapping[str, int]:
        query = (
            "SELECT name, hash FROM columns WHERE chunk IN "
            "(SELECT id FROM chunks WHERE series = ? AND span = ?)"
        )
        return dict(self._connection.execute(query, (series, span)).fetchall())

    def _delete(self, series: int, span: int) -> None:
        self._connection.execute("DELETE FROM chunks WHERE series = ? AND span = ?", (series, span))

    def _write(self, key: SeriesKey, place: tuple[int, int], rows: BarColumns) -> None:
        self._delete(*place)
        for part, cut in enumerate(key.parts(rows.values["time"])):
            self._insert((*place, part), rows.take(cut))

    def _insert(self, place: tuple[int, int, int], rows: BarColumns) -> None:
        times = rows.values["time"]
        first, last = int(times[0]), int(times[-1])
        bits, counts = DayRows.of(times).pack()
        cursor = self._connection.execute(
            "INSERT INTO chunks (series, span, part, rows, first, last, days, counts) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*place, rows.length, first, last, bits, counts),
        )
        blocks = [(cursor.lastrowid, *block) for block in _blocks_of(rows)]
        self._connection.executemany("INSERT INTO columns VALUES (?, ?, ?, ?)", blocks)


def _stored(rows: BarColumns) -> Sequence[tuple[str, Column, Mask | None]]:
    """Return the columns worth storing: those that have a value somewhere."""
    found: list[tuple[str, Column, Mask | None]] = []
    for name, values in rows.values.items():
        valid = rows.valid.get(name)
        if valid is not None and not valid.any():
            continue
        found.append((name, values, None if valid is None or valid.all() else valid))
    return found


def _hashes_of(rows: BarColumns) -> Mapping[str, int]:
    return {name: codec.content_hash(values, valid) for name, values, valid in _stored(rows)}


def _blocks_of(rows: BarColumns) -> Sequence[tuple[str, int, bytes]]:
    return [
        (name, codec.content_hash(values, valid), codec.encode(values, valid))
        for name, values, valid in _stored(rows)
    ]
