"""Says without waiting whether anything was written to the store's file."""

import mmap
import sqlite3
from pathlib import Path

from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store.schema import connect

# The header of SQLite's WAL index (walformat.html, 2.1): every commit of any process changes it,
# and a reader begins by comparing it.
_HEADER_BYTES = 48


class FileVersion:
    """A value that differs after every commit of any process.

    It is read from the memory that SQLite's connections share beside the file, so that asking
    costs a microsecond, no system call, and never waits for a writer. Any thread may ask.
    """

    def __init__(self, file: Path) -> None:
        """Open a connection: the shared memory lives as long as one does."""
        self._file = file
        self._connection = connect(file, read_only=True)
        try:
            self._connection.execute("SELECT 1 FROM meta").fetchone()
            with Path(f"{file}-shm").open("rb") as shared:
                self._memory = mmap.mmap(shared.fileno(), _HEADER_BYTES, access=mmap.ACCESS_READ)
        except (sqlite3.Error, OSError) as error:
            self._connection.close()
            text = f"The store {file} cannot be read: {error}."
            raise Unavailable(Reason.STORE_UNAVAILABLE, text, file=str(file)) from error

    def now(self) -> bytes:
        """Return the value. Two readings are equal if nothing was committed between them.

        Raises Unavailable STORE_UNAVAILABLE once it is closed.
        """
        try:
            return self._memory[:_HEADER_BYTES]
        except ValueError as error:
            text = f"The store {self._file} is closed."
            raise Unavailable(Reason.STORE_UNAVAILABLE, text, file=str(self._file)) from error

    def close(self) -> None:
        """Close the connection and the memory."""
        self._memory.close()
        self._connection.close()
