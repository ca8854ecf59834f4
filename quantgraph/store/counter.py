"""What the store read, for tests and diagnosis: which columns, and how many bytes of them."""

import threading
from collections import Counter


class ReadCounter:
    """Counts column blocks and their stored bytes by column name, and read transactions."""

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

    def add(self, column: str, size: int) -> None:
        """Count one block of `size` bytes."""
        with self._lock:
            self.blocks[column] += 1
            self.bytes[column] += size

    def begin(self) -> None:
        """Count one read transaction."""
        with self._lock:
            self.transactions += 1

    @property
    def columns(self) -> frozenset[str]:
        """Return the names of the columns that were read."""
        return frozenset(self.blocks)

    @property
    def total_bytes(self) -> int:
        """Return the stored bytes of all blocks read."""
        return sum(self.bytes.values())
