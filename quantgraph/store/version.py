"""Says without waiting whether anything was written to the store's file."""

import sqlite3
from pathlib import Path

from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store.schema import connect


class FileVersion:
    """A number that differs after every commit of any process.

    SQLite reads it from the shared memory beside the file, so that asking costs microseconds and
    never waits for a writer. One thread at a time may ask.
    """

    def __init__(self, file: Path) -> None:
        """Open a connection of its own: a connection does not count its own commits."""
        self._file = file
        self._connection = connect(file, read_only=True)
        self._cursor = self._connection.cursor()

    def now(self) -> int:
        """Return the number. Raises Unavailable STORE_UNAVAILABLE if the file fails."""
        try:
            row: tuple[int] = self._cursor.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            text = f"The store {self._file} cannot be read: {error}."
            raise Unavailable(Reason.STORE_UNAVAILABLE, text, file=str(self._file)) from error
        return row[0]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
