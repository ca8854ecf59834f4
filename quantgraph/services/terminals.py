"""Tells whoever listens how the terminals stand, at once when it changes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import StreamKind
from quantgraph.domain.subscriptions import Tally, attach
from quantgraph.domain.terminals import TerminalNews, TerminalStatus
from quantgraph.services.log_stream import HEARTBEAT_S

Statuses = tuple[TerminalStatus, ...]


@dataclass(slots=True)
class _Place:
    """Who listens, and whether things are elsewhere by now."""

    behind: Callable[[], bool]
    delivered: int = 0

    def tally(self) -> Tally:
        """Return how it keeps up; see `subscriptions.Reader`."""
        return Tally(self.delivered, 0, int(self.behind()), None, None, skips=False)


class TerminalWatch:
    """Streams the terminals' state. `changed` wakes every reader; each looks for itself."""

    def __init__(self, present: Callable[[], Statuses]) -> None:
        """Ask `present` at each look; it must not wait."""
        self._present = present
        self._changed = asyncio.Event()
        self._closing = False

    def changed(self) -> None:
        """Wake every reader, each once: something may be elsewhere."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def drain(self) -> None:
        """End every stream: the gateway is stopping."""
        self._closing = True
        self.changed()

    def present(self) -> Statuses:
        """Return every terminal as it is now."""
        return self._present()

    async def events(self) -> AsyncGenerator[TerminalNews, None]:
        """Yield a SNAPSHOT, every change at once, and a heartbeat every 5 s.

        Errors: SHUTTING_DOWN.
        """
        kind, told = StreamKind.SNAPSHOT, None
        place = _Place(lambda: self._settled() != told)
        attach(place)
        while not self._closing:
            # Taken before the look: what changes in between still wakes this reader.
            changed, found = self._changed, self._settled()
            if kind is not StreamKind.UPDATE or found != told:
                told = found
                place.delivered += 1
                yield TerminalNews(kind, self._present())
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await changed.wait()
                kind = StreamKind.UPDATE
            except TimeoutError:
                # What nobody called out is told no later than here.
                kind = StreamKind.HEARTBEAT if self._settled() == told else StreamKind.UPDATE
        raise Unavailable(Reason.SHUTTING_DOWN, "The gateway is stopping; subscribe again later.")

    def _settled(self) -> Statuses:
        return tuple(each.settled() for each in self._present())
