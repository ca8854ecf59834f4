"""API keys at rest: only salted hashes are kept. All but `version` block: through workers."""

import hashlib
import hmac
import secrets
import sqlite3
import time
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from quantgraph.domain.access import Principal, Scope
from quantgraph.store.folder import opening

_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, scope TEXT NOT NULL,
  accounts TEXT, created_at TEXT NOT NULL, revoked_at TEXT
) WITHOUT ROWID;
"""
# Stamps of a file are as coarse as two seconds where it lies on FAT.
_FRESH_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key without its secret. `accounts` None means every account."""

    id: str
    scope: Scope
    accounts: frozenset[str] | None
    created_at: datetime
    revoked_at: datetime | None


class KeyStore:
    """One small SQLite file. A key reads `qg_<id>_<secret>`; the secret has 256 random bits."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises StartupError DATA_DIR_UNUSABLE or STORE_CORRUPT."""
        self.path = path
        with opening(path, "the key file"), self._open() as db:
            db.executescript(_SCHEMA)

    def create(self, scope: Scope, accounts: frozenset[str] | None) -> str:
        """Make a key and return it; it cannot be shown again."""
        key_id, secret, salt = secrets.token_hex(4), secrets.token_hex(32), secrets.token_bytes(16)
        listed = None if accounts is None else ",".join(sorted(accounts))
        now = datetime.now(UTC).isoformat()
        with self._open() as db:
            db.execute(
                "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, NULL)",
                (key_id, salt, _digest(salt, secret), scope.value, listed, now),
            )
        return f"qg_{key_id}_{secret}"

    def check(self, key: str) -> Principal | None:
        """Return whose key this is, or None. The comparison takes constant time."""
        parts = key.split("_")
        if len(parts) != 3 or parts[0] != "qg":
            return None
        with self._open() as db:
            row = db.execute(
                "SELECT salt, hash, scope, accounts FROM keys WHERE id = ? AND revoked_at IS NULL",
                (parts[1],),
            ).fetchone()
        if row is None or not hmac.compare_digest(_digest(row[0], parts[2]), row[1]):
            return None
        return Principal(parts[1], Scope(row[2]), _accounts(row[3]))

    def version(self) -> Hashable:
        """Return what differs after every change of the file, by whatever process.

        None within two seconds of a change: another could bear the same stamp. One look at the
        directory: a file that was put in the place of this one is seen as well.
        """
        try:
            found = self.path.stat()
        except OSError:
            return None
        if time.time_ns() - found.st_mtime_ns < _FRESH_NS:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size

    def rows(self) -> list[KeyRow]:
        """Return every key, revoked ones too, oldest first."""
        with self._open() as db:
            found = db.execute(
                "SELECT id, scope, accounts, created_at, revoked_at FROM keys ORDER BY created_at"
            ).fetchall()
        return [
            KeyRow(
                row[0],
                Scope(row[1]),
                _accounts(row[2]),
                datetime.fromisoformat(row[3]),
                None if row[4] is None else datetime.fromisoformat(row[4]),
            )
            for row in found
        ]

    def revoke(self, key_id: str) -> bool:
        """Make a key useless at once; False where there is no such key in use."""
        with self._open() as db:
            done = db.execute(
                "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                (datetime.now(UTC).isoformat(), key_id),
            )
            return done.rowcount == 1

    def usable(self) -> bool:
        """Return whether any key is in use."""
        return any(row.revoked_at is None for row in self.rows())

    def _open(self) -> "_Connection":
        return _Connection(self.path)


class _Connection:
    """A connection that commits and closes: the command line and the server share the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        self._db = sqlite3.connect(self._path)
        return self._db

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._db.commit()
        self._db.close()


def _digest(salt: bytes, secret: str) -> bytes:
    return hashlib.sha256(salt + secret.encode()).digest()


def _accounts(listed: str | None) -> frozenset[str] | None:
    return None if listed is None else frozenset(part for part in listed.split(",") if part)
