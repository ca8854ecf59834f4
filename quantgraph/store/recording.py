"""The journal's writing side: one connection, one transaction and one fsync for a whole batch.

Each statement takes all rows of a batch. Every step of SQLite gives Python's lock away and asks for
it back, and the event loop may keep it for milliseconds: their number must not grow with the batch.
"""

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from cachetools import LRUCache

from quantgraph.domain.calendar import to_ms
from quantgraph.domain.errors import NotFound, Unavailable
from quantgraph.domain.journal import Intent, Outcome, Recorded
from quantgraph.domain.orders import Fill, Order
from quantgraph.domain.reasons import Reason
from quantgraph.domain.transitions import after_report
from quantgraph.store.records import read_order, write_fill, write_order

# Rows of one statement. Their texts differ by it, and each is compiled once.
_MOST = 32
STATEMENTS = 4 * _MOST
# Orders as last recorded: most outcomes follow within milliseconds.
_KEPT = 10_000
_ORDER = (
    "INSERT INTO orders (id, account, client_order_id, digest, state, symbol, side, strategy,"
    " created, body) VALUES "
)
_KNOWN = (
    ") SELECT body, digest FROM k CROSS JOIN orders ON orders.account = k.account"
    " AND orders.client_order_id = k.client_order_id"
)
_CHANGED = (
    ") UPDATE orders SET state = k.state, body = k.body FROM k"
    " WHERE orders.account = k.account AND orders.id = k.id"
)
_TABLES = ("orders", "events", "fills")
T = TypeVar("T")
_Row = tuple[Any, ...]
_Held = tuple[Order, str]
_Key = tuple[str, str | None]


@dataclass(slots=True)
class _Batch:
    """What is known of the orders that a batch concerns, and the rows that it adds.

    `by_key` and `by_id` find an order by account and client order id, or account and id.
    """

    by_key: dict[_Key, _Held]
    by_id: dict[_Key, _Held]
    fill_ids: set[str]
    newest: dict[str, int]
    new: dict[_Key, bytes] = field(default_factory=dict[_Key, bytes])
    changed: dict[_Key, bytes] = field(default_factory=dict[_Key, bytes])
    events: list[_Row] = field(default_factory=list[_Row])
    fills: list[_Row] = field(default_factory=list[_Row])

    def add(self, entry: Intent | Outcome) -> Recorded:
        """Return what becomes of an entry. Raises NotFound; then nothing was added."""
        return self._accept(entry) if isinstance(entry, Intent) else self._fold(entry)

    def _accept(self, intent: Intent) -> Recorded:
        order = intent.order
        key = order.account_id, order.client_order_id
        known = self.by_key.get(key)
        if known is not None:
            return Recorded(*known, new=False)
        held, place = (order, intent.digest), (order.account_id, order.id)
        self.new[place] = self._log(order, None)
        self.by_key[key] = self.by_id[place] = held
        return Recorded(*held, new=True)

    def _fold(self, outcome: Outcome) -> Recorded:
        report = outcome.report
        place = report.account_id, report.order_id
        if place not in self.by_id:
            text = f"The terminal reports order {report.order_id}, which was never journalled."
            raise NotFound(Reason.ORDER_NOT_FOUND, text)
        order, digest = self.by_id[place]
        if report.fill is not None and report.fill.id in self.fill_ids:
            # Known already; the state that comes with it may still be news.
            report = replace(report, fill=None)
        changed = after_report(order, report)
        if changed is None:
            return Recorded(order, digest, new=False)
        body = self._log(changed, report.fill)
        held = self.by_id[place] = changed, digest
        self.by_key[changed.account_id, changed.client_order_id] = held
        (self.new if place in self.new else self.changed)[place] = body
        return Recorded(changed, digest, new=True)

    def _log(self, order: Order, fill: Fill | None) -> bytes:
        account = order.account_id
        body, executed = write_order(order), write_fill(fill)
        sequence = self.newest[account] + 1
        self.newest[account] = sequence
        self.events.append((account, sequence, body, executed))
        if fill is not None:
            row = (account, sequence, fill.id, fill.order_id, fill.symbol, to_ms(fill.time))
            self.fills.append(row)
            self.fill_ids.add(fill.id)
        return body


class Recording:
    """Writes the journal's file, which exists with its tables. Any thread may call, all block."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Write through a connection of its own, in autocommit mode; close it at the end."""
        self._db = connection
        self._lock = threading.Lock()
        self._kept: LRUCache[_Key, _Held] = LRUCache(_KEPT)
        self._newest: dict[str, int] = {}

    def record(self, entries: Sequence[Intent | Outcome]) -> list[Recorded | Exception]:
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
                    self._db.execute(f"DELETE FROM {table}")  # noqa: S608 the table is one of three literals
                self._db.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (epoch,))
                self._db.execute("COMMIT")
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
                self._take_over(epoch)
            except sqlite3.Error as error:
                text = f"The order journal cannot be restored: {error}."
                raise Unavailable(Reason.STORE_UNAVAILABLE, text) from error
            finally:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                with suppress(sqlite3.Error):
                    self._db.execute("DETACH kept")
                self._forget()

    def _take_over(self, epoch: str) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        for table in _TABLES:
            self._db.execute(f"DELETE FROM main.{table}")  # noqa: S608 the table is one of three literals
            self._db.execute(f"INSERT INTO main.{table} SELECT * FROM kept.{table}")  # noqa: S608 as above
        self._db.execute("UPDATE main.meta SET value = ? WHERE key = 'epoch'", (epoch,))
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the connection; what was committed stays."""
        with self._lock:
            self._db.close()

    def _commit(self, entries: Sequence[Intent | Outcome]) -> list[Recorded | Exception]:
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
        self._newest.update(batch.newest)
        self._kept.update({place: batch.by_id[place] for place in (*batch.new, *batch.changed)})
        return found

    def _forget(self) -> None:
        """Undo an unfinished transaction, and trust the file alone from now on."""
        self._kept.clear()
        self._newest.clear()
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _begin(self, entries: Sequence[Intent | Outcome]) -> _Batch:
        """Look up whatever the entries may meet: earlier orders of their keys, and their own."""
        intents = [each.order for each in entries if isinstance(each, Intent)]
        reports = [each.report for each in entries if isinstance(each, Outcome)]
        keys = dict.fromkeys((each.account_id, each.client_order_id) for each in intents)
        places = {(each.account_id, each.order_id) for each in reports}
        held = {place: self._kept.get(place) for place in places}
        by_id: dict[_Key, _Held] = {p: known for p, known in held.items() if known is not None}
        by_key = _indexed(self._known(tuple(keys)))
        for account, order_id in held.keys() - by_id.keys():
            by_id |= self._placed(account, order_id)
        fills = [each.fill.id for each in reports if each.fill is not None]
        accounts = {account for account, _ in (*keys, *places)}
        newest = {account: self._last(account) for account in accounts}
        return _Batch(by_key, by_id, self._filled(fills), newest)

    def _known(self, keys: Sequence[_Key]) -> Iterable[_Held]:
        for part in _parts(keys):
            text = f"WITH k (account, client_order_id) AS (VALUES {_marks(part)}{_KNOWN}"
            for body, digest in self._db.execute(text, _flat(part)):
                yield read_order(body), digest

    def _placed(self, account: str, order_id: str) -> dict[_Key, _Held]:
        text = "SELECT body, digest FROM orders WHERE account = ? AND id = ?"
        rows = self._db.execute(text, (account, order_id))
        found: dict[_Key, _Held] = {}
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

    def _write(self, batch: _Batch) -> None:
        rows = [_order_row(*batch.by_id[place], body) for place, body in batch.new.items()]
        self._insert(_ORDER, rows)
        changes = [
            (*place, batch.by_id[place][0].state.value, body)
            for place, body in batch.changed.items()
        ]
        for part in _parts(changes):
            text = f"WITH k (account, id, state, body) AS (VALUES {_marks(part)}{_CHANGED}"
            self._db.execute(text, _flat(part))
        self._insert("INSERT INTO fills VALUES ", batch.fills)
        self._insert("INSERT INTO events VALUES ", batch.events)

    def _insert(self, head: str, rows: Sequence[_Row]) -> None:
        for part in _parts(rows):
            self._db.execute(head + _marks(part), _flat(part))


def _indexed(orders: Iterable[_Held]) -> dict[_Key, _Held]:
    return {(held[0].account_id, held[0].client_order_id): held for held in orders}


def _added(batch: _Batch, entry: Intent | Outcome) -> Recorded | Exception:
    """Add an entry; one that cannot be written is answered so, and takes no other with it."""
    try:
        return batch.add(entry)
    except Exception as error:
        return error


def _order_row(order: Order, digest: str, body: bytes) -> _Row:
    return (
        order.id,
        order.account_id,
        order.client_order_id,
        digest,
        order.state.value,
        order.symbol,
        order.side.value,
        order.strategy,
        to_ms(order.created_at),
        body,
    )


def _parts(rows: Sequence[T]) -> Iterable[Sequence[T]]:
    return (rows[first : first + _MOST] for first in range(0, len(rows), _MOST))


def _marks(rows: Sequence[_Row]) -> str:
    return _values(len(rows), len(rows[0]))


@cache
def _values(rows: int, columns: int) -> str:
    return ",".join(["(" + ",".join("?" * columns) + ")"] * rows)


def _flat(rows: Sequence[_Row]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(rows))


def _unwritable(error: sqlite3.Error, entry: Intent | Outcome) -> Unavailable:
    sent = " Nothing was sent." if isinstance(entry, Intent) else ""
    text = f"The order journal cannot be written: {error}.{sent}"
    return Unavailable(Reason.STORE_UNAVAILABLE, text)
