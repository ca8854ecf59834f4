"""Opens a file by its ending."""

import zlib
from pathlib import Path

import numpy as np
import polars as pl

from quantgraph.store.imports.sheets import read_sheet
from quantgraph.store.imports.table import Table, header_names, import_failed, stripped
from quantgraph.store.imports.text import read_text


def read_table(file: Path) -> Table:
    """Read a file by its ending: .csv, .csv.gz, .parquet, .xls, or CSV for any other.

    Raises StartupError IMPORT_FAILED naming the file if it cannot be read as that.
    """
    ending = file.suffix.lower()
    if ending == ".xlsx":
        raise import_failed(file, "workbooks of this kind are not read: save it as .xls or CSV.")
    try:
        if ending == ".parquet":
            return _from_frame(file, pl.read_parquet(file))
        return read_sheet(file) if ending == ".xls" else read_text(file)
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError) as error:
        raise import_failed(file, str(error)) from None


def _from_frame(file: Path, frame: pl.DataFrame) -> Table:
    header = header_names(file, frame.columns)
    frame = stripped(frame.rename(dict(zip(frame.columns, header, strict=True))))
    return Table(file, frame, np.arange(1, frame.height + 1))
