"""What to encode: the cells of one record, and the columns that fill them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson


class Kind(StrEnum):
    """How a column is held, and how its values are written."""

    FLOAT = "FLOAT"  # float64, shortest text that reads back to the same bits
    INT = "INT"  # int64 within ±(2^53 - 1), what every JSON reader keeps
    BOOL = "BOOL"  # bool
    INSTANT = "INSTANT"  # int64 epoch ms, "2026-07-24T09:30:00+08:00"
    DATE = "DATE"  # int64 epoch ms, its date in Shanghai: "2026-07-24"
    TEXT = "TEXT"  # str, or None for a missing one
    CONSTANT = "CONSTANT"  # the same JSON in every record, for `__typename`


@dataclass(frozen=True, slots=True)
class Cell:
    """One key of the record and the column behind it; `constant` is ready JSON."""

    key: str
    column: str
    kind: Kind
    constant: bytes = b""


class Layout(tuple[Cell, ...]):
    """The cells of one record, for many batches: what all of them need is made once."""

    @cached_property
    def heads(self) -> Sequence[bytes]:
        """Return what comes before each value, the opening brace included."""
        opened = (b"," if at else b"{" for at in range(len(self)))
        return [
            mark + orjson.dumps(cell.key) + b":" for mark, cell in zip(opened, self, strict=True)
        ]

    @cached_property
    def _hash(self) -> int:
        return super().__hash__()

    def __hash__(self) -> int:
        """Return the hash of the cells."""
        return self._hash


@dataclass(frozen=True, slots=True)
class Batch:
    """Columns of `length` rows by name; `valid` has a mask only where values are missing.

    A column that is absent is null in every row. `filled` is the encoder's own: what it made of
    the cells of a layout, for the next rows.
    """

    length: int
    values: Mapping[str, npt.NDArray[Any] | Sequence[str | None]]
    valid: Mapping[str, npt.NDArray[np.bool_]]
    filled: dict[Layout, Any] = field(default_factory=dict[Layout, Any], compare=False, repr=False)


def check_range(batch: Batch, start: int, stop: int) -> None:
    """Refuse a range that is not within the batch: slices would shorten it silently."""
    if not 0 <= start <= stop <= batch.length:
        raise ValueError(f"rows {start} to {stop} of {batch.length}")


def prefixes(cells: Sequence[Cell]) -> Sequence[bytes]:
    """Return what comes before each value of an object, its opening brace included."""
    return (cells if isinstance(cells, Layout) else Layout(cells)).heads


def bad_value(column: str, row: int, value: object) -> ValueError:
    """Return the error for a value that has no text in this contract."""
    return ValueError(f"row {row} of column {column} cannot be written: {value!s:.60}")
