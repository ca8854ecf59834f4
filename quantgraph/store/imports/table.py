"""Any file as a table of columns: what readers of all formats make."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from quantgraph.domain.calendar import Times
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.store.imports.report import BadRow


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


def import_failed(file: Path, why: str) -> StartupError:
    """Say that a file cannot be imported, and why."""
    text = f"Cannot import {file}: {why}"
    return StartupError(Reason.IMPORT_FAILED, text, file=str(file))


def header_names(file: Path, cells: Sequence[str]) -> list[str]:
    """Return the names of a header without padding. Raises IMPORT_FAILED if one stands twice."""
    names = [cell.strip() for cell in cells]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise import_failed(file, f"its header names {', '.join(doubled)} more than once.")
    return names


def stripped(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with its texts without padding."""
    return frame.with_columns(pl.col(pl.String).str.strip_chars())
