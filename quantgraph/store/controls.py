"""The log of controls: who stopped or resumed trading, when and why; it outlives restarts.

All methods block; callers go through `Workers`.
"""

import sqlite3
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from quantgraph.domain.controls import Control, HaltCause, TradingState
from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store.folder import opening

_VERSION = 1
# No account has an empty id: it stands for the gateway.
_SCHEMA = """
CREATE TABLE controls (
  sequence INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  state TEXT NOT NULL,
  cause TEXT NOT NULL,
  reason TEXT,
  key TEXT NOT NULL,
  time TEXT NOT NULL
);
"""
_NEWEST = """
SELECT account, state, cause, reason, key, time FROM controls
WHERE sequence IN (SELECT max(sequence) FROM controls GROUP BY account)
"""
_OF = """
SELECT account, state, cause, reason, key, time FROM controls
WHERE cause = ? ORDER BY sequence DESC LIMIT ?
"""
_MOST = 1_000


class ControlFile:
    """One SQLite file, one writer; `synchronous=FULL` makes a commit durable before it returns."""

    def __init__(self, path: Path) -> None:
        """Open or create the log.

        Raises StartupError DATA_DIR_UNUSABLE, STORE_CORRUPT or STORE_VERSION; the file is then
        left as it is.
        """
        self.path = path
        self._lock = threading.Lock()
        with opening(path, "the log of controls"):
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            try:
                self._prepare()
                # Read now: whether trading is halted must not be guessed from a broken file.
                self.present()
            except BaseException:
                self._db.close()
                raise

    def record(self, control: Control) -> None:
        """Record an order. Errors: Unavailable STORE_UNAVAILABLE."""
        row = (
            control.account_id or "",
            control.state.value,
            control.cause.value,
            control.reason,
            control.by,
            control.time.isoformat(),
        )
        with self._lock:
            try:
                self._db.execute("INSERT INTO controls VALUES (NULL, ?, ?, ?, ?, ?, ?)", row)
            except sqlite3.Error as error:
                text = f"The state of trading cannot be written down: {error}."
                raise Unavailable(Reason.STORE_UNAVAILABLE, text) from error

    def of(self, cause: HaltCause) -> Sequence[Control]:
        """Return every control of a cause, the thousand newest at most."""
        with self._lock:
            rows = self._db.execute(_OF, (cause.value, _MOST)).fetchall()
        return [_control(row) for row in rows]

    def present(self) -> Sequence[Control]:
        """Return the newest control of each account that has one, and of the gateway."""
        with self._lock:
            rows = self._db.execute(_NEWEST).fetchall()
        return [_control(row) for row in rows]

    def close(self) -> None:
        """Close the file; what was committed stays."""
        with self._lock:
            self._db.close()

    def _prepare(self) -> None:
        self._db.execute("PRAGMA synchronous=FULL")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version == 0 and tables == 0:
            self._db.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={_VERSION};COMMIT;")
        elif version != _VERSION:
            text = (
                f"The log of controls {self.path} has version {version}, this program reads "
                f"{_VERSION}. It was left untouched."
            )
            raise StartupError(Reason.STORE_VERSION, text, file=str(self.path))


def _control(row: Sequence[str]) -> Control:
    account, state, cause, reason, key, time = row
    said = (TradingState(state), HaltCause(cause), reason, key, datetime.fromisoformat(time))
    return Control(account or None, *said)
