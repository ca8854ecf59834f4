"""The hash chain of a log: each entry's hash covers the entry and the hash of the one before.

Whoever edits, removes, inserts or moves an entry has to write every later hash anew, and the newest
is kept elsewhere as well (`heads.py`). No secret is part of it: it would lie in the same folder.
"""

from hashlib import blake2b
from typing import NamedTuple, TypeAlias

Field: TypeAlias = "bytes | str | int | None"
HASH_BYTES = 32
# Before the first entry.
ROOT = bytes(HASH_BYTES)


class Head(NamedTuple):
    """The newest entry of a log: how many there are, and the hash of the last."""

    number: int = 0
    hash: bytes = ROOT

    def after(self, *fields: Field) -> "Head":
        """Return the head once an entry of these fields follows."""
        number = self.number + 1
        return Head(number, chained(self.hash, number, *fields))


def chained(previous: bytes, *fields: Field) -> bytes:
    """Return the hash of an entry: BLAKE2b of 32 bytes over what came before and its fields."""
    told = [previous]
    # With type and length: no two lists of fields read the same. Three entries of every order pass.
    for field in fields:
        if field is None:
            told.append(b"n:")
        elif isinstance(field, bytes):
            told.append(b"b%d:%b" % (len(field), field))
        elif isinstance(field, int):
            told.append(b"i%d:" % field)
        else:
            text = field.encode()
            told.append(b"s%d:%b" % (len(text), text))
    return blake2b(b"".join(told), digest_size=HASH_BYTES).digest()
