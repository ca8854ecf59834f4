"""The status log of accounts: who took orders, and since when, whatever restarts came between.

All methods block; callers go through `Workers`.
"""

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from quantgraph.domain.accounts import AccountStatus, StatusChange
from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store.folder import opening

_VERSION = 1
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE changes (
  account TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  status TEXT NOT NULL,
  time TEXT NOT NULL,
  PRIMARY KEY (account, sequence)
) WITHOUT ROWID;
"""
_PICKED = "SELECT sequence, account, status, time FROM changes"


class AccountLog:
    """One SQLite file, one writer; `synchronous=FULL` makes a commit durable before it returns."""

    def __init__(self, path: Path, epoch: str) -> None:
        """Open or create the log; `epoch` names it where it is new.

        Raises StartupError DATA_DIR_UNUSABLE, STORE_CORRUPT or STORE_VERSION; the file is then
        left as it is.
        """
        self.path = path
        self._lock = threading.Lock()
        with opening(path, "the status log of accounts"):
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            try:
                self._prepare(epoch)
                found = self._db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
            except BaseException:
                self._db.close()
                raise
        self._epoch = str(found[0])

    @property
    def epoch(self) -> str:
        """The log's identity: it changes only with the file."""
        return self._epoch

    def record(self, account_id: str, status: AccountStatus, time: datetime) -> StatusChange:
        """Record a change. Errors: Unavailable STORE_UNAVAILABLE."""
        with self._lock:
            try:
                change = StatusChange(self._newest(account_id) + 1, account_id, status, time)
                row = (account_id, change.sequence, status.value, time.isoformat())
                self._db.execute("INSERT INTO changes VALUES (?, ?, ?, ?)", row)
            except sqlite3.Error as error:
                text = f"The status of account {account_id} cannot be recorded: {error}."
                raise Unavailable(Reason.STORE_UNAVAILABLE, text) from error
        return change

    def present(self) -> Mapping[str, StatusChange]:
        """Return the newest change of each account that has one."""
        with self._lock:
            rows = self._db.execute(f"{_PICKED} ORDER BY sequence").fetchall()
        return {row[1]: _change(row) for row in rows}

    def newest(self, account_id: str) -> int:
        """Return the newest sequence of an account's log; 0 where it is empty."""
        with self._lock:
            return self._newest(account_id)

    def events(self, account_id: str, after: int, limit: int) -> list[StatusChange]:
        """Return up to `limit` changes of an account after a sequence, in order."""
        with self._lock:
            rows = self._db.execute(
                f"{_PICKED} WHERE account = ? AND sequence > ? ORDER BY sequence LIMIT ?",
                (account_id, after, limit),
            ).fetchall()
        return [_change(row) for row in rows]

    def close(self) -> None:
        """Close the file; what was committed stays."""
        with self._lock:
            self._db.close()

    def _newest(self, account_id: str) -> int:
        row = self._db.execute(
            "SELECT max(sequence) FROM changes WHERE account = ?", (account_id,)
        ).fetchone()
        return int(row[0] or 0)

    def _prepare(self, epoch: str) -> None:
        self._db.execute("PRAGMA synchronous=FULL")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version == 0 and tables == 0:
            self._db.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={_VERSION};COMMIT;")
            self._db.execute("INSERT INTO meta VALUES ('epoch', ?)", (epoch,))
        elif version != _VERSION:
            text = (
                f"The status log {self.path} has version {version}, this program reads {_VERSION}. "
                "It was left untouched."
            )
            raise StartupError(Reason.STORE_VERSION, text, file=str(self.path))


def _change(row: Sequence[str]) -> StatusChange:
    sequence, account, status, time = row
    return StatusChange(int(sequence), account, AccountStatus(status), datetime.fromisoformat(time))
