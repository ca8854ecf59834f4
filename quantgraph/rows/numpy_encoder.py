"""Rows from columns without compiled code: a matrix of bytes, or texts joined where rows are few.

The matrix costs numpy's calls for every column, but next to nothing for a value more.
"""

from collections.abc import Sequence

from quantgraph.rows.matrix import Part, squeeze, stack
from quantgraph.rows.parts import parts_of
from quantgraph.rows.plan import Batch, Cell, Kind, check_range, prefixes
from quantgraph.rows.texts import write_texts

# Rows at a time: longer lists outgrow the processor's cache.
_BLOCK = 4000


class NumpyEncoder:
    """The encoder that every install has."""

    name = "numpy"

    def __init__(self, few: int = 50) -> None:
        """Join texts one by one up to `few` rows, where that is faster."""
        self._few = few

    def rows(self, cells: Sequence[Cell], batch: Batch, start: int, stop: int) -> bytes:
        """Return the objects of rows start to stop, a comma between them."""
        check_range(batch, start, stop)
        if not cells:
            return b",".join([b"{}"] * (stop - start))
        heads = prefixes(cells)
        if self._is_matrix(cells, stop - start):
            return _stacked(cells, heads, b"},", batch, range(start, stop))
        blocks = range(start, stop, _BLOCK)
        return b",".join(
            [_joined(cells, heads, batch, at, min(at + _BLOCK, stop)) for at in blocks]
        )

    def column(self, cell: Cell, batch: Batch, start: int, stop: int) -> bytes:
        """Return the values of rows start to stop, a comma between them."""
        check_range(batch, start, stop)
        if self._is_matrix([cell], stop - start):
            return _stacked([cell], [b""], b",", batch, range(start, stop))
        return b",".join(write_texts(cell, batch, start, stop))

    def _is_matrix(self, cells: Sequence[Cell], count: int) -> bool:
        # One long text would make every row as wide.
        return count > self._few and all(cell.kind is not Kind.TEXT for cell in cells)


def _stacked(
    cells: Sequence[Cell], heads: Sequence[bytes], tail: bytes, batch: Batch, rows: range
) -> bytes:
    written = list[bytes]()
    for at in rows[::_BLOCK]:
        stop, parts = min(at + _BLOCK, rows.stop), list[Part]()
        for head, found in zip(heads, parts_of(cells, batch, at, stop), strict=True):
            parts += (head, *found)
        written.append(squeeze(stack([*parts, tail], stop - at)))
    return b",".join(written)


def _joined(
    cells: Sequence[Cell], heads: Sequence[bytes], batch: Batch, start: int, stop: int
) -> bytes:
    # One flat list, prefix, text, prefix, text …, is joined once: no row is ever an object.
    count, width = stop - start, 2 * len(cells)
    parts = [b""] * (count * width)
    for at, (cell, head) in enumerate(zip(cells, heads, strict=True)):
        parts[2 * at :: width] = [head if at else b"}," + head] * count
        parts[2 * at + 1 :: width] = write_texts(cell, batch, start, stop)
    return b"".join(parts)[2:] + b"}"
