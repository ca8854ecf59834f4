"""Places in a response that columns fill while it is written."""

import asyncio
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from cachetools import LRUCache

from api.forms import Forms
from quantgraph.domain.bars import BarColumns
from quantgraph.domain.budget import present_budget
from quantgraph.rows.encoder import row_encoder
from quantgraph.rows.plan import Batch, Cell

PIECE_ROWS = 2_000
# Pieces remembered as asked for once.
_ASKED = 2_048
# What a kept text costs beside its bytes.
_ENTRY_BYTES = 1_024
# orjson escapes control characters, so this byte stands nowhere else in what it writes.
_MARK = b"\x1d"

_Entry = tuple["weakref.ref[BarColumns]", bytes]


class KeptTexts:
    """Texts that were written from columns that answer again, at most `size` bytes of them.

    A text hangs on the columns object it was written from: where anything changes, another
    object answers, and the text is never found again. It does not keep the columns, which may be
    far larger than it is. What is asked for once is not kept.
    """

    def __init__(self, size: int) -> None:
        """Start empty; with a size of 0 nothing is ever kept."""
        self._size = size
        self._kept: LRUCache[tuple[object, ...], _Entry] = LRUCache(max(size, 1), getsizeof=_size)
        self._asked: LRUCache[int, bool] = LRUCache(_ASKED)
        self.forms = Forms()

    def write(
        self, slot: "Slot", start: int, stop: int, make: Callable[[int, int], bytes]
    ) -> bytes:
        """Return the kept text of these rows, or make and keep it."""
        if not self._size:
            return make(start, stop)
        key = (id(slot.columns), slot.cells, slot.scalars, start, stop)
        found = self._kept.get(key)
        # An id is given again once its columns are gone.
        if found is not None and found[0]() is slot.columns:
            return found[1]
        text = make(start, stop)
        # An id used again can only make a piece kept too early, never found wrongly.
        again = hash(key)
        if again in self._asked and len(text) + _ENTRY_BYTES <= self._kept.maxsize:
            self._kept[key] = weakref.ref(slot.columns), text
        self._asked[again] = True
        return text


def _size(entry: _Entry) -> int:
    return len(entry[1]) + _ENTRY_BYTES


def is_short(columns: BarColumns) -> bool:
    """Return whether such a list is written at once: not where its operation wrote many already."""
    return present_budget().written + columns.length <= PIECE_ROWS


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns and the cells of a row, or with `scalars` the one cell of a list of values.

    `batch` where the columns were made ready before.
    """

    cells: tuple[Cell, ...]
    columns: BarColumns
    batch: Batch | None = None
    scalars: bool = False


class Slot:
    """Rows to be written as a JSON list.

    A short list is `written` at once, so that the encoder itself finds what JSON cannot carry;
    a long one, or one of many, is written piece by piece on its way out.
    """

    __slots__ = ("_batch", "_texts", "cells", "columns", "length", "scalars", "written")

    def __init__(self, rows: Rows, texts: KeptTexts) -> None:
        """Take checked columns. A short list: ValueError."""
        self.cells, self.scalars = rows.cells, rows.scalars
        self.columns = columns = rows.columns
        self.length = columns.length
        self._batch = rows.batch or Batch(columns.length, columns.values, columns.valid)
        self._texts = texts
        self.written: bytes | None = None
        if is_short(columns):
            present_budget().written += self.length
            self.written = b"[%b]" % self.text(0, self.length)

    def text(self, start: int, stop: int) -> bytes:
        """Return rows start to stop, stop excluded, without the brackets of the list."""
        if self.columns.kept:
            return self._texts.write(self, start, stop, self._make)
        return self._make(start, stop)

    def _make(self, start: int, stop: int) -> bytes:
        encoder = row_encoder()
        if self.scalars:
            return encoder.column(self.cells[0], self._batch, start, stop)
        return encoder.rows(self.cells, self._batch, start, stop)


class Text:
    """A response as JSON: one piece of known size, or pieces of bounded size made when asked."""

    def __init__(self, response: Any) -> None:  # noqa: ANN401 any response
        """Write everything but the slots."""
        self._slots: list[Slot] = []
        self._frame = orjson.dumps(response, default=self._mark)

    @property
    def rows(self) -> int:
        """Rows that are not written yet."""
        return sum(slot.length for slot in self._slots)

    @property
    def lists(self) -> int:
        """Lists that are not written yet."""
        return len(self._slots)

    def whole(self) -> bytes:
        """Return the response at once."""
        return b"".join(self.pieces()) if self._slots else self._frame

    async def gathered(self) -> str:
        """Return the response as `whole` does, leaving the loop to others between two pieces."""
        if not self._slots:
            return self._frame.decode()
        parts: list[str] = []
        for piece in self.pieces():
            parts.append(piece.decode())
            await asyncio.sleep(0)
        text = "".join(parts)
        await asyncio.sleep(0)
        return text

    def pieces(self) -> Iterator[bytes]:
        """Yield the response in pieces of at most PIECE_ROWS rows each."""
        frames: Sequence[bytes] = self._frame.split(_MARK)
        yield frames[0]
        for slot, frame in zip(self._slots, frames[1:], strict=True):
            yield from _list(slot)
            yield frame

    def _mark(self, value: object) -> orjson.Fragment:
        if not isinstance(value, Slot):
            raise TypeError(f"{type(value).__name__} has no JSON")
        if value.written is not None:
            return orjson.Fragment(value.written)
        self._slots.append(value)
        return orjson.Fragment(_MARK)


def _list(slot: Slot) -> Iterator[bytes]:
    length = slot.length
    yield b"["
    for start in range(0, length, PIECE_ROWS):
        if start:
            yield b","
        yield slot.text(start, min(start + PIECE_ROWS, length))
    yield b"]"
