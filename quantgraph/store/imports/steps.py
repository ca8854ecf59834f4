"""The work of storing one checked file, in pieces small enough to show progress."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quantgraph.store.merge import MergeCount
from quantgraph.store.writer import MarketWriter


@dataclass(frozen=True, slots=True)
class Step:
    """Stores `rows` rows inside the caller's transaction and says what that changed."""

    rows: int
    run: Callable[[MarketWriter], MergeCount]


Steps = Sequence[Step]


def count_rows(rows: int, *, changed: bool) -> MergeCount:
    """Return the count of rows that are compared as a whole, not one by one."""
    return MergeCount(added=rows) if changed else MergeCount(unchanged=rows)
