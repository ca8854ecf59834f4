"""A log's newest head as of its last commit, written without an fsync: it outlives the process.

A killed gateway leaves it as new as its log, so that any cut of the log's file shows. After a power
cut it may be older than the log, or unreadable; then the file of heads tells (`heads.py`).
"""

import os
import struct
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from quantgraph.store.chain import HASH_BYTES, Head

_CHECK_BYTES = 16
_EPOCH_BYTES = 16
_BODY = struct.Struct(f">{_EPOCH_BYTES}sQ{HASH_BYTES}s")
_RECORD = _BODY.size + _CHECK_BYTES
# Written in turns: a write that was cut short leaves the one before.
_PLACES = 2


class NewestHead:
    """Writes the newest head of one log; its user's lock guards it."""

    def __init__(self, path: Path) -> None:
        """Use a file, which is made with the first head."""
        self._path = path
        self._file: int | None = None
        self._turn = 0

    def put(self, epoch: str, head: Head) -> None:
        """Write a head; known to every later reader of this machine. Raises OSError."""
        if self._file is None:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
            self._file = os.open(self._path, flags, 0o600)
        body = _BODY.pack(_named(epoch), head.number, head.hash)
        os.lseek(self._file, self._turn * _RECORD, os.SEEK_SET)
        os.write(self._file, body + _check(body))
        self._turn = (self._turn + 1) % _PLACES

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def newest_head(path: Path, epoch: str) -> Head | None:
    """Return the newest head in a file that is of this epoch and whole; None where none is."""
    held = b""
    with suppress(OSError):
        held = path.read_bytes()
    found = [
        _read(held[place * _RECORD : (place + 1) * _RECORD], epoch) for place in range(_PLACES)
    ]
    return max(
        (each for each in found if each is not None), key=lambda each: each.number, default=None
    )


def _read(record: bytes, epoch: str) -> Head | None:
    body, check = record[: _BODY.size], record[_BODY.size :]
    if len(record) != _RECORD or check != _check(body):
        return None
    named, number, digest = _BODY.unpack(body)
    return Head(number, digest) if named == _named(epoch) else None


def _named(epoch: str) -> bytes:
    return blake2b(epoch.encode(), digest_size=_EPOCH_BYTES).digest()


def _check(body: bytes) -> bytes:
    return blake2b(body, digest_size=_CHECK_BYTES).digest()
