"""Rows from columns without compiled code: a list of texts per column, joined in row order."""

from collections.abc import Sequence

from quantgraph.rows.plan import Batch, Cell, check_range, prefixes
from quantgraph.rows.texts import write_texts

# Rows at a time: longer lists outgrow the processor's cache.
_BLOCK = 2_000


class NumpyEncoder:
    """The encoder that every install has."""

    name = "numpy"

    def rows(self, cells: Sequence[Cell], batch: Batch, start: int, stop: int) -> bytes:
        """Return the objects of rows start to stop, a comma between them."""
        check_range(batch, start, stop)
        if not cells:
            return b",".join([b"{}"] * (stop - start))
        starts = range(start, stop, _BLOCK)
        return b",".join([_block(cells, batch, at, min(at + _BLOCK, stop)) for at in starts])

    def column(self, cell: Cell, batch: Batch, start: int, stop: int) -> bytes:
        """Return the values of rows start to stop, a comma between them."""
        check_range(batch, start, stop)
        return b",".join(write_texts(cell, batch, start, stop))


def _block(cells: Sequence[Cell], batch: Batch, start: int, stop: int) -> bytes:
    # One flat list, prefix, text, prefix, text …, is joined once: no row is ever an object.
    count, width = stop - start, 2 * len(cells)
    parts = [b""] * (count * width)
    for at, (cell, head) in enumerate(zip(cells, prefixes(cells), strict=True)):
        parts[2 * at :: width] = [head if at else b"}," + head] * count
        parts[2 * at + 1 :: width] = write_texts(cell, batch, start, stop)
    return b"".join(parts)[2:] + b"}"
