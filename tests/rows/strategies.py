"""Batches of every kind, strided, with masks and holes, and what they say in plain Python."""

import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
from hypothesis import strategies as st

from quantgraph.rows.plan import Batch, Cell, Kind
from quantgraph.rows.texts import FIRST_MS, LAST_MS, SAFE_INTEGER

_CHINA = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _from_bits(bits: int) -> float:
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


any_bits = st.integers(0, 2**64 - 1).map(_from_bits)
finite = (
    any_bits.filter(np.isfinite)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(10**16), 10**16).map(lambda cents: cents / 100)
    | st.integers(-(10**12), 10**12).map(lambda parts: parts / 10_000)
    | st.sampled_from([0.0, -0.0, 5e-324, 1e13, 1e11, 1e15, 1e16, 1e-4, 1e-5, 9.999e-6, 0.3, 1.005])
)
# The clock's edges, and a pile of stamps within one day.
stamps = st.integers(FIRST_MS, LAST_MS) | st.integers(1_700_000_000_000, 1_700_086_400_000)
safe = st.integers(-SAFE_INTEGER, SAFE_INTEGER) | st.integers(-200, 200)
texts = st.text(max_size=8) | st.sampled_from(
    ['"', "\\", "\n", "\x00", "</script>", "贵州茅台", "🀄"]
)

VALUES: dict[Kind, tuple[st.SearchStrategy[Any], str]] = {
    Kind.FLOAT: (finite, "float64"),
    Kind.INT: (safe, "int64"),
    Kind.BOOL: (st.booleans(), "bool"),
    Kind.INSTANT: (stamps, "int64"),
    Kind.DATE: (stamps, "int64"),
    Kind.TEXT: (st.none() | texts, "object"),
}
# What may lie below a missing value.
WILD: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.FLOAT: any_bits,
    Kind.INT: st.integers(-(2**63), 2**63 - 1),
    Kind.INSTANT: st.integers(-(2**63), 2**63 - 1),
    Kind.DATE: st.integers(-(2**63), 2**63 - 1),
    Kind.TEXT: st.integers(),
}


@st.composite
def cells_and_batches(draw: st.DrawFn) -> tuple[list[Cell], Batch, int, int]:
    """Cells with distinct keys, their batch, and a range within it."""
    length = draw(st.integers(0, 12))
    keys = draw(st.lists(texts, unique=True, max_size=6))
    kinds = [draw(st.sampled_from(Kind)) for _ in keys]
    cells = [
        Cell(key, f"c{at}", kind, b'"Bar"' if kind is Kind.CONSTANT else b"")
        for at, (key, kind) in enumerate(zip(keys, kinds, strict=True))
    ]
    values, valid = {}, {}
    for cell in cells:
        if cell.kind is Kind.CONSTANT or draw(st.integers(0, 9)) == 0:
            continue
        listed, mask = draw(_column(cell.kind, length))
        values[cell.column] = listed
        if mask is not None:
            valid[cell.column] = mask
    start = draw(st.integers(0, length))
    return cells, Batch(length, values, valid), start, draw(st.integers(start, length))


@st.composite
def _column(draw: st.DrawFn, kind: Kind, length: int) -> tuple[Any, Any]:
    good, dtype = VALUES[kind]
    shown = draw(st.none() | st.lists(st.booleans(), min_size=length, max_size=length))
    masks = [True] * length if shown is None else shown
    listed = [draw(good if each else WILD.get(kind, good)) for each in masks]
    if kind is Kind.TEXT and draw(st.booleans()):
        column: Any = listed
    else:
        column = np.empty(length, dtype)
        column[:] = listed
        column = _strided(column, draw(st.sampled_from([1, 2, -1, -3])))
    mask = (
        None if shown is None else _strided(np.array(shown, bool), draw(st.sampled_from([1, -2])))
    )
    return column, mask


def _strided(column: Any, step: int) -> Any:
    """The same values at another stride of a larger array."""
    room = np.zeros(len(column) * abs(step), column.dtype)
    view = room[::step][: len(column)]
    view[:] = column
    return view


def plain(cells: list[Cell], batch: Batch, start: int, stop: int) -> list[dict[str, Any]]:
    """The rows as dicts of JSON values."""
    return [{cell.key: _value(cell, batch, row) for cell in cells} for row in range(start, stop)]


def _value(cell: Cell, batch: Batch, row: int) -> Any:
    if cell.kind is Kind.CONSTANT:
        return "Bar"
    column, mask = batch.values.get(cell.column), batch.valid.get(cell.column)
    if column is None or (mask is not None and not mask[row]):
        return None
    value = column[row].item() if isinstance(column[row], np.generic) else column[row]
    if cell.kind is Kind.INSTANT:
        moment = _moment(value)
        return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return _moment(value).date().isoformat() if cell.kind is Kind.DATE else value


def _moment(stamp: int) -> datetime:
    # In China's clock before the addition: UTC's calendar ends eight hours short of it.
    return _EPOCH.astimezone(_CHINA) + timedelta(milliseconds=stamp)


def bits(value: Any) -> Any:
    """The same structure with doubles told apart by their bits."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, dict):
        return [(key, bits(each)) for key, each in value.items()]
    return [bits(each) for each in value] if isinstance(value, list) else value
