"""A process that ends with whoever began it: when its standard input does."""

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import BinaryIO


class Tie:
    """Waits for the end of the input, in a thread of its own."""

    def __init__(self, grace_s: float = 30.0) -> None:
        """Listen to nothing yet; who has not ended `grace_s` after he was told is ended."""
        self._end: Callable[[], None] | None = None
        self._grace_s = grace_s

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
        # A loop that stands still in the SDK hears nothing: it would hold the terminal's login.
        time.sleep(self._grace_s)
        os._exit(1)
