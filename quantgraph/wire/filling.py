"""One symbol's arrays while its chunks come: each chunk is copied once, just after its hash."""

from collections.abc import Mapping

import numpy as np

from quantgraph.domain.bars import BAR_FIELDS, BarColumns, Column, Mask

# An array that is longer by more than this share is copied, or it would hold memory for nothing.
_SPARE = 0.1


class Filling:
    """Arrays with room at their end, which grow as chunks need it.

    Joining the chunks at the end instead would fetch every byte from memory a second time, and
    hold a symbol twice.
    """

    def __init__(self, fields: tuple[str, ...], room: int) -> None:
        """Take the columns `fields`, `room` rows at first."""
        self.length = 0
        self._room = room
        self._values = {name: np.empty(room, BAR_FIELDS[name].dtype) for name in fields}
        self._valid: dict[str, Mask] = {}

    def add(self, columns: BarColumns) -> None:
        """Copy the rows of a chunk behind those that are there."""
        begin, end = self.length, self.length + columns.length
        if end > self._room:
            self._grow(max(end, 2 * self._room))
        for name, held in self._values.items():
            held[begin:end] = columns.values[name]
        for name in columns.valid.keys() - self._valid.keys():
            self._valid[name] = np.ones(self._room, np.bool_)
        for name, held in self._valid.items():
            held[begin:end] = columns.valid.get(name, True)
        self.length = end

    def whole(self) -> BarColumns:
        """Return what came; nothing may be added any more."""
        return BarColumns(self.length, self._trimmed(self._values), self._trimmed(self._valid))

    def _grow(self, room: int) -> None:
        for held in (self._values, self._valid):
            for name, old in held.items():
                held[name] = np.empty(room, old.dtype)
                held[name][: self.length] = old[: self.length]
        self._room = room

    def _trimmed(self, held: Mapping[str, Column]) -> dict[str, Column]:
        spare = self._room - self.length > self._room * _SPARE
        return {
            name: each[: self.length].copy() if spare else each[: self.length]
            for name, each in held.items()
        }
