"""Any file as a table of columns: CSV (gz, GBK, BOM, padded headers), Parquet, xls."""

import csv
import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import xlrd
from xlrd.biffh import XLRDError
from xlrd.compdoc import CompDocError

from quantgraph.domain.calendar import Times
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.store.imports.report import BadRow

_ENCODINGS = ("utf-8-sig", "gbk")


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name (text, or typed if from Parquet), and each row's line in the file.

    `ragged` are rows with more or fewer cells than the header; they are not among the columns.
    """

    file: Path
    frame: pl.DataFrame
    lines: Times
    ragged: tuple[BadRow, ...] = ()

    @property
    def header(self) -> tuple[str, ...]:
        """Return the column names, without padding."""
        return tuple(self.frame.columns)


def read_table(file: Path) -> Table:
    """Read a file by its ending: .csv, .csv.gz, .parquet, .xls, or CSV for any other.

    Raises StartupError IMPORT_FAILED naming the file if it cannot be read as that.
    """
    try:
        if file.suffix == ".parquet":
            return _from_frame(file, pl.read_parquet(file))
        if file.suffix == ".xls":
            return _from_sheet(file)
        return _from_text(file, _decoded(file))
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError) as error:
        raise import_failed(file, str(error)) from None


def import_failed(file: Path, why: str) -> StartupError:
    """Say that a file cannot be imported, and why."""
    text = f"Cannot import {file}: {why}"
    return StartupError(Reason.IMPORT_FAILED, text, file=str(file))


def _decoded(file: Path) -> str:
    data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise import_failed(file, "it is neither UTF-8 nor GBK text.")


def _from_text(file: Path, text: str) -> Table:
    if '"' in text:
        return _quoted(file, text)
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not rows[0].strip():
        raise import_failed(file, "its first line is empty; a header is expected there.")
    header = _names(file, rows[0].split(","))
    cells = np.array([row.count(",") + 1 if row.strip() else 0 for row in rows], np.int64)
    return _parsed(file, rows, cells, header)


def _parsed(file: Path, rows: list[str], cells: Times, header: list[str]) -> Table:
    good = cells == len(header)
    good[0] = False
    ragged = tuple(
        BadRow(place + 1, f"it has {cells[place]} cells, the header has {len(header)}")
        for place in np.flatnonzero(~good & (cells > 0)).tolist()
        if place
    )
    lines = np.flatnonzero(good)
    frame = pl.DataFrame({name: pl.Series(name, [], pl.String) for name in header})
    if len(lines):
        body = "\n".join([rows[place] for place in lines.tolist()])
        frame = pl.read_csv(
            io.StringIO(body),
            has_header=False,
            new_columns=header,
            infer_schema=False,
            quote_char=None,
        )
    return Table(file, _stripped(frame), lines + 1, ragged)


def _quoted(file: Path, text: str) -> Table:
    # Quotes may hide commas and line ends: only a real parser counts those rightly.
    reader = csv.reader(io.StringIO(text, newline=""))
    rows = [(reader.line_num, row) for row in reader if row]
    if not rows:
        raise import_failed(file, "it is empty.")
    header = _names(file, rows[0][1])
    good = [(line, row) for line, row in rows[1:] if len(row) == len(header)]
    ragged = tuple(
        BadRow(line, f"it has {len(row)} cells, the header has {len(header)}")
        for line, row in rows[1:]
        if len(row) != len(header)
    )
    columns = list(zip(*(row for _, row in good), strict=True)) or [()] * len(header)
    frame = pl.DataFrame(
        {
            name: pl.Series(name, column, pl.String)
            for name, column in zip(header, columns, strict=True)
        }
    )
    lines = np.array([line for line, _ in good], np.int64)
    return Table(file, _stripped(frame), lines, ragged)


def _from_sheet(file: Path) -> Table:
    try:
        rows = _sheet_rows(file)
    except (XLRDError, CompDocError, AssertionError, ValueError) as error:
        raise import_failed(file, f"it is not an .xls workbook: {error}") from None
    if not rows:
        raise import_failed(file, "its first sheet is empty.")
    header = _names(file, rows[0])
    frame = pl.DataFrame(rows[1:], schema=dict.fromkeys(header, pl.String), orient="row")
    return Table(file, _stripped(frame), np.arange(2, len(rows) + 1))


def _sheet_rows(file: Path) -> list[list[str]]:
    with xlrd.open_workbook(str(file), on_demand=True) as book:
        sheet = cast("Any", book.sheet_by_index(0))
        return [[_cell_text(cell) for cell in sheet.row(place)] for place in range(sheet.nrows)]


def _cell_text(cell: Any) -> str:  # noqa: ANN401 - xlrd has no types
    if cell.ctype == xlrd.XL_CELL_NUMBER:
        number = float(cell.value)
        return str(int(number)) if number.is_integer() else repr(number)
    return str(cell.value)


def _from_frame(file: Path, frame: pl.DataFrame) -> Table:
    header = _names(file, frame.columns)
    frame = frame.rename(dict(zip(frame.columns, header, strict=True)))
    return Table(file, frame, np.arange(1, frame.height + 1))


def _names(file: Path, cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise import_failed(file, f"its header names {', '.join(doubled)} more than once.")
    return names


def _stripped(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.all().str.strip_chars())
