"""The audit log: a file to which acts are added, each chained to the one before; it is permanent.

All methods block; the log has a thread of its own (`services/audit.py`).
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from quantgraph.domain.access import Actor, Wire
from quantgraph.domain.audit import UNANSWERED, Act
from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.orders import OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.store.anchor import Anchor
from quantgraph.store.batches import Row
from quantgraph.store.chain import Head
from quantgraph.store.folder import opening
from quantgraph.store.heads import HeadFile, KeptHead
from quantgraph.store.journal_tables import CHAINED
from quantgraph.store.journal_tables import VERSION as JOURNAL_VERSION
from quantgraph.store.records import read_actor, read_order
from quantgraph.store.verifying import ChainBroken, Reader, Verdict, check_end, check_head, verify

# The log's name in the file of heads.
LOG = "audit"
VERSION = 1
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE acts (
  number INTEGER PRIMARY KEY,
  time TEXT NOT NULL,
  key TEXT NOT NULL,
  wire TEXT NOT NULL,
  peer TEXT NOT NULL,
  operation TEXT NOT NULL,
  account TEXT,
  what TEXT NOT NULL,
  outcome TEXT NOT NULL,
  order_id TEXT,
  hash BLOB NOT NULL
);
CREATE INDEX acts_by_order ON acts (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX acts_by_time ON acts (time);
"""
_COLUMNS = "number, time, key, wire, peer, operation, account, what, outcome, order_id, hash"
_INSERT = f"INSERT INTO acts ({_COLUMNS}) VALUES ({', '.join('?' * 11)})"  # noqa: S608 constants
_logger = structlog.get_logger(__name__)
# What a caller did who is told of beside an order's entry in the journal, by its state there.
_OPERATIONS = {
    OrderState.ACCEPTED: "submitOrder",
    OrderState.SENT: "approveOrder",
    OrderState.REJECTED: "rejectOrder",
    OrderState.CANCELED: "cancelOrder",
    OrderState.EXPIRED: "writeOffOrder",
}
# Intents whose acts may be missing after a crash: all that can wait or be on their way at a time.
_RECENT = 20_000


@dataclass(frozen=True, slots=True)
class ActQuery:
    """Which acts are wanted, oldest first; None: all."""

    account_id: str | None = None
    since: datetime | None = None


class AuditFile:
    """One SQLite file, one writer; `synchronous=FULL` makes a commit durable before it returns."""

    def __init__(self, path: Path, epoch: str, heads: HeadFile) -> None:
        """Open or create the log; `epoch` names it where it is new.

        Raises StartupError DATA_DIR_UNUSABLE, STORE_CORRUPT or STORE_VERSION; the file is then
        left as it is.
        """
        self._lock = threading.Lock()
        with opening(path, "the audit log"):
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            try:
                epoch = _prepare(self._db, path, epoch)
                self._head = _head(self._db)
            except BaseException:
                self._db.close()
                raise
        self._anchor = Anchor(heads, LOG, epoch)
        kept = heads.head(LOG)
        fault = None if kept is None else _cut(self._db, kept, epoch, self._head)
        if kept is None or fault is None:
            self._anchor.begin(epoch, self._head)
        else:
            # Acts that follow must not cover it up: `audit verify` has to see it.
            _logger.error("audit_cut", file=str(path), fault=fault)
            self._anchor.keep(kept)

    def append(self, acts: Sequence[Act]) -> None:
        """Add acts with one fsync. Errors: STORE_UNAVAILABLE."""
        with self._lock:
            head, rows = self._head, list[Row]()
            for act in acts:
                row = _row(act)
                head = head.after(*row)
                rows.append((head.number, *row, head.hash))
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(_INSERT, rows)
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                text = f"The audit log cannot be written: {error}."
                raise Unavailable(Reason.STORE_UNAVAILABLE, text) from error
            self._head = head
            self._anchor.passed(head)

    def catch_up(self, journal: Path) -> int:
        """Add the acts that a journal has and the log has not: a crash came between them.

        The intent of an order and who gave it, or approved it, are durable before it is sent; the
        act follows. Returns how many were missing. Errors: STORE_UNAVAILABLE; sqlite3.Error where
        the journal cannot be read.
        """
        missing = [act for act in _intents(journal) if not self._has(act)]
        if missing:
            self.append(missing)
        return len(missing)

    def anchor(self) -> None:
        """Keep the newest entry's hash in the file of heads."""
        with self._lock:
            self._anchor.hold()

    def close(self) -> None:
        """Close the file; what was committed stays."""
        with self._lock:
            self._anchor.close()
            self._db.close()

    def _has(self, act: Act) -> bool:
        # A cancel, or somebody else's repeat, may have been answered and noted before.
        query = "SELECT 1 FROM acts WHERE order_id = ? AND operation = ? AND key = ?"
        asked = (act.order_id, act.operation, act.actor.key_id)
        return self._db.execute(query, asked).fetchone() is not None


def recover_acts(log: AuditFile, journal: Path) -> None:
    """Catch up with the journal of before, if it can be read; how many were missing is logged."""
    try:
        # Of an empty file SQLite would delete what was to be moved into it.
        missing = log.catch_up(journal) if journal.exists() and journal.stat().st_size > 1 else 0
    except (sqlite3.Error, ValueError) as error:
        _logger.warning("journal_not_audited", file=str(journal), error=str(error))
        return
    if missing:
        _logger.warning("acts_recovered", count=missing)


def read_acts(path: Path, query: ActQuery) -> Iterator[Act]:
    """Yield the acts of a log, oldest first, beside whoever writes it. Raises StartupError."""
    with opening(path, "the audit log"), closing(_reading(path)) as db:
        since = "" if query.since is None else _time(query.since)
        rows = db.execute(
            f"SELECT {_COLUMNS} FROM acts WHERE time >= ? AND (account = ? OR ? IS NULL)"  # noqa: S608 constants only
            " ORDER BY number",
            (since, query.account_id, query.account_id),
        )
        for _, time, key, wire, peer, operation, account, what, outcome, order, _ in rows:
            actor, when = Actor(key, Wire(wire), peer), datetime.fromisoformat(time)
            yield Act(when, actor, operation, account, what, outcome, order)


def verify_audit(path: Path, heads: HeadFile) -> Verdict:
    """Verify an audit log. A gateway may be writing it meanwhile."""
    return verify(path, heads, LOG, Reader(range(VERSION, VERSION + 1), _walk))


def _walk(db: sqlite3.Connection) -> Iterator[Head]:
    head = Head()
    for number, *fields, kept in db.execute(f"SELECT {_COLUMNS} FROM acts ORDER BY number"):  # noqa: S608 constants only
        if number != head.number + 1:
            raise ChainBroken(f"entry {head.number + 1} is missing; {number} follows")
        head = head.after(*fields)
        if head.hash != kept:
            raise ChainBroken(f"entry {number} does not fit its hash, or the entry before it")
        yield head


def _intents(journal: Path) -> Iterator[Act]:
    """Yield the newest decisions of a journal as acts that nobody was answered, oldest first."""
    with closing(_reading(journal)) as db:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if not CHAINED <= version <= JOURNAL_VERSION:
            return
        rows = db.execute(
            "SELECT body, actor FROM events WHERE actor IS NOT NULL AND sequence IS NOT NULL"
            " ORDER BY number DESC LIMIT ?",
            (_RECENT,),
        ).fetchall()
    for body, written in reversed(rows):
        actor, order = read_actor(written), read_order(body)
        if actor is not None:
            operation = _OPERATIONS[order.state]
            told = (actor, operation, order.account_id, body.decode(), UNANSWERED, order.id)
            yield Act(datetime.now(UTC), *told)


def _row(act: Act) -> tuple[str | None, ...]:
    actor = act.actor
    told = (act.operation, act.account_id, act.what, act.outcome, act.order_id)
    return (_time(act.time), actor.key_id, actor.wire.value, actor.peer, *told)


def _time(time: datetime) -> str:
    # Of one width and zone: texts sort as instants do.
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def _head(db: sqlite3.Connection) -> Head:
    row = db.execute("SELECT number, hash FROM acts ORDER BY number DESC LIMIT 1").fetchone()
    return Head() if row is None else Head(*row)


def _cut(db: sqlite3.Connection, kept: KeptHead, epoch: str, head: Head) -> str | None:
    """Return what a log lacks by its kept head; None where it goes on from that."""
    row = db.execute("SELECT hash FROM acts WHERE number = ?", (kept.head.number,)).fetchone()
    try:
        check_end(kept, epoch, head)
        check_head(kept, Head() if row is None else Head(kept.head.number, row[0]))
    except ChainBroken as error:
        return str(error)
    return None


def _prepare(db: sqlite3.Connection, path: Path, epoch: str) -> str:
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version == 0 and tables == 0:
        db.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={VERSION};COMMIT;")
        db.execute("INSERT INTO meta VALUES ('epoch', ?)", (epoch,))
    elif version != VERSION:
        text = (
            f"The audit log {path} has version {version}, this program reads {VERSION}. It was "
            "left untouched: use the program that wrote it, or move it away to begin another."
        )
        raise StartupError(Reason.STORE_VERSION, text, file=str(path))
    return str(db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0])
