"""Whether a request was begun: exactly one of who does it and who gives it up decides."""

import threading
from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")


class Claim:
    """What waits for a thread can be taken back until it begins, and not from then on."""

    def __init__(self) -> None:
        """Nobody has decided."""
        self._lock = threading.Lock()
        self._begun: bool | None = None

    def run(self, work: Callable[[], R]) -> R | None:
        """Do it, unless it was taken back; then return None."""
        with self._lock:
            if self._begun is False:
                return None
            self._begun = True
        return work()

    def revoke(self) -> bool:
        """Take it back; return whether it was not begun, and never will be."""
        with self._lock:
            if self._begun is None:
                self._begun = False
            return not self._begun
