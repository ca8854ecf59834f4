"""A process that ends with whoever began it: when its standard input does."""

import os
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO


class Tie:
    """Waits for the end of the input, in a thread of its own."""

    def __init__(self) -> None:
        """Listen to nothing yet."""
        self._end: Callable[[], None] | None = None

    def hold(self, source: BinaryIO | None = None) -> None:
        """Begin to listen."""
        heard = source or sys.stdin.buffer
        threading.Thread(target=self._listen, args=(heard,), name="tie", daemon=True).start()

    def to(self, end: Callable[[], None]) -> None:
        """Call `end`, from that thread, instead of leaving at once: there is something to close."""
        self._end = end

    def _listen(self, source: BinaryIO) -> None:
        while source.read(1):
            pass
        if self._end is None:
            # Nothing serves yet, and whoever began this is gone: nobody is there to be told.
            os._exit(1)
        self._end()
