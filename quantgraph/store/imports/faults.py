"""Collects what is wrong with the rows of a file, whole columns at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from quantgraph.domain.bars import Mask
from quantgraph.domain.calendar import Times
from quantgraph.store.imports.report import MOST_LISTED, BadRow, BadRows

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class _Fault:
    rows: Times
    reason: str
    cells: pl.Series | None


class Faults:
    """Which rows are bad, and the first thing found wrong with each."""

    def __init__(self, file: str, lines: Times, ragged: Sequence[BadRow] = ()) -> None:
        """Start with rows that stand on `lines` of the file, besides those already ragged."""
        self._file = file
        self.bad = np.zeros(len(lines), np.bool_)
        self._lines = lines
        self._ragged = ragged
        self._found: list[_Fault] = []

    def add(self, wrong: Mask, reason: str, cells: pl.Series | None = None) -> None:
        """Mark rows bad; `{}` in the reason stands for the row's text in `cells`."""
        fresh = wrong & ~self.bad
        if fresh.any():
            self.bad |= fresh
            self._found.append(_Fault(np.flatnonzero(fresh), reason, cells))

    def rows(self) -> BadRows:
        """Return the first bad rows in the order of the file, and the count of all."""
        count = int(self.bad.sum()) + len(self._ragged)
        first = set(np.flatnonzero(self.bad)[:MOST_LISTED].tolist())
        listed = [replace(row, file=self._file) for row in self._ragged]
        for fault in self._found:
            chosen = [place for place in fault.rows.tolist() if place in first]
            listed += [self._tell(fault, place) for place in chosen]
        ordered = sorted(listed, key=lambda row: row.line)
        return BadRows(tuple(ordered[:MOST_LISTED]), count)

    def _tell(self, fault: _Fault, place: int) -> BadRow:
        reason = fault.reason
        if fault.cells is not None:
            reason = reason.replace("{}", repr(str(fault.cells[place]))[:_SHOWN])
        return BadRow(int(self._lines[place]), reason, self._file)
