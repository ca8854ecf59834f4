"""Rows as a matrix of bytes: parts side by side, and NULs where a text is shorter than its part.

No text of JSON holds a NUL, so that one pass over the matrix takes them out.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Texts = npt.NDArray[Any]  # one item of fixed width a row, of any type
Part = bytes | Texts  # bytes are the same in every row

_NULL = b"null"
_SAMPLE = 1_000
# NULs in the sample from which looking at every byte is cheaper than looking for each NUL.
_MANY = 70


def stack(parts: Sequence[Part], count: int) -> Texts:
    """Return one item per row, the parts side by side."""
    shape = tuple([each if isinstance(each, bytes) else each.dtype for each in parts])
    row, layout = _layout(shape)
    matrix: Texts = np.empty(count, row.dtype)
    matrix[:] = row
    fields = matrix.view(layout)
    arrays = (each for each in parts if not isinstance(each, bytes))
    for name, part in zip(layout.names or (), arrays, strict=True):
        fields[name] = part
    return matrix


def blank(parts: Sequence[Part], missing: npt.NDArray[np.bool_]) -> Texts:
    """Return the parts as one, which says null in the rows that are missing."""
    room = np.zeros(len(missing), f"V{len(_NULL)}")
    matrix = stack([*parts, room], len(missing))
    matrix[missing] = np.frombuffer(_NULL.ljust(matrix.itemsize, b"\0"), matrix.dtype)
    return matrix


def squeeze(matrix: Texts) -> bytes:
    """Return the texts of all rows without the NULs, and without the last byte."""
    text = matrix.view(np.uint8)[:-1].tobytes()
    if text.count(b"\0", 0, _SAMPLE) > _MANY:
        return text.translate(None, b"\0")
    return text.replace(b"\0", b"")


@lru_cache(256)
def _layout(shape: tuple[bytes | np.dtype[Any], ...]) -> tuple[Texts, np.dtype[np.void]]:
    """Return a row with its parts that never change, and where the others lie in it."""
    row, formats, offsets = b"", list[np.dtype[Any]](), list[int]()
    for each in shape:
        if isinstance(each, bytes):
            row += each
            continue
        formats.append(each)
        offsets.append(len(row))
        row += bytes(each.itemsize)
    names = [f"part{at}" for at in range(len(formats))]
    layout = np.dtype(
        {"names": names, "formats": formats, "offsets": offsets, "itemsize": len(row)}
    )
    return np.frombuffer(row, f"V{len(row)}"), layout
