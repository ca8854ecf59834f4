"""The order journal: every change of every order, durable before anything acts on it.

It is also the event log that `orderUpdates` reads: one gapless sequence per account, within an
epoch. All methods block; callers go through `Workers`.
"""

import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from quantgraph.domain.calendar import to_ms
from quantgraph.domain.errors import NotFound, StartupError, Unavailable
from quantgraph.domain.journal import Intent, JournalEvent, Outcome, Recorded
from quantgraph.domain.orders import (
    Fill,
    FillPage,
    FillQuery,
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
)
from quantgraph.domain.portfolio import OrderTally, Trade
from quantgraph.domain.reasons import Reason
from quantgraph.domain.transitions import after_report
from quantgraph.store import pages
from quantgraph.store.folder import opening
from quantgraph.store.journal_tables import SCHEMA, VERSION
from quantgraph.store.records import read_fill, read_order, write_fill, write_order


class OrderJournal:
    """One SQLite file, one writer; `synchronous=FULL` makes a commit durable before it returns."""

    def __init__(self, path: Path, epoch: str) -> None:
        """Open or create the journal; `epoch` names the log where it is new.

        Raises StartupError DATA_DIR_UNUSABLE, STORE_CORRUPT or STORE_VERSION; the file is then
        left as it is.
        """
        self.path = path
        self._lock = threading.Lock()
        with opening(path, "the order journal"):
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
                self._prepare(epoch)
            except BaseException:
                self._db.close()
                raise

    @property
    def epoch(self) -> str:
        """The log's identity: a cursor from another epoch means nothing here."""
        with self._lock:
            row = self._db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
        return str(row[0])

    def record(self, entries: Sequence[Intent | Outcome]) -> list[Recorded | Exception]:
        """Record the entries in this order with one fsync; see `domain.journal.Journal`."""
        try:
            with self._write() as db:
                return [self._record(db, each) for each in entries]
        except Exception as error:
            if len(entries) == 1:
                return [error]
            # One that cannot be written takes none of the others with it.
            return [found for each in entries for found in self.record([each])]

    def recall(self, account_id: str, client_order_id: str) -> tuple[Order, str] | None:
        """Return the order recorded under a client order id and its digest, or None."""
        with self._lock:
            return self._by_key(self._db, account_id, client_order_id)

    def find(self, key: OrderKey) -> Order | None:
        """Return one order of an account by either id."""
        column = "id" if key.id is not None else "client_order_id"
        value = key.id if key.id is not None else key.client_order_id
        with self._lock:
            row = self._db.execute(
                f"SELECT body FROM orders WHERE account = ? AND {column} = ?",  # noqa: S608 the column is one of two literals
                (key.account_id, value),
            ).fetchone()
        return None if row is None else read_order(row[0])

    def page(self, query: OrderQuery) -> OrderPage:
        """Return a page of an account's orders, newest first. Errors: INVALID_CURSOR."""
        with self._lock:
            return pages.order_page(self._db, query)

    def fills(self, query: FillQuery) -> FillPage:
        """Return a page of an account's fills, newest first. Errors: INVALID_CURSOR."""
        with self._lock:
            return pages.fill_page(self._db, query)

    def order_fills(self, account_id: str, order_ids: Sequence[str], limit: int) -> list[Fill]:
        """Return up to `limit` fills of these orders of an account, oldest first."""
        with self._lock:
            return pages.order_fills(self._db, account_id, order_ids, limit)

    def trades(self, account_id: str, after: int, limit: int) -> list[Trade]:
        """Return up to `limit` fills of an account's log after a sequence, in order."""
        with self._lock:
            return pages.trades(self._db, account_id, after, limit)

    def tallies(self, account_id: str) -> list[OrderTally]:
        """Return how many orders an account has under each label, in no order."""
        with self._lock:
            return pages.tallies(self._db, account_id)

    def events(self, account_id: str, after: int, limit: int) -> list[JournalEvent]:
        """Return up to `limit` events of an account after a sequence, in order."""
        with self._lock:
            rows = self._db.execute(
                "SELECT sequence, body, fill FROM events WHERE account = ? AND sequence > ?"
                " ORDER BY sequence LIMIT ?",
                (account_id, after, limit),
            ).fetchall()
        return [JournalEvent(row[0], read_order(row[1]), read_fill(row[2])) for row in rows]

    def open_orders(self, account_id: str) -> tuple[list[Order], int]:
        """Return an account's orders that are not final, and the newest sequence."""
        final = ("FILLED", "CANCELED", "EXPIRED", "REJECTED")
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM orders WHERE account = ? AND state NOT IN (?, ?, ?, ?)"
                " ORDER BY number",
                (account_id, *final),
            ).fetchall()
            return [read_order(row[0]) for row in rows], self._newest(self._db, account_id)

    def newest(self, account_id: str) -> int:
        """Return the newest sequence of an account's log; 0 where it is empty."""
        with self._lock:
            return self._newest(self._db, account_id)

    def start_over(self, epoch: str) -> None:
        """Forget everything and begin a new log: the simulated world has started over."""
        with self._write() as db:
            for table in ("orders", "events", "fills"):
                db.execute(f"DELETE FROM {table}")  # noqa: S608 the table is one of three literals
            db.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (epoch,))

    def close(self) -> None:
        """Close the file; what was committed stays."""
        with self._lock:
            self._db.close()

    def _prepare(self, epoch: str) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version == 0 and tables == 0:
            self._db.executescript(f"BEGIN;{SCHEMA}PRAGMA user_version={VERSION};COMMIT;")
            self._db.execute("INSERT INTO meta VALUES ('epoch', ?)", (epoch,))
        elif version != VERSION:
            text = (
                f"The order journal {self.path} has version {version}, this program reads "
                f"{VERSION}. It was left untouched."
            )
            raise StartupError(Reason.STORE_VERSION, text, file=str(self.path))

    @contextmanager
    def _write(self) -> Generator[sqlite3.Connection, None, None]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._abandon()
                text = f"The order journal cannot be written: {error}. Nothing was sent."
                raise Unavailable(Reason.STORE_UNAVAILABLE, text) from error
            except BaseException:
                self._abandon()
                raise

    def _abandon(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _record(self, db: sqlite3.Connection, entry: Intent | Outcome) -> Recorded:
        return self._accept(db, entry) if isinstance(entry, Intent) else self._fold(db, entry)

    def _accept(self, db: sqlite3.Connection, intent: Intent) -> Recorded:
        order = intent.order
        known = self._by_key(db, order.account_id, order.client_order_id)
        if known is not None:
            return Recorded(*known, new=False)
        body = write_order(order)
        db.execute(
            "INSERT INTO orders (id, account, client_order_id, digest, state, symbol, side,"
            " strategy, created, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                order.id,
                order.account_id,
                order.client_order_id,
                intent.digest,
                order.state.value,
                order.symbol,
                order.side.value,
                order.strategy,
                to_ms(order.created_at),
                body,
            ),
        )
        self._log(db, order, body, None)
        return Recorded(order, intent.digest, new=True)

    def _fold(self, db: sqlite3.Connection, outcome: Outcome) -> Recorded:
        report = outcome.report
        row = db.execute(
            "SELECT body, digest FROM orders WHERE account = ? AND id = ?",
            (report.account_id, report.order_id),
        ).fetchone()
        if row is None:
            text = f"The terminal reports order {report.order_id}, which was never journalled."
            raise NotFound(Reason.ORDER_NOT_FOUND, text)
        order = read_order(row[0])
        changed = after_report(order, report, outcome.broker_id)
        sequence = self._newest(db, report.account_id) + 1
        if changed is None or not _takes_fill(db, report.fill, sequence):
            return Recorded(order, row[1], new=False)
        body = write_order(changed)
        db.execute(
            "UPDATE orders SET state = ?, body = ? WHERE id = ?",
            (changed.state.value, body, changed.id),
        )
        self._log(db, changed, body, report.fill)
        return Recorded(changed, row[1], new=True)

    def _log(self, db: sqlite3.Connection, order: Order, body: bytes, fill: Fill | None) -> None:
        sequence = self._newest(db, order.account_id) + 1
        db.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?)",
            (order.account_id, sequence, body, write_fill(fill)),
        )

    @staticmethod
    def _newest(db: sqlite3.Connection, account_id: str) -> int:
        row = db.execute(
            "SELECT max(sequence) FROM events WHERE account = ?", (account_id,)
        ).fetchone()
        return int(row[0] or 0)

    @staticmethod
    def _by_key(
        db: sqlite3.Connection, account_id: str, client_order_id: str | None
    ) -> tuple[Order, str] | None:
        row = db.execute(
            "SELECT body, digest FROM orders WHERE account = ? AND client_order_id = ?",
            (account_id, client_order_id),
        ).fetchone()
        return None if row is None else (read_order(row[0]), str(row[1]))


def _takes_fill(db: sqlite3.Connection, fill: Fill | None, sequence: int) -> bool:
    """Note a fill and its place in the log; False where it was recorded before."""
    if fill is None:
        return True
    text = "INSERT OR IGNORE INTO fills VALUES (?, ?, ?, ?, ?, ?)"
    place = (fill.account_id, sequence, fill.id, fill.order_id, fill.symbol, to_ms(fill.time))
    return db.execute(text, place).rowcount > 0


def set_aside(path: Path) -> None:
    """Keep the journal of the last simulated world as `<name>.previous`, replacing an older one.

    SQLite's own side files belong to the database and move with it. Raises StartupError
    DATA_DIR_UNUSABLE where that cannot be done.
    """
    with opening(path, "the order journal"):
        for suffix in ("", "-wal", "-shm"):
            file = path.with_name(path.name + suffix)
            kept = path.with_name(f"{path.name}.previous{suffix}")
            kept.unlink(missing_ok=True)
            if file.exists():
                file.rename(kept)
