"""Workbooks (.xls): the first sheet, its cells as the texts that they show."""

import io
import struct
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import polars as pl
import xlrd
from xlrd.biffh import XLRDError, error_text_from_code
from xlrd.compdoc import CompDocError
from xlrd.xldate import xldate_as_datetime

from quantgraph.store.imports.table import Table, header_names, import_failed, stripped

# What the library raises on bytes that only look like a workbook.
_BROKEN = (
    XLRDError,
    CompDocError,
    AssertionError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    struct.error,
)
_ZERO_DAY = 1899


def read_sheet(file: Path) -> Table:
    """Read the first sheet. Raises StartupError IMPORT_FAILED if the file is no workbook."""
    try:
        rows = _rows(file)
    except _BROKEN as error:
        raise import_failed(file, f"it is not an .xls workbook: {error}") from None
    if not rows:
        raise import_failed(file, "its first sheet is empty.")
    header = header_names(file, rows[0])
    frame = pl.DataFrame(rows[1:], schema=dict.fromkeys(header, pl.String), orient="row")
    return Table(file, stripped(frame), np.arange(2, len(rows) + 1))


def _rows(file: Path) -> list[list[str]]:
    # the library prints its warnings unless it is given somewhere to write them
    with xlrd.open_workbook(str(file), logfile=io.StringIO(), on_demand=True) as book:
        sheet = cast("Any", book.sheet_by_index(0))
        mode = book.datemode
        return [[_text(cell, mode) for cell in sheet.row(place)] for place in range(sheet.nrows)]


def _text(cell: Any, mode: Literal[0, 1]) -> str:  # noqa: ANN401 - xlrd has no types
    value = cell.value
    if cell.ctype == xlrd.XL_CELL_NUMBER:
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    if cell.ctype == xlrd.XL_CELL_DATE:
        return _date_text(float(value), mode)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return str(bool(value)).upper()
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return error_text_from_code.get(value, f"#ERROR {value}")
    return str(value)


def _date_text(number: float, mode: Literal[0, 1]) -> str:
    """Return a date, a date with a clock, or a clock alone (a day 0), as ISO 8601 writes them."""
    try:
        moment = xldate_as_datetime(number, mode)
    except (OverflowError, ValueError):
        return repr(number)
    if moment.year == _ZERO_DAY:
        return moment.time().isoformat()
    return str(moment.date() if number.is_integer() else moment)
