"""Content hashes of chunks that go out again: computed once for columns that are kept."""

from weakref import ReferenceType, ref

from quantgraph.domain.bars import BarColumns
from quantgraph.wire.frames import PackedChunk, pack_chunk

Bounds = tuple[int, int]
_Known = dict[Bounds, int]


class ContentHashes:
    """Hashes by the columns object and the rows of the chunk; gone when the columns are."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[int, tuple[ReferenceType[BarColumns], _Known]] = {}

    def pack(self, columns: BarColumns, bounds: Bounds) -> PackedChunk:
        """Return the wire form of rows `bounds`, the second excluded."""
        rows = columns.take(slice(*bounds))
        if not columns.kept:
            return pack_chunk(rows)
        known = self._of(columns)
        packed = pack_chunk(rows, known.get(bounds))
        known[bounds] = packed.content_hash
        return packed

    def _of(self, columns: BarColumns) -> _Known:
        key = id(columns)
        held = self._known.get(key)
        if held is None or held[0]() is not columns:
            # An id is used again only after the callback of its last owner.
            held = (ref(columns, lambda _: self._known.pop(key, None)), _Known())
            self._known[key] = held
        return held[1]


HASHES = ContentHashes()
