"""One file on its way into the store: its table, its layout, and what was found wrong so far."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from quantgraph.domain.bars import Mask
from quantgraph.domain.calendar import Dates, Times, TradingCalendar
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.store.imports import times
from quantgraph.store.imports.cells import Cells
from quantgraph.store.imports.codes import parse_symbol, read_symbols, symbol_in_name
from quantgraph.store.imports.faults import Faults
from quantgraph.store.imports.layouts import Code, Layout, Stamp
from quantgraph.store.imports.report import BadRows
from quantgraph.store.imports.table import Table, import_failed

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the caller says about the files, where they do not say it themselves."""

    layout: str | None = None
    day: date | None = None
    symbol: str | None = None
    skip_bad_rows: bool = False


class BadRowsFound(StartupError):
    """A file has bad rows and was left out as a whole."""

    def __init__(self, table: Table, bad: BadRows) -> None:
        """Name the file, the count and the first rows."""
        first = "; ".join(f"line {row.line}: {row.reason}" for row in bad.listed[:3])
        text = (
            f"{table.file} has {bad.count} bad rows, so nothing of it was imported. {first}. "
            "Correct them, or leave them out with --skip-bad-rows."
        )
        super().__init__(Reason.IMPORT_FAILED, text, file=str(table.file), bad_rows=bad.count)
        self.bad = bad


class Draft:
    """Reads the columns of one table by its layout."""

    def __init__(self, table: Table, layout: Layout, options: ImportOptions) -> None:
        """Check what must hold on every row."""
        self.table = table
        self.layout = layout
        self.options = options
        self.faults = Faults(table.file.name, table.lines, table.ragged)
        for column, value in layout.constant.items():
            cells = self._cells(column)
            other = (cells.text != value).fill_null(value=True).to_numpy()
            self.faults.add(other, f"{column} is {{}}, not {value}", cells.text)

    @property
    def height(self) -> int:
        """Return the number of rows."""
        return self.table.frame.height

    def has(self, field: str) -> bool:
        """Return whether the file has the column of one of our fields."""
        unit = self.layout.values.get(field)
        return unit is not None and unit.column in self.table.header

    def cells(self, field: str) -> Cells:
        """Return the column of one of our fields."""
        return self._cells(self.layout.values[field].column)

    def factor(self, field: str) -> int:
        """Return how many of our units one of the file's is."""
        return self.layout.values[field].factor

    def symbols(self) -> list[str]:
        """Return the symbol of each row: from its column, else --symbol, else the file name."""
        code = self.layout.code
        if code is None or code[1] not in self.table.header:
            return [self._file_symbol()] * self.height
        exchange = self.cells("exchange").text if code[0] is Code.EXCHANGE else None
        symbols = read_symbols(self._cells(code[1]), code[0], exchange)
        self._check_given(symbols, code[1])
        return symbols

    def stamps(self) -> Times:
        """Return the start of each row in epoch ms."""
        kind, column = self._stamp()
        cells = self._cells(column)
        if kind is Stamp.DAY:
            return times.day_stamps(self.days())
        if kind is Stamp.CLOCK:
            return times.read_clocks(cells, self.file_date())
        if kind is Stamp.CLOCK_END:
            clocks = self._cells("time")
            return times.read_packed_clocks(clocks, self.days()) - _MINUTE_MS
        ended = _MINUTE_MS if kind is Stamp.INSTANT_END else 0
        return times.read_instants(cells) - ended

    @property
    def clocked(self) -> bool:
        """Whether rows tell a clock only, of a day that the file or the caller names."""
        return self._stamp()[0] is Stamp.CLOCK

    def days(self) -> Dates:
        """Return the date of each row from the column that has dates."""
        cells = self._cells(self._stamp()[1])
        cells.require()
        return times.read_days(cells)[0]

    def file_date(self) -> date:
        """Return --date, else the one date that stands in the file name."""
        if self.options.day is not None:
            return self.options.day
        found = times.days_in_name(self.table.file)
        if len(found) != 1:
            raise import_failed(
                self.table.file,
                "its rows have a time of day only, and its name has not exactly one date like "
                "20230201. Give the date with --date.",
            )
        return found[0]

    def check_sessions(self, days: Dates, calendar: TradingCalendar) -> None:
        """Call every day a fault that is no trading day, or that the calendar does not cover."""
        self.check_covered(days, calendar)
        name, texts = self._day_texts()
        closed = ~np.isin(days, calendar.sessions)
        self.faults.add(closed, f"{name} {{}} is not a trading day", texts)

    def check_covered(self, days: Dates, calendar: TradingCalendar) -> None:
        """Call every day a fault that the calendar does not cover."""
        first, last = np.datetime64(calendar.first, "D"), np.datetime64(calendar.last, "D")
        name, texts = self._day_texts()
        reach = f"which covers {calendar.first} to {calendar.last}"
        reason = f"{name} {{}} is outside the trading calendar, {reach}"
        self.faults.add((days < first) | (days > last), reason, texts)

    def unused(self) -> tuple[str, ...]:
        """Return the columns that were not read."""
        read = {unit.column for unit in self.layout.values.values()}
        code, stamp = self.layout.code, self.layout.stamp
        read |= {pair[1] for pair in (code, stamp) if pair}
        if stamp and stamp[0] is Stamp.CLOCK_END:
            read.add("time")
        read |= set(self.layout.constant)
        return tuple(name for name in self.table.header if name not in read)

    def good_rows(self) -> tuple[Mask, BadRows]:
        """Return which rows to take. Raises BadRowsFound unless bad rows are to be skipped."""
        bad = self.faults.rows()
        if bad.count and not self.options.skip_bad_rows:
            raise BadRowsFound(self.table, bad)
        return ~self.faults.bad, bad

    def _stamp(self) -> tuple[Stamp, str]:
        if self.layout.stamp is None:
            raise TypeError(f"the layout {self.layout.name} has no stamp")
        return self.layout.stamp

    def _cells(self, column: str) -> Cells:
        series = self.table.frame[column]
        try:
            return Cells.of(series, self.layout.missing, self.faults)
        except pl.exceptions.PolarsError:
            why = f"its column {column} holds {series.dtype}, not texts, numbers or dates."
            raise import_failed(self.table.file, why) from None

    def _day_texts(self) -> tuple[str, pl.Series]:
        kind, column = self._stamp()
        if kind is Stamp.CLOCK:
            return "the day of the file", pl.Series([str(self.file_date())] * self.height)
        return column, self._cells(column).text

    def _check_given(self, symbols: list[str], column: str) -> None:
        given = self._given_symbol()
        other = [place for place, symbol in enumerate(symbols) if symbol not in (given, "")]
        if given is not None and other:
            line = self.table.lines[other[0]]
            why = f"its column {column} says {symbols[other[0]]} on line {line}."
            raise import_failed(self.table.file, f"--symbol says {given}, but {why}")

    def _given_symbol(self) -> str | None:
        given = self.options.symbol
        found = None if given is None else parse_symbol(given)
        if given is not None and found is None:
            why = f"--symbol {given!r} is not a symbol like 600000.SH."
            raise import_failed(self.table.file, why)
        return found

    def _file_symbol(self) -> str:
        found = self._given_symbol() or symbol_in_name(self.table.file)
        if found is None:
            raise import_failed(
                self.table.file,
                "it has no column with a symbol, and its name has not exactly one like "
                "600000.SH. Give it with --symbol 600000.SH.",
            )
        return found
