"""Writes a journal's file anew from its entries, with the tables that follow from them."""

import sqlite3
from collections.abc import Iterable, Iterator

from quantgraph.domain.calendar import from_ms
from quantgraph.domain.journal import CancelIntent
from quantgraph.domain.orders import Order
from quantgraph.store.batches import INSERT_ORDER, Key, Row, cancel_row, fill_row, order_row
from quantgraph.store.chain import Head
from quantgraph.store.journal_tables import CANCELS_CHAINED, SCHEMA, VERSION
from quantgraph.store.records import read_cancel, read_fill, read_order, write_cancel

_TABLES = ("meta", "orders", "events", "fills", "cancels")
_PORTION = 500


def write_over(db: sqlite3.Connection, epoch: str, entries: Iterable[Row]) -> Head:
    """Replace all that a file holds by these entries, in one transaction; return their head.

    An entry: account, sequence, body, fill, digest, actor; without a sequence, body is a cancel's.
    Raises sqlite3.Error; then nothing has changed.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        for table in _TABLES:
            db.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in SCHEMA.split(";"):
            db.execute(statement)
        db.execute("INSERT INTO meta VALUES ('epoch', ?)", (epoch,))
        head = refill(db, entries)
        db.execute(f"PRAGMA user_version={VERSION}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
    return head


def refill(db: sqlite3.Connection, entries: Iterable[Row]) -> Head:
    """Write entries, as `write_over` takes them, into empty tables; return their head."""
    return _Rebuilding(db).write(entries)


def chained_rows(old: sqlite3.Connection) -> Iterator[Row]:
    """Yield the entries of a chained journal as `write_over` takes them."""
    yield from old.execute(
        "SELECT account, sequence, body, fill, digest, actor FROM events ORDER BY number"
    )


def counted_cancels(db: sqlite3.Connection, version: int) -> Iterator[Row]:
    """Yield the cancels that a journal of an older version counted beside its chain, as entries."""
    if version >= CANCELS_CHAINED:
        return
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'cancels'").fetchone() is None:
        return
    text = "SELECT id, account, order_id, time FROM cancels ORDER BY time, rowid"
    for cancel, account, order, time in db.execute(text).fetchall():
        told = write_cancel(CancelIntent(cancel, account, order, from_ms(time)))
        yield account, None, told, None, None, None


class _Rebuilding:
    """Orders as the last entry has them, in the order of their first one."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._orders: dict[Key, tuple[Order, str, int]] = {}
        self._events: list[Row] = []
        self._fills: list[Row] = []
        self._cancels: list[Row] = []

    def write(self, entries: Iterable[Row]) -> Head:
        head = Head()
        for entry in entries:
            head = head.after(*entry)
            self._events.append((head.number, *entry, head.hash))
            self._take(entry, head.number)
            if len(self._events) >= _PORTION:
                self._flush()
        self._flush()
        self._insert(INSERT_ORDER, [order_row(*held) for held in self._orders.values()])
        return head

    def _take(self, entry: Row, number: int) -> None:
        account, sequence, body, fill, digest, _ = entry
        if sequence is None:
            self._cancels.append(cancel_row(read_cancel(body)))
            return
        order = read_order(body)
        key = account, order.id
        known = self._orders.get(key)
        self._orders[key] = (order, str(digest) if known is None else known[1], number)
        executed = read_fill(fill)
        if executed is not None:
            self._fills.append(fill_row(account, sequence, executed))

    def _flush(self) -> None:
        self._insert("INSERT INTO events VALUES ", self._events)
        self._insert("INSERT INTO fills VALUES ", self._fills)
        self._insert("INSERT INTO cancels VALUES ", self._cancels)
        for written in (self._events, self._fills, self._cancels):
            written.clear()

    def _insert(self, head: str, rows: list[Row]) -> None:
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self._db.executemany(f"{head}({marks})", rows)
