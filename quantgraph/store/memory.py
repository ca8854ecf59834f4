"""Columns kept decoded in memory, so that reading them again costs neither the file nor zstd."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from quantgraph.domain.bars import Column, Mask

# What an entry costs beside its values, bytes.
_ENTRY_BYTES = 256


@dataclass(slots=True)
class Block:
    """One decoded column of one chunk, never changed; `size` is its bytes in the file."""

    values: Column
    valid: Mask | None
    size: int

    @property
    def bytes(self) -> int:
        """Return what it takes in memory."""
        return _ENTRY_BYTES + self.values.nbytes + (0 if self.valid is None else self.valid.nbytes)


# The columns of one chunk by name; None where the chunk has no such column.
Held = Mapping[str, Block | None]
_NOTHING: Held = {}


class ColumnMemory:
    """Blocks by chunk, at most `size` bytes together; what was not asked for lately goes first.

    A chunk never changes, and no other ever has its number: a commit makes nothing here wrong.
    Any thread may ask.
    """

    def __init__(self, size: int) -> None:
        """Hold nothing yet."""
        self.size = size
        self._lock = threading.Lock()
        # Asking the young ones is one look into a dict. When they fill half the room they become
        # the old ones, and what is still old by then is dropped.
        self._young: dict[int, Held] = {}
        self._old: dict[int, Held] = {}
        self._filled = 0

    def find(self, chunk: int) -> Held:
        """Return what is kept of a chunk."""
        found = self._young.get(chunk)
        if found is not None:
            return found
        found = self._old.get(chunk)
        if found is None:
            return _NOTHING
        self._add(chunk, found)
        return found

    def keep(self, chunks: Mapping[int, Held]) -> None:
        """Keep what was read, unless it is so much that it would drive out all the rest."""
        read = sum(_bytes(held) for held in chunks.values())
        if read > self.size // 3:
            return
        for chunk, held in chunks.items():
            self._add(chunk, held)

    def _add(self, chunk: int, held: Held) -> None:
        with self._lock:
            before = self._young.get(chunk, _NOTHING)
            merged = {**before, **held}
            grown = _bytes(merged) - _bytes(before)
            if self._filled + grown > self.size // 2:
                self._old, self._young, self._filled = self._young, {}, 0
                grown = _bytes(merged)
            self._young[chunk] = merged
            self._filled += grown


def _bytes(held: Held) -> int:
    return sum(_ENTRY_BYTES if block is None else block.bytes for block in held.values())
