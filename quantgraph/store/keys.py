"""API keys at rest: only salted hashes are kept. All but `version` block: through workers."""

import hashlib
import hmac
import secrets
import sqlite3
import time
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from quantgraph.domain.access import Naming, Principal, Scope, Terms
from quantgraph.store.folder import opening

_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, scope TEXT NOT NULL,
  accounts TEXT, created_at TEXT NOT NULL, revoked_at TEXT, expires_at TEXT, networks TEXT,
  names TEXT
) WITHOUT ROWID;
"""
_ALWAYS = Terms()
# What key files of earlier versions lack.
_ADDED = ("expires_at", "networks", "names")
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
    terms: Terms

    @property
    def state(self) -> str:
        """Return `in use`, `revoked` or `expired`."""
        if self.revoked_at is not None:
            return "revoked"
        expires_at = self.terms.expires_at
        return "expired" if expires_at and expires_at <= datetime.now(UTC) else "in use"


class KeyStore:
    """One small SQLite file. A key reads `qg_<id>_<secret>`; the secret has 256 random bits."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises StartupError DATA_DIR_UNUSABLE or STORE_CORRUPT."""
        self.path = path
        with opening(path, "the key file"), self._open() as db:
            db.executescript(_SCHEMA)
            found = {row[1] for row in db.execute("PRAGMA table_info(keys)")}
            for name in _ADDED:
                if name not in found:
                    db.execute(f"ALTER TABLE keys ADD COLUMN {name} TEXT")

    def create(self, scope: Scope, accounts: frozenset[str] | None, terms: Terms = _ALWAYS) -> str:
        """Make a key and return it; it cannot be shown again."""
        key_id, secret, salt = secrets.token_hex(4), secrets.token_hex(32), secrets.token_bytes(16)
        listed = None if accounts is None else ",".join(sorted(accounts))
        now = datetime.now(UTC).isoformat()
        with self._open() as db:
            db.execute(
                "INSERT INTO keys (id, salt, hash, scope, accounts, created_at, expires_at,"
                " networks, names) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (key_id, salt, _digest(salt, secret), scope.value, listed, now, *_written(terms)),
            )
        return f"qg_{key_id}_{secret}"

    def check(self, key: str) -> Principal | None:
        """Return whose key this is, or None. The comparison takes constant time."""
        parts = key.split("_")
        if len(parts) != 3 or parts[0] != "qg":
            return None
        row = self._row(parts[1])
        if row is None or not hmac.compare_digest(_digest(row[0], parts[2]), row[1]):
            return None
        return _principal(parts[1], row)

    def find(self, key_id: str) -> Principal | None:
        """Return what the key of this id may now; None where it was revoked."""
        row = self._row(key_id)
        return None if row is None else _principal(key_id, row)

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
                "SELECT id, scope, accounts, created_at, revoked_at, expires_at, networks, names"
                " FROM keys ORDER BY created_at"
            ).fetchall()
        return [
            KeyRow(
                row[0],
                Scope(row[1]),
                _accounts(row[2]),
                datetime.fromisoformat(row[3]),
                None if row[4] is None else datetime.fromisoformat(row[4]),
                _terms(*row[5:]),
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

    def rotate(self, key_id: str, overlap: timedelta) -> str | None:
        """Make a key that may what another may, and return it; the other ends after `overlap`.

        The new one is good as long as the other was to be. None where no such key is in use.
        """
        row = next((each for each in self.rows() if each.id == key_id), None)
        if row is None or row.state != "in use":
            return None
        made = self.create(row.scope, row.accounts, row.terms)
        ends = datetime.now(UTC) + overlap
        if overlap <= timedelta():
            self.revoke(key_id)
        elif row.terms.expires_at is None or ends < row.terms.expires_at:
            with self._open() as db:
                found = (ends.isoformat(), key_id)
                db.execute("UPDATE keys SET expires_at = ? WHERE id = ?", found)
        return made

    def usable(self) -> bool:
        """Return whether any key is in use."""
        return any(row.state == "in use" for row in self.rows())

    def _row(self, key_id: str) -> tuple[Any, ...] | None:
        with self._open() as db:
            return db.execute(
                "SELECT salt, hash, scope, accounts, expires_at, networks, names FROM keys"
                " WHERE id = ? AND revoked_at IS NULL",
                (key_id,),
            ).fetchone()

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


def _principal(key_id: str, row: tuple[Any, ...]) -> Principal:
    terms = None if row[4:] == (None, None, None) else _terms(*row[4:])
    return Principal(key_id, Scope(row[2]), _accounts(row[3]), terms)


def _accounts(listed: str | None) -> frozenset[str] | None:
    return None if listed is None else frozenset(part for part in listed.split(",") if part)


def _terms(expires_at: str | None, networks: str | None, names: str | None) -> Terms:
    ends = None if expires_at is None else datetime.fromisoformat(expires_at)
    listed = None if networks is None else tuple(map(ip_network, networks.split(",")))
    return Terms(ends, listed, None if names is None else Naming(names))


def _written(terms: Terms) -> tuple[str | None, str | None, str | None]:
    ends = None if terms.expires_at is None else terms.expires_at.isoformat()
    listed = None if terms.networks is None else ",".join(map(str, terms.networks))
    return ends, listed, None if terms.names is None else terms.names.value
