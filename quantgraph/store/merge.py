"""New rows over held rows of one chunk: the newest import wins, stamp by stamp."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from quantgraph.domain.bars import BarColumns, Column, Mask
from quantgraph.domain.calendar import Times
from quantgraph.store import codec


@dataclass(frozen=True, slots=True)
class MergeCount:
    """What an import did to the rows of the store."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0

    def __add__(self, other: "MergeCount") -> "MergeCount":
        """Sum the counts of two merges."""
        return MergeCount(
            self.added + other.added,
            self.replaced + other.replaced,
            self.unchanged + other.unchanged,
        )

    @property
    def changed(self) -> bool:
        """Whether anything in the store is different now."""
        return bool(self.added or self.replaced)


def merge_rows(held: BarColumns | None, new: BarColumns) -> tuple[BarColumns, MergeCount]:
    """Return held and new rows in time order, and what that changed.

    Both have ascending, unique stamps and the same columns. A row is taken whole from one side:
    a bar with its price from one file and its reference price from another is nobody's bar.
    """
    if held is None:
        return new, MergeCount(added=new.length)
    old_times, new_times = held.values["time"], new.values["time"]
    where = np.searchsorted(old_times, new_times)
    same = np.zeros(new.length, np.bool_)
    inside = where < held.length
    same[inside] = old_times[where[inside]] == new_times[inside]
    equal = same.copy()
    equal[same] = _rows_equal(_rows_at(held, where[same]), new.take(same))
    keep = np.ones(held.length, np.bool_)
    keep[where[same]] = False
    merged = _interleave(held.take(keep), new)
    count = MergeCount(int((~same).sum()), int((same & ~equal).sum()), int(equal.sum()))
    return merged, count


def fill_columns(columns: BarColumns, dtypes: Mapping[str, str]) -> BarColumns:
    """Return the columns with every absent one added as missing, and 0 wherever one is missing."""
    values: dict[str, Column] = {}
    valid: dict[str, Mask] = {}
    for name, dtype in dtypes.items():
        if name not in columns.values:
            values[name] = np.zeros(columns.length, dtype)
            valid[name] = np.zeros(columns.length, np.bool_)
            continue
        mask = columns.valid.get(name)
        values[name] = codec.clean(columns.values[name].astype(dtype, copy=False), mask)
        if mask is not None and not mask.all():
            valid[name] = mask
    return BarColumns(columns.length, values, valid)


def _rows_at(columns: BarColumns, index: Times) -> BarColumns:
    values = {name: column[index] for name, column in columns.values.items()}
    return BarColumns(len(index), values, {n: mask[index] for n, mask in columns.valid.items()})


def _rows_equal(left: BarColumns, right: BarColumns) -> Mask:
    """Return which rows are equal to the bit (both cleaned by `fill_columns`)."""
    equal = np.ones(left.length, np.bool_)
    for name, column in left.values.items():
        other = right.values[name]
        if column.dtype == np.float64:
            column, other = column.view(np.int64), other.view(np.int64)  # noqa: PLW2901 the same bits
        equal &= column == other
        equal &= left.present(name) == right.present(name)
    return equal


def _interleave(left: BarColumns, right: BarColumns) -> BarColumns:
    times = np.concatenate([left.values["time"], right.values["time"]])
    order = np.argsort(times, kind="stable")
    values = {
        name: np.concatenate([column, right.values[name]])[order]
        for name, column in left.values.items()
    }
    valid = {
        name: np.concatenate([left.present(name), right.present(name)])[order]
        for name in (*left.valid, *(n for n in right.valid if n not in left.valid))
    }
    return BarColumns(len(times), values, valid)
