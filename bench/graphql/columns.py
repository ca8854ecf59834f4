"""The bars that every server answers from, as files of raw columns."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FIELDS = ("time", "open", "high", "low", "close", "volume", "amount")
SYMBOL = "600519.SH"
Columns = dict[str, npt.NDArray[Any]]


def save(columns: Columns, folder: Path) -> None:
    """Write every column as raw little-endian doubles, which Node reads as they are."""
    for name in FIELDS:
        (folder / f"{name}.f64").write_bytes(columns[name].astype("<f8").tobytes())


def load(folder: Path) -> Columns:
    """Read what `save` wrote; stamps and volumes as integers again."""
    columns: Columns = {name: np.fromfile(folder / f"{name}.f64", "<f8") for name in FIELDS}
    return columns | {name: columns[name].astype(np.int64) for name in ("time", "volume")}
