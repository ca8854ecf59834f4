"""Rows from columns through the compiled part, which reads the columns' own buffers."""

from collections.abc import Sequence
from typing import Any

from quantgraph.rows import _encoder
from quantgraph.rows.plan import Batch, Cell, Kind, Layout, check_range, prefixes
from quantgraph.rows.texts import write_texts

# What _encoder.cpp calls the kinds.
_CODES = {Kind.FLOAT: "f", Kind.INT: "i", Kind.BOOL: "b", Kind.INSTANT: "t", Kind.DATE: "d"}


class CompiledEncoder:
    """The encoder of installs that had a C++ compiler."""

    name = "compiled"

    def rows(self, cells: Sequence[Cell], batch: Batch, start: int, stop: int) -> bytes:
        """Return the objects of rows start to stop, a comma between them."""
        check_range(batch, start, stop)
        known = isinstance(cells, Layout)
        filled = batch.filled.get(cells) if known else None
        if filled is None:
            heads = prefixes(cells)
            filled = tuple(
                _filled(cell, head, batch, start, stop)
                for cell, head in zip(cells, heads, strict=True)
            )
            # Texts are those of these rows alone.
            if known and all(cell.kind is not Kind.TEXT for cell in cells):
                batch.filled[cells] = filled
        close = b"}" if cells else b"{}"
        return _encoder.encode(filled, batch.length, start, stop, close)

    def column(self, cell: Cell, batch: Batch, start: int, stop: int) -> bytes:
        """Return the values of rows start to stop, a comma between them."""
        check_range(batch, start, stop)
        filled = _filled(cell, b"", batch, start, stop)
        return _encoder.encode((filled,), batch.length, start, stop, b"")


def _filled(cell: Cell, head: bytes, batch: Batch, start: int, stop: int) -> tuple[Any, ...]:
    if cell.kind is Kind.CONSTANT:
        return (head + cell.constant, "c", cell.column, None, None)
    values = batch.values.get(cell.column)
    if values is None:
        return (head + b"null", "c", cell.column, None, None)
    if cell.kind is Kind.TEXT:
        texts = tuple(write_texts(cell, batch, start, stop))
        return (head, "s", cell.column, texts, None)
    return (head, _CODES[cell.kind], cell.column, values, batch.valid.get(cell.column))
