"""Response bodies compressed piece by piece, by what the client accepts."""

import zlib
from collections.abc import Callable
from typing import Any, Protocol, cast

import brotli
import zstandard

from api.negotiation import qualities

# Smaller bodies cost more time than their bytes are worth.
SMALLEST = 2_048
# Chosen so that one piece of PIECE_ROWS rows takes a few milliseconds.
_ZSTD_LEVEL, _BROTLI_QUALITY, _GZIP_LEVEL = 3, 4, 4
_GZIP_WINDOW = 31
# With its own choice, 4 MB, brotli keeps input back and now and then works for 20 ms at once.
_BROTLI_WINDOW = 18


class Compressor(Protocol):
    """Takes a body in pieces; what it returns, joined, is the compressed body."""

    def add(self, piece: bytes) -> bytes:
        """Take a piece; may return nothing yet."""
        ...

    def end(self) -> bytes:
        """Return what is left."""
        ...


class _Zstd:
    def __init__(self) -> None:
        self._inner = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()
        self.end = self._inner.flush

    def add(self, piece: bytes) -> bytes:
        return self._inner.compress(piece)


class _Brotli:
    def __init__(self) -> None:
        self._inner: Any = cast("Any", brotli).Compressor(
            quality=_BROTLI_QUALITY, lgwin=_BROTLI_WINDOW
        )

    def add(self, piece: bytes) -> bytes:
        return cast("bytes", self._inner.process(piece))

    def end(self) -> bytes:
        return cast("bytes", self._inner.finish())


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
        self.end = self._inner.flush

    def add(self, piece: bytes) -> bytes:
        return self._inner.compress(piece)


# The server's order where the client likes several equally.
ENCODINGS: dict[str, Callable[[], Compressor]] = {"zstd": _Zstd, "br": _Brotli, "gzip": _Gzip}


def chosen_encoding(header: str | None) -> str | None:
    """Return the encoding of a response to this Accept-Encoding, None for an identical body."""
    if not header:
        return None
    liked = qualities(header)
    rest = liked.get("*", 0.0)
    best = max(ENCODINGS, key=lambda name: liked.get(name, rest))
    quality = liked.get(best, rest)
    return best if quality > 0 and quality >= liked.get("identity", 0.0) else None
