"""What is told of one log by its agent and by the bus, put in order by its numbers."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Generic

from quantgraph.bus.logs import BEAT_S, E
from quantgraph.domain.streams import LogCursor, SourceState, StreamKind

# Messages of one log that wait for who reads it; what is beyond is asked of the agent.
MOST = 10_000
# Seconds without a sign after which the bus is taken to say nothing of this log.
SILENCE_S = 3.5 * BEAT_S
# Seconds between two heartbeats of a source that stands as before, as of any stream.
_HEARTBEAT_S = 5.0


class Missing(Exception):
    """Something was not told, or may not have been: the agent has it."""


class Inbox(Generic[E]):
    """What waits of a log that is known up to a number.

    `whole`: the agent has told all and the bus has spoken since: from there on the bus alone tells
    everything, or it is noticed that it does not.
    """

    def __init__(self, cursor: LogCursor, read: Callable[[bytes], E]) -> None:
        """Go on behind `cursor`; `read` makes events of the bus's messages."""
        self.cursor = cursor
        self.whole = False
        self._read = read
        self._waiting: deque[bytes | E | Exception] = deque()
        self._missed = self._spoken = self._caught_up = False
        # The newest number that the bus has told before what lies in front of it.
        self._ahead = 0
        self._news, self._free = asyncio.Event(), asyncio.Event()
        self._told: tuple[SourceState | None, float] = (None, 0.0)

    def clear(self) -> None:
        """Forget what waits: both are listened to anew."""
        self._waiting.clear()
        self.whole = self._missed = self._spoken = self._caught_up = False
        self._ahead = 0

    def put(self, item: "bytes | E | Exception") -> None:
        """Have something wait: a message of the bus, an event of the agent, or why no more come."""
        if isinstance(item, bytes) and len(self._waiting) >= MOST:
            self.miss()
            return
        self._waiting.append(item)
        self._news.set()

    def miss(self) -> None:
        """Know that something of the bus was dropped: the agent has it, and may be telling it."""
        self._spoken = False
        self._missed = self.whole
        self._news.set()

    async def room(self) -> None:
        """Wait until little waits: the agent can be read more slowly, the bus cannot."""
        while len(self._waiting) > MOST // 10:
            self._free.clear()
            await self._free.wait()

    async def take(self) -> E | None:
        """Return what comes next, None where it is known. Raises Missing, and what was put."""
        await self._some()
        item = self._waiting.popleft()
        self._free.set()
        if isinstance(item, Exception):
            raise item
        if isinstance(item, bytes):
            self._spoken = True
            event = self._read(item)
        else:
            event = item
        found = self._judged(event)
        told = self._spoken and self._caught_up and self._ahead <= (self.cursor.after or 0)
        self.whole = self.whole or told
        return found

    async def _some(self) -> None:
        while not self._waiting or self._missed:
            if self._missed:
                raise Missing("it was dropped, or the bus was lost")
            self._news.clear()
            try:
                async with asyncio.timeout(SILENCE_S if self.whole else None):
                    await self._news.wait()
            except TimeoutError:
                raise Missing("the bus is silent") from None

    def _judged(self, event: E) -> E | None:
        known, number = self.cursor.after or 0, event.sequence or 0
        if event.kind is StreamKind.HEARTBEAT:
            if number > known:
                self._miss_up_to(event)
            return self._beat(event)
        if event.kind is StreamKind.CAUGHT_UP:
            self._caught_up = True
            return event
        if number <= known:
            return None
        if number > known + 1:
            self._miss_up_to(event)
            return None
        self.cursor = LogCursor(self.cursor.account_id, event.epoch, number)
        return event

    def _miss_up_to(self, event: E) -> None:
        """Raise Missing, unless the agent is about to tell what lies between."""
        if self.whole:
            raise Missing(f"it is at {event.sequence}, and {self.cursor.after} was told last")
        self._ahead = max(self._ahead, event.sequence or 0)

    def _beat(self, event: E) -> E | None:
        """Return what readers are told of the source, where it is time or it stands otherwise."""
        if event.source is None:
            return None
        now = asyncio.get_running_loop().time()
        before, due = self._told
        if before is not None and before.connected == event.source.connected and now < due:
            return None
        self._told = event.source, now + _HEARTBEAT_S
        return replace(event, sequence=None)
