"""How long the terminal has had to list an order: before that its silence proves nothing."""

from collections.abc import Callable, Generator
from contextlib import contextmanager


class Settling:
    """Remembers when calls ended without a certain answer, and when the link came up."""

    def __init__(self, seconds: float, timer: Callable[[], float]) -> None:
        """Let `seconds` pass by `timer`: seconds, simulated ones where the terminal is."""
        self._seconds = seconds
        self._timer = timer
        self._calls: set[str] = set()
        self._ended: dict[str, float] = {}
        self._linked = timer()

    def linked(self) -> None:
        """Begin anew for all: what was sent is listed only since the link is up."""
        self._linked = self._timer()

    def start_over(self) -> None:
        """Begin anew in another world, whose time may be an earlier one."""
        self._ended.clear()
        self.linked()

    @contextmanager
    def call(self, order_id: str) -> Generator[None, None, None]:
        """Count from the end of a call: while it lasts it may still get the order there."""
        self._calls.add(order_id)
        try:
            yield
        finally:
            self._calls.discard(order_id)
            self._prune()
            self._ended[order_id] = self._timer()

    def calling(self, order_id: str) -> bool:
        """Return whether the order is on its way to the terminal right now."""
        return order_id in self._calls

    def settled(self, order_id: str) -> bool:
        """Return whether a list asked for now would have the order, had the terminal got it."""
        since = max(self._ended.get(order_id, self._linked), self._linked)
        return order_id not in self._calls and self._timer() - since >= self._seconds

    def _prune(self) -> None:
        """Forget what has settled: it would be so without its own instant."""
        over = self._timer() - self._seconds
        while self._ended and (first := next(iter(self._ended.items())))[1] <= over:
            del self._ended[first[0]]
