"""The JSON texts of one column, value by value, from vectorised parts."""

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from quantgraph.rows.plan import Batch, Cell, Kind, bad_value

Column = npt.NDArray[Any]
Wrong = npt.NDArray[np.bool_]

DAY_MS = 86_400_000
OFFSET_MS = 8 * 3_600_000
SAFE_INTEGER = 2**53 - 1
# Years 1 to 9999 in Shanghai: what a datetime holds.
FIRST_MS = -62_135_596_800_000 - OFFSET_MS
LAST_MS = 253_402_300_799_999 - OFFSET_MS
_DTYPES = {
    Kind.FLOAT: "float64",
    Kind.INT: "int64",
    Kind.BOOL: "bool",
    Kind.INSTANT: "int64",
    Kind.DATE: "int64",
}
_PAIRS = np.array([f"{n:02d}" for n in range(100)], "S2").view(np.uint16)
_DATE = b'"0000-00-00"'
_MINUTES = np.array([b"T%02d:%02d:" % divmod(minute, 60) for minute in range(1440)])
_SECONDS = np.array([b"%02d" % second for second in range(60)])
_PARTS = np.array([b".%03d" % part for part in range(1000)])
_PLAIN = np.dtype([("date", "S11"), ("minute", "S7"), ("second", "S2"), ("zone", "S7")])
_EXACT = np.dtype([*_PLAIN.descr[:3], ("part", "S4"), ("zone", "S7")])


def write_texts(cell: Cell, batch: Batch, start: int, stop: int) -> list[bytes]:
    """Return one JSON text per row; ValueError for a value that has none."""
    count = stop - start
    if cell.kind is Kind.CONSTANT:
        return [cell.constant] * count
    if cell.column not in batch.values:
        return [b"null"] * count
    if cell.kind is Kind.TEXT:
        missing = _missing(cell, batch, start, stop)
        texts = _quoted(cell, batch, range(start, stop), missing)
    else:
        values, missing = read_column(cell, batch, start, stop)
        check_values(cell, values, start)
        texts = list_texts(cell.kind, values)
    if missing is not None:
        for row in missing.nonzero()[0].tolist():
            texts[row] = b"null"
    return texts


def read_column(cell: Cell, batch: Batch, start: int, stop: int) -> tuple[Column, Wrong | None]:
    """Return the values of an array with 0 where they are missing, and where that is, if anywhere.

    TypeError and ValueError where array or mask are not what the cell's kind says.
    """
    column = batch.values[cell.column]
    wanted = _DTYPES[cell.kind]
    if not isinstance(column, np.ndarray) or column.dtype != wanted:
        found = getattr(column, "dtype", type(column).__name__)
        raise TypeError(f"column {cell.column} is {found}, not {wanted}")
    if column.shape != (batch.length,):
        raise ValueError(f"column {cell.column} has shape {column.shape}, not {batch.length}")
    values, missing = column[start:stop], _missing(cell, batch, start, stop)
    if missing is None:
        return values, None
    return np.where(missing, column.dtype.type(0), values), missing


def _missing(cell: Cell, batch: Batch, start: int, stop: int) -> Wrong | None:
    valid = batch.valid.get(cell.column)
    if valid is None:
        return None
    if valid.dtype != np.bool_:
        raise TypeError(f"the mask of {cell.column} is {valid.dtype}, not bool")
    if valid.shape != (batch.length,):
        raise ValueError(f"the mask of {cell.column} has shape {valid.shape}, not {batch.length}")
    missing = ~valid[start:stop]
    return missing if missing.any() else None


def check_values(cell: Cell, values: Column, start: int) -> None:
    """Raise ValueError for the first value without a text, `start` being the row of the first."""
    if cell.kind is Kind.FLOAT:
        wrong = ~np.isfinite(values)
    elif cell.kind is Kind.INT:
        wrong = (values > SAFE_INTEGER) | (values < -SAFE_INTEGER)
    elif cell.kind is Kind.BOOL:
        return
    else:
        wrong = (values > LAST_MS) | (values < FIRST_MS)
    if wrong.any():
        row = int(wrong.argmax())
        raise bad_value(cell.column, start + row, values[row])


def list_texts(kind: Kind, values: Column) -> list[bytes]:
    """Return one text per value of a kind that is an array, every value having one."""
    if not len(values):
        return []
    if kind is Kind.INSTANT:
        return _instants(values)
    if kind is Kind.DATE:
        return _dates(values)
    if kind is Kind.BOOL:
        return [b"true" if value else b"false" for value in values.tolist()]
    listed = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    return listed[1:-1].split(b",")


def _instants(values: Column) -> list[bytes]:
    local = values + OFFSET_MS
    listed = _stamps(local, _PLAIN)
    rows = (local % 1000).nonzero()[0]
    if len(rows):
        exact = _stamps(local[rows], _EXACT)
        for row, text in zip(rows.tolist(), exact, strict=True):
            listed[row] = text
    return listed


def _stamps(local: Column, layout: np.dtype[np.void]) -> list[bytes]:
    days, spent = np.divmod(local, DAY_MS)
    texts = np.empty(len(local), layout)
    # Bars come day by day: each date is made once and repeated.
    starts = np.concatenate(([0], np.flatnonzero(days[1:] != days[:-1]) + 1))
    dates = day_texts(days[starts], _DATE[:-1])
    texts["date"] = np.repeat(dates, np.diff(starts, append=len(local)))
    texts["minute"] = _MINUTES[spent // 60_000]
    texts["second"] = _SECONDS[spent // 1000 % 60]
    if layout is _EXACT:
        texts["part"] = _PARTS[spent % 1000]
    texts["zone"] = b'+08:00"'
    return texts.view(f"S{layout.itemsize}").tolist()


def _dates(values: Column) -> list[bytes]:
    local = values + OFFSET_MS
    return day_texts(local // DAY_MS, _DATE).tolist()


def day_texts(days: Column, pattern: bytes) -> Column:
    """Return one text per day since 1970, the pattern (a quote, zeros for digits) with its date."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month = months.astype(np.int64) + 1970 * 12
    year = month // 12
    day = (dates - months).astype(np.int64) + 1
    grid = np.tile(np.frombuffer(pattern, np.uint8), (len(days), 1))
    for at, part in ((1, year // 100), (3, year % 100), (6, month % 12 + 1), (9, day)):
        grid[:, at : at + 2] = _PAIRS[part].view(np.uint8).reshape(-1, 2)
    return grid.view(f"S{grid.shape[1]}").ravel()


def _quoted(cell: Cell, batch: Batch, rows: range, missing: Wrong | None) -> list[bytes]:
    column = batch.values[cell.column]
    if len(column) != batch.length:
        raise ValueError(f"column {cell.column} has {len(column)} rows, not {batch.length}")
    if missing is None:
        return [_quote(cell, row, column[row]) for row in rows]
    return [
        b"null" if gone else _quote(cell, row, column[row])
        for row, gone in zip(rows, missing.tolist(), strict=True)
    ]


def _quote(cell: Cell, row: int, value: object) -> bytes:
    if value is None:
        return b"null"
    if not isinstance(value, str):
        raise TypeError(f"row {row} of column {cell.column} is {type(value).__name__}, not str")
    try:
        return orjson.dumps(value)
    except TypeError:
        # A lone surrogate has no UTF-8.
        raise bad_value(cell.column, row, ascii(value)) from None
