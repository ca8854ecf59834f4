"""A running hash over everything a venue was told and told."""

import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, TypedDict
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


_BUY, _SELL, _LIMIT = _CODES[Side.BUY], _CODES[Side.SELL], _CODES[PriceType.LIMIT]
_CANCELED = _CODES[End.CANCELED]


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
        # The two kinds that almost all commands are: a look-up and a call cost as much again.
        if type(command) is Enter:
            tail += _enter(command)
        elif type(command) is Cancel:
            tail += (2, command.key)
        else:
            tail += _NUMBERS[type(command)](command)
        for event in events:
            tail += _NUMBERS[type(event)](event)
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


def _enter(record: Enter) -> tuple[int, ...]:
    side, kind = record.side, record.price_type
    # An enum hashes its name in Python code: a comparison is three times as quick as a look-up.
    buys = _BUY if side is Side.BUY else _SELL
    word = _LIMIT if kind is PriceType.LIMIT else _CODES[kind]
    return (1, record.key, buys, record.quantity, word, record.limit or 0)


def _trade(record: Trade) -> tuple[int, ...]:
    taker = record.taker
    word = 0 if taker is None else _BUY if taker is Side.BUY else _SELL
    return (6, record.buyer, record.seller, record.price, record.quantity, word)


def _ended(record: Ended) -> tuple[int, ...]:
    word = _CANCELED if record.end is End.CANCELED else _CODES[record.end]
    return (7, record.key, record.open, word)


# A record as numbers: its kind, then its fields in order.
_NUMBERS: Mapping[type, Callable[[Any], tuple[int, ...]]] = {
    Enter: _enter,
    Cancel: lambda record: (2, record.key),
    Lower: lambda record: (9, record.key, record.quantity),
    Turn: lambda record: (3, _CODES[record.phase], *record.leaving),
    Halt: lambda record: (4, int(record.resumed)),
    Expire: lambda _: (5,),
    Trade: _trade,
    Ended: _ended,
    Refused: lambda record: (8, record.key, _CODES[record.reason]),
}
