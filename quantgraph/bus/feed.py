"""An account's log off the bus, and from the agent whenever the bus does not tell all of it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Generic, TypeAlias

import structlog

from quantgraph.bus.inbox import Inbox, Missing
from quantgraph.bus.logs import E, Words
from quantgraph.bus.places import BusPlace
from quantgraph.bus.ports import BusAway, Ear
from quantgraph.domain.streams import LogCursor

# Seconds before the bus is listened to anew where it refused.
_AGAIN_S = 0.2
_log = structlog.get_logger(__name__)
Events: TypeAlias = Callable[[LogCursor], AsyncGenerator[E, None]]


class LogFeed(Generic[E]):
    """Tells each number of a log once and in order, whatever the bus leaves out or repeats.

    The agent tells all until the bus is known to tell all that comes behind, and again as soon as
    it does not. Errors are the agent's.
    """

    def __init__(self, place: BusPlace, words: Words[E], far: Events[E]) -> None:
        """Read nothing yet; `far` asks the agent."""
        self._bus, self._names, self._tally = place.line, place.names, place.tally
        self._words, self._far = words, far

    async def events(self, cursor: LogCursor) -> AsyncGenerator[E, None]:
        """Yield the log behind a place, of which the epoch and the number are known."""
        inbox = Inbox[E](cursor, self._words.read)
        while True:
            try:
                async with aclosing(self._told(inbox)) as events:
                    async for event in events:
                        yield event
            except Missing as missing:
                self._tally.repairs += 1
                _log.info("bus_log_asked_of_agent", log=self._words.kind, why=str(missing))

    async def _told(self, inbox: Inbox[E]) -> AsyncGenerator[E, None]:
        """Yield what the agent tells until the bus tells all, then what that tells."""
        inbox.clear()
        async with _during(self._listen(inbox)):
            async with _during(self._ask(inbox)):
                while not inbox.whole:
                    if (event := await inbox.take()) is not None:
                        yield event
            self._tally.logs_read += 1
            try:
                while True:
                    if (event := await inbox.take()) is not None:
                        yield event
            finally:
                self._tally.logs_read -= 1

    async def _listen(self, inbox: Inbox[E]) -> None:
        """Have the bus tell what it can, whenever it is there."""
        kind, place = self._words.kind, (inbox.cursor.epoch or "", inbox.cursor.account_id)
        # In this order: who hears how far the log is hears the log.
        subjects = [self._names.log(kind, *place), self._names.beat(kind, *place)]
        while True:
            session = await self._bus.met()
            with suppress(BusAway):
                async with session.listening(subjects, Ear(inbox.put, inbox.miss)):
                    await session.ended()
            await asyncio.sleep(_AGAIN_S)

    async def _ask(self, inbox: Inbox[E]) -> None:
        """Have the agent tell what comes behind, for as long as this is not cancelled."""
        try:
            async with aclosing(self._far(inbox.cursor)) as events:
                async for event in events:
                    await inbox.room()
                    inbox.put(event)
        except Exception as error:
            inbox.put(error)


@asynccontextmanager
async def _during(work: Coroutine[None, None, None]) -> AsyncGenerator[None]:
    """Have some work done meanwhile; it ends when this is left."""
    task = asyncio.get_running_loop().create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
