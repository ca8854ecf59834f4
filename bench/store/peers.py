"""The stores that are measured, behind the same few calls."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb
import numpy as np
import pyarrow as pa

from bench.store.dataset import FIELDS, TABLES, Batch
from quantgraph.config import CacheConfig
from quantgraph.domain.bars import BarColumns, BarRequest, Period, Window
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.shelf import HeldBars
from quantgraph.store.market import MarketStore

OURS, FORGETFUL = "quantgraph", "quantgraph, no column kept in memory"
DUCKDB, INDEXED = "DuckDB", "DuckDB with an index"
Columns = Mapping[str, np.ndarray]
_MEMORY_BYTES = CacheConfig().columns_mb * 1_000_000


class Peer(Protocol):
    """A store of bars in files of its own."""

    def ingest(self, period: Period, batch: Batch) -> None:
        """Take bars and commit them."""

    def finish(self) -> None:
        """Do what an import does once at its end."""

    def last(self, symbol: str, rows: int) -> Columns:
        """Return the newest minutes of a symbol, all columns."""

    def panel(self, names: Sequence[str], fields: Sequence[str], since: int) -> Sequence[Columns]:
        """Return the days of many symbols from an instant on, in one piece or one a symbol."""

    def bytes(self) -> int:
        """Return the size of its files."""

    def close(self) -> None:
        """Close the files."""


class Ours:
    """The store of this project as the gateway opens it."""

    def __init__(
        self, folder: Path, calendar: TradingCalendar, memory: int = _MEMORY_BYTES
    ) -> None:
        self._calendar = calendar
        self.store = MarketStore(folder, memory)

    def ingest(self, period: Period, batch: Batch) -> None:
        with self.store.write(self._calendar) as writer:
            for symbol, bars in batch:
                writer.put_bars(symbol, period, bars)

    def finish(self) -> None:
        pass

    def last(self, symbol: str, rows: int) -> Columns:
        request = BarRequest((symbol,), Period.MIN_1, Window(last=rows), fields=FIELDS)
        return _held(self.store.read_bars(request)[0]).values

    def panel(self, names: Sequence[str], fields: Sequence[str], since: int) -> Sequence[Columns]:
        window = Window(start=since)
        request = BarRequest(tuple(names), Period.DAY_1, window, fields=tuple(fields))
        return [_held(each).values for each in self.store.read_bars(request)]

    def bytes(self) -> int:
        folder = self.store.file.parent
        return sum(file.stat().st_size for file in folder.glob("market.sqlite*"))

    def close(self) -> None:
        self.store.close()


class Duck:
    """DuckDB with a table of minutes and one of days, both in the order of symbol and time."""

    def __init__(self, folder: Path, *, indexed: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "bars.duckdb"
        self._indexed = indexed
        self.connection: Any = duckdb.connect(str(self._file))
        columns = "time BIGINT, open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, "
        for table in TABLES.values():
            self.connection.execute(
                f"CREATE TABLE IF NOT EXISTS {table} "
                f"(symbol VARCHAR, {columns} volume BIGINT, amount DOUBLE)"
            )

    def ingest(self, period: Period, batch: Batch) -> None:
        _append(self.connection, period, batch)

    def finish(self) -> None:
        if self._indexed:
            for table in TABLES.values():
                self.connection.execute(f"CREATE INDEX {table}_by ON {table} (symbol, time)")
        self.connection.execute("CHECKPOINT")

    def last(self, symbol: str, rows: int) -> Columns:
        query = (
            f"SELECT {', '.join(FIELDS)} FROM minutes WHERE symbol = ? ORDER BY time DESC LIMIT ?"
        )
        found = self.connection.execute(query, [symbol, rows]).fetchnumpy()
        return {name: column[::-1] for name, column in found.items()}

    def panel(self, names: Sequence[str], fields: Sequence[str], since: int) -> Sequence[Columns]:
        query = (
            f"SELECT {', '.join(fields)} FROM days WHERE symbol IN (SELECT unnest(?)) "
            f"AND time >= ? ORDER BY symbol, time"
        )
        return [self.connection.execute(query, [list(names), since]).fetchnumpy()]

    def append(self, period: Period, batch: Batch) -> None:
        """Take bars beside a reader: DuckDB lets one process only open a file that is written."""
        with self.connection.cursor() as cursor:
            _append(cursor, period, batch)

    def bytes(self) -> int:
        return self._file.stat().st_size

    def close(self) -> None:
        self.connection.close()


def _append(connection: Any, period: Period, batch: Batch) -> None:
    names = np.repeat([symbol for symbol, _ in batch], [bars.length for _, bars in batch])
    columns = {name: np.concatenate([bars.values[name] for _, bars in batch]) for name in FIELDS}
    connection.register("batch", pa.table({"symbol": names, **columns}))
    connection.execute(f"INSERT INTO {TABLES[period]} SELECT * FROM batch")
    connection.unregister("batch")


def _held(found: Any) -> BarColumns:
    assert isinstance(found, HeldBars), found
    return found.columns
