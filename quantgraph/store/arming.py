"""The second secret that arms trading: shown once, kept as a salted scrypt hash. All block."""

import hashlib
import hmac
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from quantgraph.store.folder import opening

_SCHEMA = """
CREATE TABLE IF NOT EXISTS arming (
  only INTEGER PRIMARY KEY CHECK (only = 1), salt BLOB NOT NULL, hash BLOB NOT NULL
);
"""
# 16 MB and some 50 ms per look: whoever gets hold of the file cannot try many.
_COST = {"n": 2**14, "r": 8, "p": 1}


class ArmingSecret:
    """One row beside the API keys. A secret reads `qga_<64 hexadecimal digits>`."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises StartupError DATA_DIR_UNUSABLE or STORE_CORRUPT."""
        self._path = path
        with opening(path, "the key file"), closing(sqlite3.connect(path)) as db:
            db.executescript(_SCHEMA)

    def create(self) -> str:
        """Make a secret in the place of the one before; it cannot be shown again."""
        secret, salt = f"qga_{secrets.token_hex(32)}", secrets.token_bytes(16)
        with closing(sqlite3.connect(self._path)) as db, db:
            db.execute("REPLACE INTO arming VALUES (1, ?, ?)", (salt, _digest(salt, secret)))
        return secret

    def check(self, secret: str) -> bool | None:
        """Return whether this is the secret, in constant time; None where none was made."""
        with closing(sqlite3.connect(self._path)) as db:
            row = db.execute("SELECT salt, hash FROM arming").fetchone()
        return None if row is None else hmac.compare_digest(_digest(row[0], secret), row[1])


def _digest(salt: bytes, secret: str) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, **_COST)
