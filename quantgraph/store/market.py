"""The market store: one SQLite file of column chunks and row tables, one writer, many readers."""

import sqlite3
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.calendar import TradingCalendar, day_of
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import GatewayError, StartupError
from quantgraph.domain.financials.tables import FinancialRequest
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sectors import IndexWeight, Sector
from quantgraph.domain.shelf import HeldBars, Reports
from quantgraph.domain.ticks import TickColumns, TickRequest
from quantgraph.store import events, history, reference, reports
from quantgraph.store.blocks import open_block
from quantgraph.store.counter import ReadCounter
from quantgraph.store.reader import Reader
from quantgraph.store.schema import connect, open_file
from quantgraph.store.series import BAR
from quantgraph.store.writer import MarketWriter


@dataclass(frozen=True, slots=True)
class LastClose:
    """The newest held daily bar of a symbol."""

    day: date
    close: float
    previous_close: float | None


class MarketStore:
    """Reads are synchronous and may run in any thread at once; writes are one at a time.

    What is read comes back with the types of `domain`; `counter` tells which columns and how many
    bytes were read. Reads raise Unavailable STORE_UNAVAILABLE where the file fails.
    """

    def __init__(self, folder: Path) -> None:
        """Open or make `market.sqlite` in the data folder (see `schema.open_file` for errors)."""
        self.file = open_file(folder)
        self._reader = Reader(self.file)
        self._writing = threading.Lock()

    @property
    def counter(self) -> ReadCounter:
        """Return the counter of everything read so far."""
        return self._reader.counter

    def close(self) -> None:
        """Close all connections; later reads fail."""
        self._reader.close()

    @contextmanager
    def write(self, calendar: TradingCalendar) -> Generator[MarketWriter]:
        """Give a writer whose work is committed as a whole at the end, and not at all on an error.

        Raises StartupError IMPORT_FAILED if the file cannot be written, or another process
        writes for half a minute.
        """
        with self._writing:
            connection = connect(self.file)
            try:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("BEGIN IMMEDIATE")
                before = connection.total_changes
                yield MarketWriter(connection, calendar)
                if connection.total_changes != before:
                    connection.execute("UPDATE meta SET value = value + 1")
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                text = f"Cannot write the store {self.file}: {error}. Nothing was changed."
                raise StartupError(Reason.IMPORT_FAILED, text, file=str(self.file)) from error
            finally:
                connection.close()

    def read_bars(self, request: BarRequest) -> Sequence[HeldBars | GatewayError | None]:
        """Return the bars per symbol in order, None where the series is not held at all.

        One transaction for all symbols. Only the columns in `fields` are read, and a time column
        besides only where a bound of the window falls inside a day.
        """
        return history.read_bars(self._reader, request)

    def read_ticks(self, request: TickRequest) -> TickColumns | None:
        """Return the first `limit` rows in the span, None where no recording is held."""
        return history.read_ticks(self._reader, request)

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Return what is listed of the symbols; bars alone make a symbol listed."""
        with self._reader.snapshot() as snapshot:
            return reference.load_instruments(snapshot.connection, symbols)

    def search(self, text: str | None, first: int, after: str | None) -> Sequence[Instrument]:
        """Return up to `first` instruments after a symbol, in symbol order."""
        with self._reader.snapshot() as snapshot:
            return reference.search_instruments(snapshot.connection, text, first, after)

    def sectors(self) -> Sequence[Sector]:
        """Return all sectors by name."""
        with self._reader.snapshot() as snapshot:
            return reference.load_sectors(snapshot.connection)

    def sector(self, name: str) -> Sector | None:
        """Return one sector, or None."""
        with self._reader.snapshot() as snapshot:
            return next(iter(reference.load_sectors(snapshot.connection, name)), None)

    def weights(self, index_symbol: str) -> Sequence[IndexWeight]:
        """Return the newest held weights of an index, heaviest first."""
        with self._reader.snapshot() as snapshot:
            return reference.load_weights(snapshot.connection, index_symbol)

    def dividends(self, symbols: Sequence[str]) -> Mapping[str, Sequence[Dividend] | None]:
        """Return the events of every symbol with bars or dividends; None: not told by them."""
        with self._reader.snapshot() as snapshot:
            return events.load_events(snapshot.connection, symbols)

    def financials(self, request: FinancialRequest) -> Mapping[str, Reports]:
        """Return the asked statements of every symbol that has any report held."""
        with self._reader.snapshot() as snapshot:
            return reports.load_reports(snapshot.connection, request, self.counter)

    def symbols(self, period: Period) -> frozenset[str]:
        """Return the symbols that have bars of a period."""
        query = (
            "SELECT symbol FROM series s WHERE kind = ? AND period = ? "
            "AND EXISTS (SELECT 1 FROM chunks c WHERE c.series = s.id)"
        )
        with self._reader.snapshot() as snapshot:
            rows = snapshot.connection.execute(query, (BAR, period.value))
            return frozenset(row[0] for row in rows)

    def newest_daily(self) -> date | None:
        """Return the day of the newest daily bar of any symbol; None if there is none."""
        query = (
            "SELECT max(c.last) FROM chunks c JOIN series s ON s.id = c.series "
            "WHERE s.kind = ? AND s.period = ?"
        )
        with self._reader.snapshot() as snapshot:
            row = snapshot.connection.execute(query, (BAR, Period.DAY_1.value)).fetchone()
        return None if row[0] is None else day_of(row[0])

    def last_close(self, symbol: str) -> LastClose | None:
        """Return the newest held daily bar's close; None if no daily bar is held."""
        fields = ("close", "previous_close")
        request = BarRequest((symbol,), Period.DAY_1, Window(last=1), fields=fields)
        held = self.read_bars(request)[0]
        if not isinstance(held, HeldBars):
            return None
        missing = held.columns.missing("previous_close")
        known = missing is None or not bool(missing[0])
        previous = float(held.columns.values["previous_close"][0]) if known else None
        return LastClose(day_of(held.last), float(held.columns.values["close"][0]), previous)

    def verify(self) -> Sequence[str]:
        """Decode and hash every stored column; return a line per fault, none if all is well."""
        faults: list[str] = []
        with self._reader.snapshot() as snapshot:
            rows = snapshot.connection.execute(
                "SELECT s.kind, s.symbol, s.period, c.span, c.rows, k.chunk, k.name, k.hash, "
                "k.data FROM columns k JOIN chunks c ON c.id = k.chunk "
                "JOIN series s ON s.id = c.series"
            )
            for *place, length, chunk, name, digest, data in rows:
                block = open_block(data, digest, (chunk, name))
                found = block.message if isinstance(block, GatewayError) else None
                if not isinstance(block, GatewayError) and len(block[0]) != length:
                    found = f"column {name} has {len(block[0])} rows, not {length}"
                if found:
                    faults.append(f"{' '.join(map(str, place))}: {found}")
        return faults
