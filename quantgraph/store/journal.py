"""The order journal: every change of every order, durable before anything acts on it.

It is also the event log that `orderUpdates` reads: one gapless sequence per account, within an
epoch. All methods block; callers go through `Workers`. Reads have a connection of their own and
wait for no write.
"""

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from quantgraph.domain.journal import Cut, DayLog, Entry, JournalEvent, Recorded
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
from quantgraph.store import pages
from quantgraph.store.anchor import Anchor
from quantgraph.store.folder import opening
from quantgraph.store.heads import HeadFile
from quantgraph.store.journal_files import connect, prepare
from quantgraph.store.journal_tables import BODY, LOG, OPEN, cut_of, head_of
from quantgraph.store.mending import mend
from quantgraph.store.recording import Recording
from quantgraph.store.records import read_fill, read_order
from quantgraph.store.tags import TagSearch


class OrderJournal:
    """One SQLite file, one writer; `synchronous=FULL` makes a commit durable before it returns."""

    def __init__(self, path: Path, epoch: str, heads: HeadFile | None = None) -> None:
        """Open or create the journal; `epoch` names the log where it is new.

        The head of its hash chain is kept in `heads`, else in a file beside it. What is read of
        a damaged file goes on as a new log, and `cut` tells. Raises StartupError
        DATA_DIR_UNUSABLE, STORE_CORRUPT or STORE_VERSION; the file is then left as it is.
        """
        self.path = path
        heads = heads or HeadFile(path.with_name("heads"))
        # Guards the reading connection: one question at a time, each of microseconds.
        self._lock = threading.Lock()
        with opening(path, "the order journal"):
            # Before anything is written: the kept head, too, would be taken from the file.
            mend(path, heads, epoch)
            writer = connect(path)
            try:
                writer.execute("PRAGMA journal_mode=WAL")
                writer.execute("PRAGMA synchronous=FULL")
                self._epoch = prepare(writer, path, epoch)
                head = head_of(writer)
                self._cut = cut_of(writer)
                self._db = connect(path)
            except BaseException:
                writer.close()
                raise
        self._db.execute("PRAGMA query_only=ON")
        anchor = Anchor(heads, LOG, self._epoch)
        anchor.begin(self._epoch, head)
        self._recording = Recording(writer, anchor)
        self._tags = TagSearch(self._db, self._lock)

    @property
    def epoch(self) -> str:
        """The log's identity: a cursor from another epoch means nothing here. Never blocks."""
        return self._epoch

    @property
    def cut(self) -> Cut | None:
        """What is missing of the log since its file was damaged; None where nothing ever was."""
        return self._cut

    def note_halt(self) -> None:
        """Remember that trading was halted for the cut: not again for the same one.

        Errors: STORE_UNAVAILABLE.
        """
        if self._cut is not None:
            self._cut = replace(self._cut, halted=True)
            self._recording.rewrite(self._cut)

    def record(self, entries: Sequence[Entry]) -> list[Recorded | Exception]:
        """Record the entries in this order with one fsync; see `domain.journal.Journal`."""
        return self._recording.record(entries)

    def anchor(self) -> None:
        """Keep the newest entry's hash in the file of heads; see `domain.journal.Journal`."""
        self._recording.anchor()

    def recall(self, account_id: str, client_order_id: str) -> tuple[Order, str] | None:
        """Return the order recorded under a client order id and its digest, or None."""
        with self._lock:
            row = self._db.execute(
                f"SELECT {BODY}, digest FROM orders WHERE account = ? AND client_order_id = ?",  # noqa: S608 a literal of the tables
                (account_id, client_order_id),
            ).fetchone()
        return None if row is None else (read_order(row[0]), str(row[1]))

    def find(self, key: OrderKey) -> Order | None:
        """Return one order of an account by either id."""
        column = "id" if key.id is not None else "client_order_id"
        value = key.id if key.id is not None else key.client_order_id
        with self._lock:
            row = self._db.execute(
                f"SELECT {BODY} FROM orders WHERE account = ? AND {column} = ?",  # noqa: S608 the column is one of two literals
                (key.account_id, value),
            ).fetchone()
        return None if row is None else read_order(row[0])

    def tagged(self, account_id: str, tags: Sequence[str]) -> list[Order]:
        """Return our orders of an account that were sent under one of these tags, in no order."""
        return self._tags.find(account_id, tags)

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
        with self._lock:
            rows = self._db.execute(
                f"SELECT {BODY} FROM orders WHERE account = ? AND {OPEN} ORDER BY number",  # noqa: S608 a literal of the tables
                (account_id,),
            ).fetchall()
            return [read_order(row[0]) for row in rows], self._newest(self._db, account_id)

    def unfinished(self) -> bool:
        """Return whether any account has an order that is not final."""
        with self._lock:
            row = self._db.execute(f"SELECT 1 FROM orders WHERE {OPEN} LIMIT 1").fetchone()  # noqa: S608 as above
        return row is not None

    def since(self, account_id: str, instant_ms: int) -> DayLog:
        """Return what was made and canceled since an instant, and what is open; see `Journal`."""
        with self._lock:
            return pages.since(self._db, account_id, instant_ms)

    def newest(self, account_id: str) -> int:
        """Return the newest sequence of an account's log; 0 where it is empty."""
        with self._lock:
            return self._newest(self._db, account_id)

    def start_over(self, epoch: str) -> None:
        """Forget everything and begin a new log: the simulated world has started over."""
        # Told before it is true: who reads in between takes no event of one log for the other's.
        before, self._epoch = self._epoch, epoch
        try:
            self._recording.start_over(epoch)
            self._tags.forget()
        except BaseException:
            self._epoch = before
            raise

    def copy(self, file: Path) -> None:
        """Write all that is committed into another file; readers and writers go on meanwhile."""
        with closing(connect(self.path)) as source, closing(sqlite3.connect(file)) as target:
            source.backup(target)

    def restore(self, file: Path, epoch: str) -> None:
        """Take over what `file` holds as a new log; see `domain.journal.Journal`."""
        # Told before it is true, as in `start_over`.
        before, self._epoch = self._epoch, epoch
        try:
            self._recording.restore(file, epoch)
            self._tags.forget()
        except BaseException:
            self._epoch = before
            raise

    def close(self) -> None:
        """Close the file; what was committed stays."""
        with self._lock:
            self._db.close()
        self._recording.close()

    @staticmethod
    def _newest(db: sqlite3.Connection, account_id: str) -> int:
        row = db.execute(
            "SELECT max(sequence) FROM events WHERE account = ?", (account_id,)
        ).fetchone()
        return int(row[0] or 0)
