"""The journal's writing side: one connection, one transaction and one fsync for a whole batch.

Each statement takes all rows of a batch. Every step of SQLite gives Python's lock away and asks for
it back, and the event loop may keep it for milliseconds: their number must not grow with the batch.
"""

import sqlite3
import threading
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing, suppress
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from cachetools import LRUCache

from quantgraph.domain.errors import Unavailable
from quantgraph.domain.journal import CancelIntent, Cut, Entry, Intent, Outcome, Recorded
from quantgraph.domain.reasons import Reason
from quantgraph.store.anchor import Anchor
from quantgraph.store.batches import INSERT_ORDER, Batch, Held, Key, Row, order_row
from quantgraph.store.chain import Head
from quantgraph.store.journal_tables import BODY, VERSION, head_of, keep_cut
from quantgraph.store.rebuilding import chained_rows, counted_cancels, refill
from quantgraph.store.records import read_order

# Rows of one statement. Their texts differ by it, and each is compiled once.
_MOST = 32
STATEMENTS = 4 * _MOST
# Orders as last recorded: most outcomes follow within milliseconds.
_KEPT = 10_000
_KNOWN = (
    f") SELECT {BODY}, orders.digest FROM k CROSS JOIN orders ON orders.account = k.account"  # noqa: S608 a literal of the tables
    " AND orders.client_order_id = k.client_order_id"
)
_CHANGED = (
    ") UPDATE orders SET state = k.state, event = k.event FROM k"
    " WHERE orders.account = k.account AND orders.id = k.id"
)
_TABLES = ("orders", "events", "fills", "cancels")
_LISTED = (
    f") SELECT {BODY}, orders.digest FROM k CROSS JOIN orders ON orders.account = k.account"  # noqa: S608 as above
    " AND orders.tag = k.tag WHERE orders.client_order_id IS NULL"
)
T = TypeVar("T")


class Recording:
    """Writes the journal's file, which exists with its tables. Any thread may call, all block."""

    def __init__(self, connection: sqlite3.Connection, anchor: Anchor) -> None:
        """Write through a connection of its own, in autocommit mode; close it at the end.

        `anchor` keeps the newest head elsewhere.
        """
        self._db = connection
        self._anchor = anchor
        self._lock = threading.Lock()
        self._kept: LRUCache[Key, Held] = LRUCache(_KEPT)
        self._newest: dict[str, int] = {}
        self._head: Head | None = None

    def record(self, entries: Sequence[Entry]) -> list[Recorded | Exception]:
        """Record the entries in this order with one fsync; see `domain.journal.Journal`."""
        with self._lock:
            try:
                return self._commit(entries)
            except sqlite3.OperationalError as error:
                # The disk, not an entry: whatever the next fsync says, none of these is durable.
                return [_unwritable(error, each) for each in entries]
            except Exception as error:
                if len(entries) == 1:
                    unwritable = isinstance(error, sqlite3.Error)
                    return [_unwritable(error, entries[0]) if unwritable else error]
        # One that cannot be written takes none of the others with it.
        return [found for each in entries for found in self.record([each])]

    def start_over(self, epoch: str) -> None:
        """Forget everything and begin a new log. Raises Unavailable."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                for table in _TABLES:
                    self._db.execute(f"DELETE FROM {table}")  # noqa: S608 the table is one of four literals
                self._db.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (epoch,))
                self._db.execute("COMMIT")
                self._anchor.begin(epoch, Head())
            except sqlite3.Error as error:
                text = f"The order journal cannot be written: {error}."
                raise Unavailable(Reason.STORE_UNAVAILABLE, text) from error
            finally:
                self._forget()

    def restore(self, file: Path, epoch: str) -> None:
        """Take over the tables of another journal's file as a new log. Raises Unavailable."""
        with self._lock:
            try:
                self._db.execute("ATTACH ? AS kept", (str(file),))
                self._anchor.begin(epoch, self._take_over(file, epoch))
            except sqlite3.Error as error:
                text = f"The order journal cannot be restored: {error}."
                raise Unavailable(Reason.STORE_UNAVAILABLE, text) from error
            finally:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                with suppress(sqlite3.Error):
                    self._db.execute("DETACH kept")
                self._forget()

    def _take_over(self, file: Path, epoch: str) -> Head:
        version = int(self._db.execute("PRAGMA kept.user_version").fetchone()[0])
        self._db.execute("BEGIN IMMEDIATE")
        for table in _TABLES:
            self._db.execute(f"DELETE FROM main.{table}")  # noqa: S608 the table is one of four literals
            if version == VERSION:
                self._db.execute(f"INSERT INTO main.{table} SELECT * FROM kept.{table}")  # noqa: S608 as above
        if version != VERSION:
            with closing(sqlite3.connect(file)) as old:
                refill(self._db, chain(chained_rows(old), counted_cancels(old, version)))
        self._db.execute("UPDATE main.meta SET value = ? WHERE key = 'epoch'", (epoch,))
        self._db.execute("COMMIT")
        return head_of(self._db)

    def rewrite(self, cut: Cut) -> None:
        """Write down what is known of a cut. Raises Unavailable."""
        with self._lock:
            try:
                keep_cut(self._db, cut)
            except sqlite3.Error as error:
                text = f"The order journal cannot be written: {error}."
                raise Unavailable(Reason.STORE_UNAVAILABLE, text) from error

    def anchor(self) -> None:
        """Keep the newest head elsewhere, if it is not yet. Never raises: it is tried again."""
        with self._lock:
            self._anchor.hold()

    def close(self) -> None:
        """Close the connection; what was committed stays."""
        with self._lock:
            self._anchor.close()
            self._db.close()

    def _commit(self, entries: Sequence[Entry]) -> list[Recorded | Exception]:
        done = False
        try:
            self._db.execute("BEGIN IMMEDIATE")
            batch = self._begin(entries)
            found = [_added(batch, each) for each in entries]
            self._write(batch)
            self._db.execute("COMMIT")
            done = True
        finally:
            if not done:
                self._forget()
        self._head = batch.head
        self._anchor.passed(batch.head)
        self._newest.update(batch.newest)
        self._kept.update({place: batch.by_id[place] for place in (*batch.new, *batch.changed)})
        return found

    def _forget(self) -> None:
        """Undo an unfinished transaction, and trust the file alone from now on."""
        self._kept.clear()
        self._newest.clear()
        self._head = None
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _begin(self, entries: Sequence[Entry]) -> Batch:
        """Look up whatever the entries may meet: earlier orders of their keys, and their own."""
        intents = [each.order for each in entries if isinstance(each, Intent)]
        outcomes = [each for each in entries if isinstance(each, Outcome)]
        reports = [each.report for each in outcomes]
        keys = dict.fromkeys((each.account_id, each.client_order_id) for each in intents)
        places = {(each.report.account_id, each.order_id) for each in outcomes}
        places |= {(each.account_id, each.id) for each in intents if each.client_order_id is None}
        asked = [each for each in entries if isinstance(each, CancelIntent)]
        places |= {(each.account_id, each.order_id) for each in asked}
        held = {place: self._kept.get(place) for place in places}
        by_id: dict[Key, Held] = {p: known for p, known in held.items() if known is not None}
        by_key = _indexed(self._known(tuple(keys)))
        for account, order_id in held.keys() - by_id.keys():
            by_id |= self._placed(account, order_id)
        fills = [each.fill.id for each in reports if each.fill is not None]
        accounts = {account for account, _ in (*keys, *places)}
        newest = {account: self._last(account) for account in accounts}
        head = self._head or head_of(self._db)
        by_tag = self._listed({(each.account_id, each.tag) for each in intents if each.tag})
        return Batch(by_key, by_id, by_tag, self._filled(fills), newest, head)

    def _known(self, keys: Sequence[Key]) -> Iterable[Held]:
        for part in _parts(keys):
            text = f"WITH k (account, client_order_id) AS (VALUES {_marks(part)}{_KNOWN}"
            for body, digest in self._db.execute(text, _flat(part)):
                yield read_order(body), digest

    def _listed(self, tags: Collection[Key]) -> dict[Key, Held]:
        found: dict[Key, Held] = {}
        for part in _parts([*tags]):
            text = f"WITH k (account, tag) AS (VALUES {_marks(part)}{_LISTED}"
            for body, digest in self._db.execute(text, _flat(part)):
                order = read_order(body)
                found[order.account_id, order.tag] = order, digest
        return found

    def _placed(self, account: str, order_id: str) -> dict[Key, Held]:
        text = f"SELECT {BODY}, digest FROM orders WHERE account = ? AND id = ?"  # noqa: S608 a literal of the tables
        rows = self._db.execute(text, (account, order_id))
        found: dict[Key, Held] = {}
        for body, digest in rows:
            found[account, order_id] = read_order(body), digest
        return found

    def _filled(self, ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for part in _parts(ids):
            text = f"SELECT id FROM fills WHERE id IN ({','.join('?' * len(part))})"  # noqa: S608 placeholders alone
            found |= {row[0] for row in self._db.execute(text, part)}
        return found

    def _last(self, account: str) -> int:
        known = self._newest.get(account)
        if known is not None:
            return known
        text = "SELECT max(sequence) FROM events WHERE account = ?"
        return int(self._db.execute(text, (account,)).fetchone()[0] or 0)

    def _write(self, batch: Batch) -> None:
        rows = [order_row(*batch.by_id[place], event) for place, event in batch.new.items()]
        self._insert(INSERT_ORDER, rows)
        changes = [
            (*place, batch.by_id[place][0].state.value, event)
            for place, event in batch.changed.items()
        ]
        for part in _parts(changes):
            text = f"WITH k (account, id, state, event) AS (VALUES {_marks(part)}{_CHANGED}"
            self._db.execute(text, _flat(part))
        self._insert("INSERT INTO fills VALUES ", batch.fills)
        self._insert("INSERT INTO events VALUES ", batch.events)
        self._insert("INSERT INTO cancels VALUES ", batch.cancels)

    def _insert(self, head: str, rows: Sequence[Row]) -> None:
        for part in _parts(rows):
            self._db.execute(head + _marks(part), _flat(part))


def _indexed(orders: Iterable[Held]) -> dict[Key, Held]:
    return {(held[0].account_id, held[0].client_order_id): held for held in orders}


def _added(batch: Batch, entry: Entry) -> Recorded | Exception:
    """Add an entry; one that cannot be written is answered so, and takes no other with it."""
    try:
        return batch.add(entry)
    except Exception as error:
        return error


def _parts(rows: Sequence[T]) -> Iterable[Sequence[T]]:
    return (rows[first : first + _MOST] for first in range(0, len(rows), _MOST))


def _marks(rows: Sequence[Row]) -> str:
    return _values(len(rows), len(rows[0]))


@cache
def _values(rows: int, columns: int) -> str:
    return ",".join(["(" + ",".join("?" * columns) + ")"] * rows)


def _flat(rows: Sequence[Row]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(rows))


def _unwritable(error: sqlite3.Error, entry: Entry) -> Unavailable:
    sent = " Nothing was sent." if isinstance(entry, Intent) else ""
    text = f"The order journal cannot be written: {error}.{sent}"
    return Unavailable(Reason.STORE_UNAVAILABLE, text)
