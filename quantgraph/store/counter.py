"""What the store was asked for, for tests and diagnosis: columns, their bytes, transactions."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence


class ReadCounter:
    """Counts column blocks and their stored bytes by column name, and read transactions.

    Blocks that were still in memory count like those that were read; `loaded` are those read.
    """

    def __init__(self) -> None:
        """Start at zero."""
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything counted so far."""
        with self._lock:
            self.blocks: Counter[str] = Counter()
            self.bytes: Counter[str] = Counter()
            self.transactions = 0
            self.loaded = 0

    def add(self, sizes: Mapping[str, Sequence[int]]) -> None:
        """Count blocks by the column they are of, each with its size in bytes."""
        with self._lock:
            for column, found in sizes.items():
                if found:
                    self.blocks[column] += len(found)
                    self.bytes[column] += sum(found)

    def load(self, count: int) -> None:
        """Count blocks that were not in memory."""
        with self._lock:
            self.loaded += count

    def begin(self) -> None:
        """Count one read transaction."""
        with self._lock:
            self.transactions += 1

    @property
    def columns(self) -> frozenset[str]:
        """Return the names of the columns that were asked for."""
        return frozenset(self.blocks)

    @property
    def total_bytes(self) -> int:
        """Return the stored bytes of all blocks asked for."""
        return sum(self.bytes.values())
