"""A recorder that writes nothing: the pipeline without its journal."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from quantgraph.domain.journal import Entry, Intent, Outcome, Recorded
from quantgraph.domain.orders import Order
from quantgraph.domain.transitions import after_report
from quantgraph.services import desk
from quantgraph.services.recorder import Heard


class Unwritten:
    """Stands for the recorder where nothing is journalled: it knows orders as long as it lives."""

    def __init__(
        self,
        journal: object,
        places: int,
        pause_s: float = 0.0,
        heard: Heard | None = None,
        took: object = None,
    ) -> None:
        del journal, places, pause_s, took
        self._heard = heard
        self._orders: dict[str, Order] = {}

    waiting, quiet = 0, True

    @contextmanager
    def place(self, what: str = "orders") -> Generator[None]:
        del what
        yield

    async def record(self, entry: Entry) -> Recorded:
        order = self._after(entry)
        self._orders[order.id] = order
        recorded = Recorded(order, "", new=True)
        if self._heard is not None:
            self._heard(entry, recorded)
        return recorded

    async def close(self) -> None:
        self._orders.clear()

    def _after(self, entry: Entry) -> Order:
        if isinstance(entry, Intent):
            return entry.order if entry.then is None else replace(entry.order, state=entry.then)
        order = self._orders[entry.order_id]
        changed = after_report(order, entry.report) if isinstance(entry, Outcome) else None
        return changed or order


@contextmanager
def recording(*, journalled: bool) -> Generator[None]:
    """Let orders be recorded, or kept in memory alone."""
    kept = desk.Recorder
    if not journalled:
        desk.Recorder = Unwritten  # pyright: ignore[reportAttributeAccessIssue] what it does is what is measured
    try:
        yield
    finally:
        desk.Recorder = kept
