"""Downloads at rest: what waits and runs goes on after a restart, what has ended is remembered.

All methods block; callers go through `Workers`.
"""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from quantgraph.domain.downloads import DownloadJob
from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store.folder import opening

_VERSION = 1
# A job is read and written as a whole, so it is one value; its number says when it came.
_SCHEMA = f"""
BEGIN;
CREATE TABLE downloads (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, job TEXT NOT NULL
);
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_PUT = (
    "INSERT INTO downloads (id, job) VALUES (?, ?) "
    "ON CONFLICT (id) DO UPDATE SET job = excluded.job"
)
_JOB = TypeAdapter(DownloadJob)


class DownloadStore:
    """Implements `DownloadShelf` in one small SQLite file; every change is whole, and durable."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises StartupError DATA_DIR_UNUSABLE, STORE_CORRUPT or STORE_VERSION; the file is then
        left untouched.
        """
        self._path = path
        with opening(path, "the downloads"), self._open() as db:
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            tables = int(db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
            if (version, tables) == (0, 0):
                db.executescript(_SCHEMA)
            elif version != _VERSION:
                text = (
                    f"The downloads {path} have version {version}; this quantgraph reads "
                    f"{_VERSION}. They were left untouched."
                )
                raise StartupError(Reason.STORE_VERSION, text, file=str(path))

    def load(self) -> Sequence[DownloadJob]:
        """Return all jobs, the oldest first. Raises StartupError STORE_CORRUPT."""
        with opening(self._path, "the downloads"), self._open() as db:
            rows = db.execute("SELECT job FROM downloads ORDER BY number").fetchall()
        try:
            return [_JOB.validate_json(text) for (text,) in rows]
        except ValidationError as error:
            first = error.errors()[0]
            text = f"The downloads {self._path} cannot be read: {first['msg']}. Move it away."
            raise StartupError(Reason.STORE_CORRUPT, text, file=str(self._path)) from None

    def put(self, job: DownloadJob, gone: Sequence[str] = ()) -> None:
        """Keep a job, and forget others. Raises Unavailable STORE_UNAVAILABLE."""
        try:
            with self._open() as db:
                db.execute("BEGIN IMMEDIATE")
                db.execute(_PUT, (job.id, _JOB.dump_json(job).decode()))
                db.executemany("DELETE FROM downloads WHERE id = ?", [(each,) for each in gone])
                db.execute("COMMIT")
        except sqlite3.Error as error:
            text = f"The downloads {self._path} cannot be written: {error}."
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
