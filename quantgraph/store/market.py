"""The market store: one SQLite file of column chunks and row tables, one writer, many readers."""

import sqlite3
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from quantgraph.domain.bars import BarColumns, BarRequest, Period, Window
from quantgraph.domain.calendar import TradingCalendar, day_of, day_start
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import GatewayError, StartupError
from quantgraph.domain.financials.tables import FinancialRequest
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.reasons import Reason
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, Sector
from quantgraph.domain.shelf import HeldBars, Reports
from quantgraph.domain.ticks import TickColumns, TickRequest
from quantgraph.store import events, history, reference, reports, sectors
from quantgraph.store.counter import ReadCounter
from quantgraph.store.inventory import (
    Holding,
    SeriesHolding,
    find_faults,
    list_holdings,
    list_minute_days,
    list_series,
    list_shown_days,
)
from quantgraph.store.prune import Pruned, Selection, find_prunable, give_room
from quantgraph.store.reader import Reader
from quantgraph.store.schema import connect, open_file
from quantgraph.store.series import BAR, SeriesKey
from quantgraph.store.version import FileVersion
from quantgraph.store.writer import MarketWriter

_NEXT = "UPDATE meta SET value = value + 1 WHERE name = 'generation'"
_DAILY = ("time", "open", "high", "low", "close", "volume", "amount", "previous_close")


@dataclass(frozen=True, slots=True)
class LastClose:
    """The newest held bar of a symbol."""

    day: date
    close: float
    previous_close: float | None
    volume: int | None


class MarketStore:
    """Reads are synchronous and may run in any thread at once; writes are one at a time.

    What is read comes back with the types of `domain`; `counter` tells which columns and how many
    bytes were read. Reads raise Unavailable STORE_UNAVAILABLE where the file fails.
    """

    def __init__(self, folder: Path, memory: int = 0) -> None:
        """Open or make `market.sqlite` in the data folder (see `schema.open_file` for errors).

        At most `memory` bytes of decoded columns are kept; no commit makes them wrong.
        """
        self.file = open_file(folder)
        self._reader = Reader(self.file, memory)
        self._version = FileVersion(self.file)
        self._writing = threading.Lock()

    @property
    def counter(self) -> ReadCounter:
        """Return the counter of everything read so far."""
        return self._reader.counter

    def close(self) -> None:
        """Close all connections; later reads fail."""
        self._reader.close()
        self._version.close()

    @contextmanager
    def write(self, calendar: TradingCalendar) -> Generator[MarketWriter]:
        """Give a writer whose work is committed as a whole at the end, and not at all on an error.

        Raises StartupError IMPORT_FAILED if the file cannot be opened or written, or another
        process writes for half a minute.
        """
        try:
            with self._writing, closing(connect(self.file)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("BEGIN IMMEDIATE")
                # A store of an older program counts no removals yet.
                connection.execute("INSERT OR IGNORE INTO meta VALUES ('removals', 0)")
                before = connection.total_changes
                yield MarketWriter(connection, calendar)
                if connection.total_changes != before:
                    connection.execute(_NEXT)
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            text = f"Cannot write the store {self.file}: {error}. Nothing was changed."
            raise StartupError(Reason.IMPORT_FAILED, text, file=str(self.file)) from error

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

    def search(
        self, search: InstrumentSearch, first: int, after: str | None
    ) -> Sequence[Instrument]:
        """Return up to `first` instruments after a symbol, in symbol order."""
        with self._reader.snapshot() as snapshot:
            return reference.search_instruments(snapshot.connection, search, first, after)

    def sectors(self) -> Sequence[Sector]:
        """Return all sectors by name."""
        with self._reader.snapshot() as snapshot:
            return sectors.load_sectors(snapshot.connection)

    def sector(self, name: str, day: date | None = None) -> Sector | None:
        """Return one sector (as of a day), or None. Raises Unsupported DATE_NOT_HELD."""
        with self._reader.snapshot() as snapshot:
            return sectors.load_sector(snapshot.connection, name, day)

    def sector_names(self) -> frozenset[str]:
        """Return the names of all sectors."""
        with self._reader.snapshot() as snapshot:
            rows = snapshot.connection.execute("SELECT name FROM sectors")
            return frozenset(row[0] for row in rows)

    def sectors_of(self, symbols: Sequence[str]) -> Sequence[Sector]:
        """Return the sectors by name that any of the symbols is in now."""
        with self._reader.snapshot() as snapshot:
            return sectors.load_sectors_of(snapshot.connection, symbols)

    def weights(self, index_symbol: str, day: date | None = None) -> Sequence[IndexWeight]:
        """Return the newest held weights of an index (not after a day), heaviest first.

        Raises Unsupported DATE_NOT_HELD.
        """
        with self._reader.snapshot() as snapshot:
            return reference.load_weights(snapshot.connection, index_symbol, day)

    def dividends(
        self, symbols: Sequence[str], period: Period | None = None
    ) -> Mapping[str, Sequence[Dividend] | None]:
        """Return the events of every symbol with bars or dividends; None: not told by them.

        With a period, only of symbols with bars of it or of the day: minutes that are made inside
        held days share their events, bars that are made from nothing do not.
        """
        with self._reader.snapshot() as snapshot:
            if period is not None:
                periods = {Period.DAY_1, period}
                keys = [SeriesKey.bars(symbol, each) for symbol in symbols for each in periods]
                indexes = snapshot.indexes(keys)
                symbols = sorted({key.symbol for key in keys if indexes[key] is not None})
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

    def version(self) -> bytes:
        """Return a value that differs after every commit; costs no transaction, never waits."""
        return self._version.now()

    def generation(self) -> int:
        """Return the number of imports that changed anything."""
        with self._reader.snapshot() as snapshot:
            return snapshot.generation

    def newest_daily(self) -> date | None:
        """Return the day of the newest daily bar of any symbol; None if there is none."""
        return self._newest("WHERE s.kind = ? AND s.period = ?", (BAR, Period.DAY_1.value))

    def newest_day(self) -> date | None:
        """Return the day of the newest bar or tick of any symbol; None if there is none."""
        return self._newest("", ())

    def recorded_days(self) -> Mapping[str, Sequence[date]]:
        """Return per symbol the days, ascending, of which displays are recorded."""
        with self._reader.snapshot() as snapshot:
            return list_shown_days(snapshot.connection)

    def minute_days(self) -> Mapping[str, Sequence[date]]:
        """Return per symbol the days, ascending, of which minute bars are held."""
        with self._reader.snapshot() as snapshot:
            return list_minute_days(snapshot.connection)

    def last_closes(
        self,
        symbols: Sequence[str],
        before: date | None = None,
        period: Period = Period.DAY_1,
    ) -> Mapping[str, LastClose]:
        """Return the newest held bar, or the newest before a day, of those that have any."""
        fields = ("time", "close", "previous_close", "volume")
        window = Window(end=None if before is None else day_start(before) - 1, last=1)
        request = BarRequest(tuple(symbols), period, window, fields=fields)
        found = zip(symbols, self.read_bars(request), strict=True)
        return {
            symbol: _last_close(held)
            for symbol, held in found
            if isinstance(held, HeldBars) and held.columns.length
        }

    def daily_bars(self, symbol: str, start: date | None, end: date | None) -> BarColumns | None:
        """Return the daily bars of the days, both included; None if no daily bar is held."""
        window = Window(start and day_start(start), end and day_start(end))
        held = self.read_bars(BarRequest((symbol,), Period.DAY_1, window, fields=_DAILY))[0]
        if isinstance(held, GatewayError):
            raise held
        return None if held is None else held.columns

    def _newest(self, where: str, values: Sequence[str]) -> date | None:
        query = f"SELECT max(c.last) FROM chunks c JOIN series s ON s.id = c.series {where}"  # noqa: S608 - literals of the callers
        with self._reader.snapshot() as snapshot:
            row = snapshot.connection.execute(query, values).fetchone()
        return None if row[0] is None else day_of(row[0])

    def holdings(self) -> Sequence[Holding]:
        """Return what is held by kind and period, with row counts and bytes."""
        with self._reader.snapshot() as snapshot:
            return list_holdings(snapshot.connection)

    def list_series(
        self, calendar: TradingCalendar, symbols: Sequence[str] | None = None
    ) -> Sequence[SeriesHolding]:
        """Return every held series, or those of some symbols, with its gaps."""
        with self._reader.snapshot() as snapshot:
            return list(list_series(snapshot.connection, calendar, symbols))

    def verify(self) -> Sequence[str]:
        """Decode and hash every stored column; return a line per fault, none if all is well."""
        with self._reader.snapshot() as snapshot:
            return list(find_faults(snapshot.connection))

    def prunable(self, selection: Selection) -> Sequence[Pruned]:
        """Return what `prune` would take."""
        with self._reader.snapshot() as snapshot:
            return find_prunable(snapshot.connection, selection)

    def prune(self, selection: Selection, calendar: TradingCalendar) -> Sequence[Pruned]:
        """Take what is selected in one transaction, then shrink the file; return what went."""
        with self.write(calendar) as writer:
            taken = writer.prune(selection)
        try:
            with closing(connect(self.file)) as connection:
                give_room(connection)
        except sqlite3.Error as error:
            text = f"The rows are gone, but {self.file} cannot be made smaller: {error}."
            raise StartupError(Reason.IMPORT_FAILED, text, file=str(self.file)) from error
        return taken


def _last_close(held: HeldBars) -> LastClose:
    def value(name: str) -> float | None:
        missing = held.columns.missing(name)
        if missing is not None and missing[0]:
            return None
        number: float = held.columns.values[name][0].item()
        return number

    volume = value("volume")
    return LastClose(
        day_of(int(held.columns.values["time"][0])),
        float(held.columns.values["close"][0]),
        value("previous_close"),
        None if volume is None else int(volume),
    )
