"""The JSON texts of one column, value by value, from vectorised parts."""

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from quantgraph.rows.plan import Batch, Cell, Kind, bad_value

Column = npt.NDArray[Any]
Wrong = npt.NDArray[np.bool_]

_DAY_MS = 86_400_000
_OFFSET_MS = 8 * 3_600_000
SAFE_INTEGER = 2**53 - 1
# Years 1 to 9999 in Shanghai: what a datetime holds.
FIRST_MS = -62_135_596_800_000 - _OFFSET_MS
LAST_MS = 253_402_300_799_999 - _OFFSET_MS
_DTYPES = {
    Kind.FLOAT: "float64",
    Kind.INT: "int64",
    Kind.BOOL: "bool",
    Kind.INSTANT: "int64",
    Kind.DATE: "int64",
}
_PAIRS = np.array([f"{n:02d}" for n in range(100)], "S2").view(np.uint16)
_DATE = np.frombuffer(b'"0000-00-00"', np.uint8)
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
    missing = _missing(cell, batch, start, stop)
    if cell.kind is Kind.TEXT:
        texts = _quoted(cell, batch, start, missing)
    else:
        values = _typed(cell, batch)[start:stop]
        _check(cell, values, missing, start)
        texts = _written(cell.kind, values)
    for row in missing.nonzero()[0].tolist():
        texts[row] = b"null"
    return texts


def _missing(cell: Cell, batch: Batch, start: int, stop: int) -> Wrong:
    valid = batch.valid.get(cell.column)
    if valid is None:
        return np.zeros(stop - start, np.bool_)
    if valid.dtype != np.bool_:
        raise TypeError(f"the mask of {cell.column} is {valid.dtype}, not bool")
    if valid.shape != (batch.length,):
        raise ValueError(f"the mask of {cell.column} has shape {valid.shape}, not {batch.length}")
    return ~valid[start:stop]


def _typed(cell: Cell, batch: Batch) -> Column:
    column = batch.values[cell.column]
    wanted = _DTYPES[cell.kind]
    if not isinstance(column, np.ndarray) or column.dtype != wanted:
        found = getattr(column, "dtype", type(column).__name__)
        raise TypeError(f"column {cell.column} is {found}, not {wanted}")
    if column.shape != (batch.length,):
        raise ValueError(f"column {cell.column} has shape {column.shape}, not {batch.length}")
    return column


def _check(cell: Cell, values: Column, missing: Wrong, start: int) -> None:
    if cell.kind is Kind.FLOAT:
        wrong = ~np.isfinite(values)
    elif cell.kind is Kind.INT:
        wrong = (values > SAFE_INTEGER) | (values < -SAFE_INTEGER)
    elif cell.kind is Kind.BOOL:
        return
    else:
        wrong = (values > LAST_MS) | (values < FIRST_MS)
    wrong &= ~missing
    if wrong.any():
        row = int(wrong.argmax())
        raise bad_value(cell.column, start + row, values[row])


def _written(kind: Kind, values: Column) -> list[bytes]:
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
    local = np.clip(values, FIRST_MS, LAST_MS) + _OFFSET_MS
    listed = _stamps(local, _PLAIN)
    rows = (local % 1000).nonzero()[0]
    if len(rows):
        exact = _stamps(local[rows], _EXACT)
        for row, text in zip(rows.tolist(), exact, strict=True):
            listed[row] = text
    return listed


def _stamps(local: Column, layout: np.dtype[np.void]) -> list[bytes]:
    days, spent = np.divmod(local, _DAY_MS)
    texts = np.empty(len(local), layout)
    # Bars come day by day: each date is made once and repeated.
    starts = np.concatenate(([0], np.flatnonzero(days[1:] != days[:-1]) + 1))
    dates = _days(days[starts], _DATE[:-1])
    texts["date"] = np.repeat(dates, np.diff(starts, append=len(local)))
    texts["minute"] = _MINUTES[spent // 60_000]
    texts["second"] = _SECONDS[spent // 1000 % 60]
    if layout is _EXACT:
        texts["part"] = _PARTS[spent % 1000]
    texts["zone"] = b'+08:00"'
    return texts.view(f"S{layout.itemsize}").tolist()


def _dates(values: Column) -> list[bytes]:
    local = np.clip(values, FIRST_MS, LAST_MS) + _OFFSET_MS
    return _days(local // _DAY_MS, _DATE).tolist()


def _days(days: Column, pattern: npt.NDArray[np.uint8]) -> Column:
    """Return one text per day since 1970, the pattern with its date filled in."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month = months.astype(np.int64) + 1970 * 12
    year = month // 12
    day = (dates - months).astype(np.int64) + 1
    grid = np.tile(pattern, (len(days), 1))
    for at, part in ((1, year // 100), (3, year % 100), (6, month % 12 + 1), (9, day)):
        grid[:, at : at + 2] = _PAIRS[part].view(np.uint8).reshape(-1, 2)
    return grid.view(f"S{grid.shape[1]}").ravel()


def _quoted(cell: Cell, batch: Batch, start: int, missing: Wrong) -> list[bytes]:
    column = batch.values[cell.column]
    if len(column) != batch.length:
        raise ValueError(f"column {cell.column} has {len(column)} rows, not {batch.length}")
    return [
        b"null" if gone else _quote(cell, row, column[row])
        for row, gone in enumerate(missing.tolist(), start)
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
