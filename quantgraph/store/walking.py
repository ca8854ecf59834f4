"""Reads the journal's log through, from its first entry, and holds it against its own hashes."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from quantgraph.domain.journal import CancelIntent
from quantgraph.domain.orders import Fill, Order
from quantgraph.store.batches import Key, Row, cancel_row, fill_row, order_row
from quantgraph.store.chain import Head, chained
from quantgraph.store.journal_tables import BODY, CANCELS_CHAINED, ENTRY_NAMED
from quantgraph.store.records import read_cancel, read_fill, read_order

_EVENTS = "SELECT number, account, sequence, body, fill, digest, actor, hash FROM events"
_ORDERS = (
    "SELECT number, id, account, client_order_id, tag, digest, state, symbol, side, strategy,"
    " created, {} FROM orders ORDER BY number"
)
_FILLS = "SELECT account, sequence, id, order_id, symbol, time FROM fills"
_CANCELS = "SELECT id, account, order_id, time FROM cancels"


class ChainBroken(Exception):
    """An entry does not fit; the message names it and says how."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log that fits, as its row and as what it says; `head` is that after it."""

    row: Row
    told: Order | CancelIntent
    fill: Fill | None
    head: Head


def entries(db: sqlite3.Connection) -> Iterator[Entry]:
    """Yield the entries in order as long as they fit. Raises ChainBroken at the first that doesn't.

    Also sqlite3.DatabaseError where the file itself cannot be read on.
    """
    head, newest = Head(), dict[str, int]()
    for row in db.execute(f"{_EVENTS} ORDER BY number"):
        number, account, sequence = row[:3]
        if number != head.number + 1:
            raise ChainBroken(f"entry {head.number + 1} is missing; {number} follows")
        head = head.after(*row[1:-1])
        if head.hash != row[-1]:
            raise ChainBroken(f"entry {number} does not fit its hash, or the entry before it")
        if sequence is None:
            yield Entry(row, read_cancel(row[3]), None, head)
            continue
        if sequence != newest.get(account, 0) + 1:
            raise ChainBroken(f"entry {number} has sequence {sequence} in its account's log")
        newest[account] = sequence
        yield Entry(row, read_order(row[3]), read_fill(row[4]), head)


def newest(db: sqlite3.Connection, count: int) -> Iterator[Head]:
    """Yield the heads of about so many of the newest entries. Raises ChainBroken, as `entries`."""
    first = "(SELECT max(number) FROM events) - ?"
    head: Head | None = None
    for number, *fields, kept in db.execute(
        f"{_EVENTS} WHERE number >= {first} ORDER BY number", (count,)
    ):
        head = Head(number, kept) if head is None else head.after(*fields)
        if head != Head(number, kept):
            raise ChainBroken(f"entry {number} does not fit its hash, or the entry before it")
        yield head


@dataclass(slots=True)
class Derived:
    """What the tables beside the log have to say, told by its entries one after the other."""

    orders: dict[Key, Row] = field(default_factory=dict[Key, Row])
    fills: int = 0
    cancels: int = 0

    def take(self, db: sqlite3.Connection, entry: Entry) -> None:
        """Hear of an entry, and look at its fill or cancel. Raises ChainBroken."""
        number, account, sequence, body, _, digest = entry.row[:6]
        if isinstance(entry.told, CancelIntent):
            self._count(db, entry.told, number)
            return
        key = account, entry.told.id
        place, digest, _ = self.orders.get(key, (len(self.orders) + 1, digest, None))
        self.orders[key] = (place, digest, _short(body))
        if entry.fill is None:
            return
        self.fills += 1
        asked = (account, sequence)
        found = db.execute(f"{_FILLS} WHERE account = ? AND sequence = ?", asked).fetchone()
        if found != fill_row(account, sequence, entry.fill):
            raise ChainBroken(f"the table of fills differs from entry {number}")

    def _count(self, db: sqlite3.Connection, cancel: CancelIntent, number: int) -> None:
        self.cancels += 1
        found = db.execute(f"{_CANCELS} WHERE id = ?", (cancel.id,)).fetchone()
        if found != cancel_row(cancel):
            raise ChainBroken(f"the table of cancels differs from entry {number}")

    def check(self, db: sqlite3.Connection, version: int) -> None:
        """Compare the other tables of a journal of this version at the end. Raises ChainBroken."""
        last = f"event, {BODY}" if version >= ENTRY_NAMED else "0, body"
        for number, *row, body in db.execute(_ORDERS.format(last)):
            order, digest = str(row[0]), row[4]
            told = self.orders.pop((row[1], order), None)
            if told is None or told != (number, digest, _short(body)):
                raise ChainBroken(f"the table of orders differs from the log in {order!r}")
            if tuple(row) != order_row(read_order(body), digest, row[-1]):
                raise ChainBroken(f"the table of orders differs from itself in {order!r}")
        if self.orders:
            raise ChainBroken(f"the table of orders lacks {next(iter(self.orders))[1]!r}")
        counted = version >= CANCELS_CHAINED
        told_of = [("fills", self.fills), *([("cancels", self.cancels)] if counted else [])]
        for table, told in told_of:
            if db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] != told:  # noqa: S608 one of two literals
                raise ChainBroken(f"the table of {table} has rows that the log does not tell")


def _short(body: bytes | str) -> bytes:
    # With its type: SQLite keeps a text where bytes belong.
    return chained(b"", body)
