"""One column of one chunk ↔ bytes: lossless, small, and decoded without touching single values.

A block is one byte that says whether it is compressed, then a header and a payload. Doubles that
are whole multiples of 1/100 (prices) or of a finer decimal step become integers; integers become
unsigned offsets or differences of the least width; anything else keeps its eight bytes. Bytes of
equal weight stand together before zstd sees them.
"""

import struct
import threading
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import xxhash
import zstandard

from quantgraph.domain.bars import Column, Mask

_DTYPES = ("int64", "float64", "bool", "int8")
# Decimal steps per unit that are tried for doubles, the commonest first.
_SCALES = (100, 1, 10_000, 1_000_000)
_EXACT = 2**53
_SAMPLE = 16
_MOST_ROWS = 2**26
_RAW, _OFFSET, _DELTA = 0, 1, 2
_MASKED = 8
# method and flags, dtype, index of the scale + 1, width in bytes, rows, base, lowest, step
_HEADER = struct.Struct("<BBBBIqqq")
_PLAIN, _ZSTD = b"\0", b"\1"
_LEVEL = 3

Words = npt.NDArray[np.int64]


class CodecError(ValueError):
    """The bytes are not a block of this codec."""


class _Tools(threading.local):
    # zstd contexts must not be shared between threads that work at the same time
    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False)
        self.decompressor = zstandard.ZstdDecompressor()


_tools = _Tools()


def clean(values: Column, valid: Mask | None) -> Column:
    """Return the values with 0 in every place that `valid` calls missing."""
    return values if valid is None else np.where(valid, values, values.dtype.type(0))


def content_hash(values: Column, valid: Mask | None) -> int:
    """Return XXH3-64, as a signed number, of the little-endian values and the validity bits."""
    whole = cast("Any", np.ascontiguousarray(values)).data
    if valid is None:
        number = xxhash.xxh3_64_intdigest(whole)
    else:
        digest = xxhash.xxh3_64(whole)
        digest.update(np.packbits(valid).tobytes())
        number = digest.intdigest()
    return number - 2**64 if number >= 2**63 else number


def encode(values: Column, valid: Mask | None) -> bytes:
    """Return the block of a column whose missing places hold 0 (see `clean`)."""
    words, scale = _as_words(values)
    payload = _pack_words(words, (values, scale)) if words is not None else _pack_raw(values)
    if valid is not None:
        head = bytearray(payload)
        head[0] |= _MASKED
        payload = bytes(head) + np.packbits(valid).tobytes()
    small = _tools.compressor.compress(payload)
    return _ZSTD + small if len(small) < len(payload) else _PLAIN + payload


def decode(block: bytes) -> tuple[Column, Mask | None]:
    """Return values and validity (None: nothing is missing). Raises CodecError on garbage."""
    try:
        payload = _tools.decompressor.decompress(block[1:]) if block[:1] == _ZSTD else block[1:]
        return _open(payload)
    except (zstandard.ZstdError, struct.error, ValueError, IndexError, TypeError) as error:
        raise CodecError(f"not a column block: {error}") from None


def _open(payload: bytes) -> tuple[Column, Mask | None]:
    head: tuple[int, ...] = _HEADER.unpack_from(payload)
    flags, kind, scale, width, rows, base, low, step = head
    if rows > _MOST_ROWS:
        raise ValueError(f"{rows} rows")
    method = flags & 3
    count = rows if method != _DELTA else max(rows - 1, 0)
    words = _unpack(payload, count, width, (low, step) if method != _RAW else (0, 1))
    if method == _DELTA:
        words = _summed(words, base, rows)
    valid = None
    if flags & _MASKED:
        bits = np.frombuffer(payload, np.uint8, offset=_HEADER.size + count * width)
        valid = np.unpackbits(bits, count=rows).view(np.bool_)
    return _as_column(words, _DTYPES[kind], scale), valid


def _as_words(values: Column) -> tuple[Words | None, int]:
    if values.dtype != np.float64:
        return values.astype(np.int64), 0
    for index, scale in enumerate(_SCALES):
        if _scaled(values[:_SAMPLE], scale) is None:
            continue
        words = _scaled(values, scale)
        if words is not None:
            return words, index + 1
    return None, 0


def _scaled(values: Column, scale: int) -> Words | None:
    with np.errstate(over="ignore", invalid="ignore"):
        whole = np.rint(values * scale)
        # beyond 2^53 the whole number itself would be rounded; NaN and infinity fail here too
        if not (np.abs(whole) < _EXACT).all():
            return None
    words = whole.astype(np.int64)
    # by their bits, as -0.0 equals 0 and must not become it
    same = (words / scale).view(np.int64) == values.view(np.int64)
    return words if same.all() else None


def _pack_words(words: Words, origin: tuple[Column, int]) -> bytes:
    values, scale = origin
    kind = _DTYPES.index(values.dtype.name)
    low, high = (int(words.min()), int(words.max())) if len(words) else (0, 0)
    if high - low >= 2**62:
        return _HEADER.pack(_RAW, kind, scale, 8, len(words), 0, 0, 1) + _shuffle(words, 8)
    best = (_OFFSET, 0, *_frame(words, low, high))
    if len(words) > 1:
        steps = np.diff(words)
        delta = _frame(steps, int(steps.min()), int(steps.max()))
        if delta[0] < best[2]:
            best = (_DELTA, int(words[0]), *delta)
    method, base, width, low, step, offsets = best
    head = _HEADER.pack(method, kind, scale, width, len(words), base, low, step)
    return head + _shuffle(offsets, width)


def _frame(words: Words, low: int, high: int) -> tuple[int, int, int, Words]:
    """Return width in bytes, lowest value, common step, and the offsets in steps."""
    if low == high:
        return 0, low, 1, words
    offsets = words - low
    step = int(np.gcd.reduce(offsets))
    if step > 1:
        offsets //= step
    top = (high - low) // step
    width = next(size for size in (1, 2, 4, 8) if top < 1 << (8 * size))
    return width, low, step, offsets


def _pack_raw(values: Column) -> bytes:
    kind = _DTYPES.index(values.dtype.name)
    head = _HEADER.pack(_RAW, kind, 0, 8, len(values), 0, 0, 1)
    return head + _shuffle(values.view(np.int64), 8)


def _shuffle(words: Words, width: int) -> bytes:
    if width == 0:
        return b""
    narrow = words.view(np.uint64).astype(f"<u{width}")
    return narrow.view(np.uint8).reshape(-1, width).T.tobytes()


def _unpack(payload: bytes, count: int, width: int, frame: tuple[int, int]) -> Words:
    low, step = frame
    if width == 0:
        return np.full(count, low, np.int64)
    planes = np.frombuffer(payload, np.uint8, count * width, _HEADER.size).reshape(width, count)
    if width == 1:
        words = planes[0].astype(np.int64)
    else:
        # plane by plane: turning the whole grid at once reads it across its grain
        wide = np.zeros((count, 8), np.uint8)
        for place in range(width):
            wide[:, place] = planes[place]
        words = wide.view("<i8")[:, 0].astype(np.int64, copy=False)
    if step != 1:
        words *= step
    if low:
        words += low
    return words


def _summed(steps: Words, base: int, rows: int) -> Words:
    out = np.empty(rows, np.int64)
    out[0] = base
    out[1:] = steps
    return np.cumsum(out, out=out)


def _as_column(words: Words, dtype: str, scale: int) -> Column:
    if dtype == "float64":
        return words / _SCALES[scale - 1] if scale else words.view(np.float64)
    return words if dtype == "int64" else words.astype(dtype)
