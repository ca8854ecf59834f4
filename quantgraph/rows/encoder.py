"""The encoder to use: the compiled one where it was built, else numpy's."""

import os
from collections.abc import Sequence
from functools import cache
from typing import Protocol

from quantgraph.rows.numpy_encoder import NumpyEncoder
from quantgraph.rows.plan import Batch, Cell


class RowEncoder(Protocol):
    """Writes rows start to stop, stop excluded, without the brackets of the list.

    ValueError names the row and the column of a value that JSON or the contract cannot hold
    (NaN, an integer beyond 2^53, a year beyond 9999), or says which range or length is wrong;
    TypeError names a column of another type than its kind.
    """

    @property
    def name(self) -> str:
        """Which encoder this is: "compiled" or "numpy"."""
        ...

    def rows(self, cells: Sequence[Cell], batch: Batch, start: int, stop: int) -> bytes:
        """Return `{"time":"…","open":1.5},{…}`, empty for no rows."""
        ...

    def column(self, cell: Cell, batch: Batch, start: int, stop: int) -> bytes:
        """Return `1.5,2.0,null`, empty for no rows."""
        ...


@cache
def row_encoder() -> RowEncoder:
    """Return the fastest encoder of this install; QUANTGRAPH_ENCODER=numpy asks for numpy's."""
    if os.environ.get("QUANTGRAPH_ENCODER") != NumpyEncoder.name:
        try:
            from quantgraph.rows.compiled_encoder import CompiledEncoder
        except ImportError:
            return NumpyEncoder()
        return CompiledEncoder()
    return NumpyEncoder()


def encoder_name() -> str:
    """Return which encoder runs, for the capability report."""
    return row_encoder().name
