"""A running hash over everything a venue was told and told."""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from struct import pack
from typing import Any, Final, TypedDict
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


_BUY: Final[int] = _CODES[Side.BUY]
_SELL: Final[int] = _CODES[Side.SELL]
_LIMIT: Final[int] = _CODES[PriceType.LIMIT]
_CANCELED: Final[int] = _CODES[End.CANCELED]
# An enum hashes its name in Python code, and an attribute of one is looked up in its class.
_BUYS: Final = Side.BUY
_LIMITED: Final = PriceType.LIMIT
_CANCELS: Final = End.CANCELED


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

    def add(self, command: Command, events: list[Event]) -> None:
        """Record a command and what came of it."""
        self.count += 1
        tail = self._tail
        # The kinds that almost all are: a look-up and a call cost as much again.
        if isinstance(command, Enter):
            tail += _enter(command)
        elif isinstance(command, Cancel):
            tail += (2, command.key)
        else:
            tail += _NUMBERS[type(command)](command)
        for event in events:
            if isinstance(event, Ended):
                tail += _ended(event)
            elif isinstance(event, Trade):
                tail += _trade(event)
            else:
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
        block = pack(f"<{len(self._tail)}q", *self._tail)
        return blake2b(self._link + block, digest_size=16).digest()


def _enter(record: Enter) -> tuple[int, ...]:
    side, kind = record.side, record.price_type
    buys = _BUY if side is _BUYS else _SELL
    word = _LIMIT if kind is _LIMITED else _CODES[kind]
    return (1, record.key, buys, record.quantity, word, record.limit or 0)


def _trade(record: Trade) -> tuple[int, ...]:
    taker = record.taker
    word = 0 if taker is None else _BUY if taker is _BUYS else _SELL
    return (6, record.buyer, record.seller, record.price, record.quantity, word)


def _ended(record: Ended) -> tuple[int, ...]:
    word = _CANCELED if record.end is _CANCELS else _CODES[record.end]
    return (7, record.key, record.open, word)


# A record as numbers: its kind, then its fields in order.
_NUMBERS: Mapping[type, Callable[[Any], tuple[int, ...]]] = {
    Enter: _enter,
    Cancel: lambda record: (2, record.key),
    Lower: lambda record: (9, record.key, record.quantity),
    Turn: lambda record: (3, _CODES[record.phase], *record.leaving),
    Halt: lambda record: (4, int(record.resumed)),
    Expire: lambda _: (5,),
    Refused: lambda record: (8, record.key, _CODES[record.reason]),
}
