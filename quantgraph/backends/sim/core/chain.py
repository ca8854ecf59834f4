"""A running hash over everything a venue was told and told."""

import sys
from array import array
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TypedDict
from zlib import crc32

from quantgraph.backends.sim.core.events import (
    Cancel,
    Command,
    End,
    Ended,
    Enter,
    Event,
    Expire,
    Halt,
    Lower,
    Refused,
    Trade,
    Turn,
)
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.sessions import Phase

_BLOCK = 2048  # whole numbers per link: hashing in blocks costs a tenth of hashing each record

# A word's number must not depend on its place in an enum: enums grow in the middle.
_CODES: Mapping[str, int] = {
    word: crc32(word.encode()) for kind in (Side, PriceType, Phase, End, Reason) for word in kind
}


class ChainState(TypedDict):
    """A chain as JSON: the last link in hex, what follows it, and the records so far."""

    link: str
    tail: list[int]
    count: int


class Chain:
    """Links of hashes: each covers the one before and a block of numbers.

    Numbers are hashed as 64-bit little-endian, so that no machine, Python or hash seed shows.
    """

    __slots__ = ("_link", "_tail", "count")

    def __init__(self) -> None:
        """Begin with nothing recorded."""
        self._link = b""
        self._tail: list[int] = []
        self.count = 0

    def add(self, command: Command, events: Sequence[Event]) -> None:
        """Record a command and what came of it."""
        self.count += 1
        tail = self._tail
        tail += _numbers(command)
        for event in events:
            tail += _numbers(event)
        if len(tail) >= _BLOCK:
            self._link = self._close()
            tail.clear()

    def read(self) -> tuple[str, int]:
        """Return the hash so far in hex and how many records it covers; nothing changes."""
        return self._close().hex(), self.count

    def dump(self) -> ChainState:
        """Return everything as JSON."""
        return {"link": self._link.hex(), "tail": list(self._tail), "count": self.count}

    @classmethod
    def load(cls, state: ChainState) -> "Chain":
        """Go on where a dump stood."""
        chain = cls()
        chain._link = bytes.fromhex(state["link"])
        chain._tail = list(state["tail"])
        chain.count = state["count"]
        return chain

    def _close(self) -> bytes:
        block = array("q", self._tail)
        if sys.byteorder == "big":
            block.byteswap()
        return blake2b(self._link + block.tobytes(), digest_size=16).digest()


def _numbers(record: Command | Event) -> tuple[int, ...]:  # noqa: PLR0911 - one line a kind
    """Return a record as numbers: its kind, then its fields in order."""
    match record:
        case Enter(key, side, quantity, price_type, limit):
            return (1, key, _CODES[side], quantity, _CODES[price_type], limit or 0)
        case Cancel(key):
            return (2, key)
        case Lower(key, quantity):
            return (9, key, quantity)
        case Turn(phase):
            return (3, _CODES[phase])
        case Halt(resumed):
            return (4, int(resumed))
        case Expire():
            return (5,)
        case Trade(buyer, seller, price, quantity, taker):
            return (6, buyer, seller, price, quantity, 0 if taker is None else _CODES[taker])
        case Ended(key, left, end):
            return (7, key, left, _CODES[end])
        case Refused(key, reason):
            return (8, key, _CODES[reason])
