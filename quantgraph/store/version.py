"""Says without waiting whether anything was written to the store's file."""

import mmap
import os
import sqlite3
from pathlib import Path

from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store.schema import connect

# The header of SQLite's WAL index (walformat.html, 2.1): every commit of any process changes it,
# and a reader begins by comparing it.
_HEADER_BYTES = 48
# Memories that outlive their version: other connections of this process still lock their files.
_held: list[mmap.mmap] = []


class FileVersion:
    """A value that differs after every commit of any process.

    It is read from the memory that SQLite's connections share beside the file, so that asking
    costs a microsecond, no system call, and never waits for a writer. Any thread may ask.
    """

    def __init__(self, file: Path) -> None:
        """Open a connection: the shared memory lives as long as one does."""
        self._file = file
        self._closed = False
        self._connection = connect(file, read_only=True)
        try:
            self._connection.execute("SELECT 1 FROM meta").fetchone()
            # Not closed before the last connection: closing any descriptor of a file ends all
            # locks that this process has on it, and the next process to come would take the
            # shared memory for a dead one's and empty it under our readers.
            self._shared = os.open(f"{file}-shm", os.O_RDONLY)
            self._memory = mmap.mmap(self._shared, _HEADER_BYTES, access=mmap.ACCESS_READ)
        except (sqlite3.Error, OSError) as error:
            self._connection.close()
            text = f"The store {file} cannot be read: {error}."
            raise Unavailable(Reason.STORE_UNAVAILABLE, text, file=str(file)) from error

    def now(self) -> bytes:
        """Return the value. Two readings are equal if nothing was committed between them.

        Raises Unavailable STORE_UNAVAILABLE once it is closed.
        """
        if self._closed:
            text = f"The store {self._file} is closed."
            raise Unavailable(Reason.STORE_UNAVAILABLE, text, file=str(self._file))
        return self._memory[:_HEADER_BYTES]

    def close(self) -> None:
        """Close the connection, and the memory where it was the process's last one."""
        if self._closed:
            return
        self._closed = True
        self._connection.close()
        if os.name == "nt" or os.fstat(self._shared).st_nlink == 0:
            self._memory.close()
            os.close(self._shared)
        else:
            _held.append(self._memory)
