"""Custom sectors at rest, in a file of their own: an import never meets them."""

import json
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sectors import CustomSector
from quantgraph.store.folder import opening

_VERSION = 1
# A sector is read and written as a whole, so its members are one value.
_SCHEMA = f"""
BEGIN;
CREATE TABLE sectors (
  name TEXT PRIMARY KEY, category TEXT NOT NULL, symbols TEXT NOT NULL, former TEXT
) WITHOUT ROWID;
PRAGMA user_version = {_VERSION};
COMMIT;
"""


class CustomSectorStore:
    """One small SQLite file; every change is on the disk when it returns."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises StartupError DATA_DIR_UNUSABLE, STORE_CORRUPT or STORE_VERSION; the file is then
        left untouched.
        """
        self._path = path
        with opening(path, "the custom sectors"), self._open() as db:
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            tables = int(db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
            if (version, tables) == (0, 0):
                db.executescript(_SCHEMA)
            elif version != _VERSION:
                text = (
                    f"The custom sectors {path} have version {version}; this quantgraph reads "
                    f"{_VERSION}. They were left untouched."
                )
                raise StartupError(Reason.STORE_VERSION, text, file=str(path))
            self._read(db)

    def load(self) -> Sequence[CustomSector]:
        """Return all sectors, by name. Raises Unavailable STORE_UNAVAILABLE."""
        with self._asking() as db:
            return self._read(db)

    def replace(self, name: str | None, sector: CustomSector | None) -> None:
        """Put a sector in the place of the one named. Raises Unavailable STORE_UNAVAILABLE."""
        with self._asking() as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("DELETE FROM sectors WHERE name = ?", (name,))
            if sector is not None:
                symbols = json.dumps(sector.symbols)
                row = (sector.name, sector.category, symbols, sector.former)
                db.execute("INSERT INTO sectors VALUES (?, ?, ?, ?)", row)
            db.execute("COMMIT")

    @staticmethod
    def _read(db: sqlite3.Connection) -> Sequence[CustomSector]:
        rows = db.execute("SELECT name, category, symbols, former FROM sectors ORDER BY name")
        return [
            CustomSector(name, category, tuple(json.loads(symbols)), former)
            for name, category, symbols, former in rows
        ]

    @contextmanager
    def _asking(self) -> Generator[sqlite3.Connection]:
        try:
            with self._open() as db:
                yield db
        except sqlite3.Error as error:
            text = f"The custom sectors {self._path} cannot be used: {error}. Nothing was changed."
            raise Unavailable(Reason.STORE_UNAVAILABLE, text, file=str(self._path)) from error

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            # the journal's end is synced as well: what was answered survives a power cut
            connection.execute("PRAGMA synchronous = EXTRA")
            yield connection
        finally:
            connection.close()  # an open transaction is rolled back
