"""What every cell writes as parts of a row; no Python object is made for a value."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from quantgraph.rows import digits, stamps
from quantgraph.rows.matrix import Part, blank
from quantgraph.rows.plan import Batch, Cell, Kind
from quantgraph.rows.texts import Column, check_values, list_texts, read_column

_BOOLS = np.array([b"false", b"true"]).view("V5")
Read = tuple[Column, npt.NDArray[np.bool_] | None]

# None where some value needs another way.
_FAST: Mapping[Kind, Callable[[Column], list[Part] | None]] = {
    Kind.INT: digits.integers,
    Kind.BOOL: lambda values: [_BOOLS[values.view(np.uint8)]],
    Kind.INSTANT: stamps.instants,
    Kind.DATE: stamps.dates,
}


def parts_of(cells: Sequence[Cell], batch: Batch, start: int, stop: int) -> list[list[Part]]:
    """Return what each cell writes in rows start to stop; none of them is of kind TEXT.

    ValueError and TypeError as of `write_texts`.
    """
    read = [_read(cell, batch, start, stop) for cell in cells]
    floats = iter(_floats(cells, read, start))
    return [_parts(cell, column, start, floats) for cell, column in zip(cells, read, strict=True)]


def _read(cell: Cell, batch: Batch, start: int, stop: int) -> Read | None:
    if cell.kind is Kind.CONSTANT or cell.column not in batch.values:
        return None
    return read_column(cell, batch, start, stop)


def _floats(cells: Sequence[Cell], read: Sequence[Read | None], start: int) -> list[list[Part]]:
    # All prices take each of numpy's steps together: a few hundred rows are mostly calls.
    pairs = zip(cells, read, strict=True)
    found = [(cell, column[0]) for cell, column in pairs if column and cell.kind is Kind.FLOAT]
    if not found:
        return []
    block = np.stack([values for _, values in found])
    parts = digits.cents(block)
    if parts is not None:
        return parts
    for cell, values in found:
        check_values(cell, values, start)
    return digits.floats(block)


def _parts(cell: Cell, column: Read | None, start: int, floats: Iterator[list[Part]]) -> list[Part]:
    if column is None:
        return [cell.constant if cell.kind is Kind.CONSTANT else b"null"]
    values, missing = column
    if cell.kind is Kind.FLOAT:
        parts = next(floats)
    else:
        parts = _FAST[cell.kind](values) or _slow(cell, values, start)
    return parts if missing is None else [blank(parts, missing)]


def _slow(cell: Cell, values: Column, start: int) -> list[Part]:
    check_values(cell, values, start)
    if cell.kind is Kind.INT:
        return [*digits.written(values[None])]
    return [np.array(list_texts(cell.kind, values))]
