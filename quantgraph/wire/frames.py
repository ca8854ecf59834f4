"""A chunk of bars as the bytes of its frame, and back: columns are copied once, then only viewed.

The bytes are those of DownloadBarsResponse, which any protobuf library reads. Going through a
message object would copy every column three times on the way out and twice on the way in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import xxhash
from google.protobuf.message import DecodeError

from quantgraph.domain.bars import BarColumns, Column
from quantgraph.domain.sources import Source
from quantgraph.v1 import bars_pb2
from quantgraph.wire.columns import layout, read_column, read_mask
from quantgraph.wire.enums import SOURCE

Buffer = bytes | memoryview
_VARINT, _FIXED, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIZES = {_FIXED: 8, _FIXED32: 4}
_CHUNK, _SUMMARY, _TOKEN = 2, 5, 16  # of DownloadBarsResponse
_SYMBOL, _SOURCE, _COLUMNS, _HASH = 1, 2, 3, 4  # of BarChunk
_ROWS, _VALIDITY = 1, 2  # of BarColumns
_NOTHING = memoryview(b"")


@dataclass(frozen=True, slots=True)
class PackedChunk:
    """Rows of one symbol as they go out: the `size` bytes of BarColumns, and the hash over them."""

    parts: Sequence[Buffer]
    size: int
    content_hash: int


@dataclass(frozen=True, slots=True)
class ReceivedChunk:
    """Rows of one symbol as they came in, still bytes of the frame."""

    symbol: str
    source: int
    rows: int
    packed: Mapping[int, memoryview]
    bitmaps: Sequence[bars_pb2.ColumnValidity]
    content_hash: int
    resume_token: bytes

    def intact(self) -> bool:
        """Return whether the hash is that of the content."""
        hasher = xxhash.xxh3_64()
        for number, _ in _columns().values():
            if number in self.packed:
                hasher.update(self.packed[number])
        for each in self.bitmaps:
            hasher.update(each.bitmap)
        return hasher.intdigest() == self.content_hash

    def columns(self, fields: tuple[str, ...]) -> BarColumns:
        """Return the named columns as read-only views. ValueError where they do not fit."""
        numbers = _columns()
        values = {
            name: read_column(name, self.packed.get(numbers[name][0], b""), dtype, self.rows)
            for name, (_, dtype) in numbers.items()
            if name in fields
        }
        valid = {
            each.column: read_mask(each, self.rows)
            for each in self.bitmaps
            if each.column in values
        }
        return BarColumns(self.rows, values, valid)


def pack_chunk(columns: BarColumns, content_hash: int | None = None) -> PackedChunk:
    """Return the wire form of some rows, hashed unless their `content_hash` is known.

    A mask that says that nothing is missing is left out.
    """
    hasher = xxhash.xxh3_64()
    packed = [
        (number, _packed(columns, name, dtype))
        for name, (number, dtype) in _columns().items()
        if name in columns.values
    ]
    if content_hash is None:
        for _, column in packed:
            hasher.update(column.data)
    head = _field(_ROWS, columns.length)
    for name in _columns():
        mask = columns.valid.get(name)
        if name in columns.values and mask is not None and not mask.all():
            bitmap = np.packbits(mask, bitorder="little").tobytes()
            hasher.update(bitmap)
            message = bars_pb2.ColumnValidity(column=name, bitmap=bitmap).SerializeToString()
            head += _length(_VALIDITY, len(message)) + message
    parts, size = list[Buffer]((head,)), len(head)
    for number, column in packed:
        if column.nbytes:
            before = _length(number, column.nbytes)
            parts += (before, column.data)
            size += len(before) + column.nbytes
    return PackedChunk(parts, size, hasher.intdigest() if content_hash is None else content_hash)


def frame_of(symbol: str, source: Source, chunk: PackedChunk, token: bytes) -> bytes:
    """Return the bytes of the frame."""
    name = symbol.encode()
    head = _length(_SYMBOL, len(name)) + name + _field(_SOURCE, SOURCE.to_proto(source))
    head += _length(_COLUMNS, chunk.size)
    tail = _tag(_HASH, _FIXED) + chunk.content_hash.to_bytes(8, "little")
    size = len(head) + chunk.size + len(tail)
    if token:
        tail += _length(_TOKEN, len(token)) + token
    return b"".join((_length(_CHUNK, size), head, *chunk.parts, tail))


def read_frame(data: bytes) -> bars_pb2.DownloadBarsResponse | ReceivedChunk:
    """Read a frame: a chunk as views, any other as its message. ValueError where it is none."""
    found = dict(_walk(memoryview(data)))
    chunk = found.get(_CHUNK)
    if isinstance(chunk, memoryview):
        return _received(chunk, bytes(_view(found, _TOKEN)))
    try:
        return bars_pb2.DownloadBarsResponse.FromString(data)
    except DecodeError as error:
        raise ValueError(str(error)) from None


def place_of(data: bytes) -> tuple[bytes, bool]:
    """Return the token behind a frame, and whether it is the last; ValueError where it is none.

    What it holds is not looked at.
    """
    found = dict(_walk(memoryview(data)))
    return bytes(_view(found, _TOKEN)), _SUMMARY in found


def _received(data: memoryview, token: bytes) -> ReceivedChunk:
    found = dict(_walk(data))
    rows, bitmaps = 0, list[bars_pb2.ColumnValidity]()
    packed: dict[int, memoryview] = {}
    for number, value in _walk(_view(found, _COLUMNS)):
        if isinstance(value, int):
            rows = value if number == _ROWS else rows
        elif number == _VALIDITY:
            bitmaps.append(_bitmap(value))
        else:
            packed[number] = value
    source = found.get(_SOURCE, 0)
    return ReceivedChunk(
        str(_view(found, _SYMBOL), "utf-8"),
        source if isinstance(source, int) else 0,
        rows,
        packed,
        bitmaps,
        int.from_bytes(_view(found, _HASH), "little"),
        token,
    )


def _view(found: Mapping[int, int | memoryview], number: int) -> memoryview:
    # An absent field is empty, or zero, as everywhere in protobuf.
    value = found.get(number, _NOTHING)
    if isinstance(value, int):
        raise ValueError(f"field {number} has another type")  # noqa: TRY004 the bytes are wrong
    return value


def _bitmap(data: memoryview) -> bars_pb2.ColumnValidity:
    try:
        return bars_pb2.ColumnValidity.FromString(bytes(data))
    except DecodeError as error:
        raise ValueError(str(error)) from None


def _packed(columns: BarColumns, name: str, dtype: np.dtype[np.generic]) -> Column:
    column = columns.values[name].astype(dtype, casting="safe", copy=False)
    mask = columns.valid.get(name)
    if mask is not None and not mask.all():
        # Whatever lies under the mask stays here: a missing value is 0 on the wire.
        column = np.where(mask, column, dtype.type(0))
    return np.ascontiguousarray(column)


@cache
def _columns() -> Mapping[str, tuple[int, np.dtype[np.generic]]]:
    """Return field number and numpy type by column, in order of field number."""
    fields = bars_pb2.BarColumns.DESCRIPTOR.fields_by_name
    return {
        name: (fields[name].number, dtype) for name, dtype in layout(bars_pb2.BarColumns).items()
    }


@cache
def _tag(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _field(number: int, value: int) -> bytes:
    return _tag(number, _VARINT) + _varint(value)


def _length(number: int, size: int) -> bytes:
    """Return what stands before the `size` bytes of a field."""
    return _tag(number, _BYTES) + _varint(size)


# Most chunks of a download are of one size.
@lru_cache(maxsize=256)
def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _walk(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and value of every field; ValueError where the bytes are no message."""
    place, end = 0, len(data)
    while place < end:
        key = data[place]
        place += 1
        if key > 0x7F:
            key, place = _read_varint(data, place - 1)
        kind = key & 7
        if kind in (_BYTES, _VARINT):
            value, place = _read_varint(data, place)
            if kind == _VARINT:
                yield key >> 3, value
                continue
        elif kind in _SIZES:
            value = _SIZES[kind]
        else:
            raise ValueError(f"wire type {kind}")
        if place + value > end:
            raise ValueError(f"{value} bytes at {place}, but there are {end}")
        yield key >> 3, data[place : place + value]
        place += value


def _read_varint(data: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    # At most ten bytes; those behind the end of the data are none.
    for byte in data[place : place + 10]:
        place += 1
        if byte < 0x80:
            return value | byte << shift, place
        value |= (byte & 0x7F) << shift
        shift += 7
    raise ValueError("a number without an end")
