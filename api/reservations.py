"""Event streams that were reserved, and the operations that run on each of them."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from api.responses import Event
from api.sse import Message
from quantgraph.config import Config
from quantgraph.domain.access import Principal
from quantgraph.domain.errors import LimitReached
from quantgraph.domain.reasons import Reason

# Events that wait to be written; more make their operations wait.
_WAITING = 16


@dataclass(eq=False, slots=True)
class Held:
    """An id in use, and what runs under it once it does."""

    operation_id: str
    task: asyncio.Task[None] | None = None


class ReservedStream:
    """One caller's stream: reserved, then open until the client goes or the gateway stops."""

    def __init__(self, principal: Principal) -> None:
        """Reserve; operations may begin before the stream is opened."""
        self.principal = principal
        self.token = secrets.token_urlsafe(32)
        self.opened = False
        self.expiry: asyncio.TimerHandle | None = None
        self._ended = False
        self._operations: dict[str, Held] = {}
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue(_WAITING)

    def __contains__(self, operation_id: str) -> bool:
        """Return whether the id is in use."""
        return operation_id in self._operations

    def __len__(self) -> int:
        """Return how many operations run."""
        return len(self._operations)

    def hold(self, operation_id: str) -> Held:
        """Take the id before the operation is known to be one."""
        held = self._operations[operation_id] = Held(operation_id)
        return held

    def start(self, held: Held, events: AsyncGenerator[Event, None]) -> None:
        """Run an operation whose id is held; nothing happens where it was stopped meanwhile."""
        if self._operations.get(held.operation_id) is held and not self._ended:
            held.task = asyncio.create_task(self._run(held, events))

    def drop(self, held: Held) -> None:
        """Give the id back, unless it is held for another operation by now."""
        if self._operations.get(held.operation_id) is held:
            del self._operations[held.operation_id]

    def stop(self, operation_id: str) -> None:
        """End an operation; nothing of it is said from here on."""
        held = self._operations.pop(operation_id, None)
        if held is not None and held.task is not None:
            held.task.cancel()
        self._keep(lambda message: message.operation_id != operation_id)

    async def messages(self) -> AsyncGenerator[Message, None]:
        """Yield what is to be written, until the end."""
        while (message := await self._messages.get()) is not None:
            yield message

    async def end(self) -> None:
        """Stop everything, and wait until it has cleaned up."""
        tasks = self._close()
        for task in tasks:
            task.cancel()
        self._keep(lambda _: False)
        self._messages.put_nowait(None)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def drain(self) -> None:
        """End after the operations have told why they end, as they do when the gateway stops."""
        if not self.opened:
            await self.end()
            return
        await asyncio.gather(*self._close(), return_exceptions=True)
        await self._messages.put(None)

    def _close(self) -> list[asyncio.Task[None]]:
        """Begin nothing more; return what runs."""
        self._ended = True
        if self.expiry is not None:
            self.expiry.cancel()
        return [held.task for held in self._operations.values() if held.task is not None]

    async def _run(self, held: Held, events: AsyncGenerator[Event, None]) -> None:
        async with aclosing(events):
            async for event in events:
                await self._messages.put(Message(held.operation_id, event))
        await self._messages.put(Message(held.operation_id, None))
        self.drop(held)

    def _keep(self, wanted: Callable[[Message], bool]) -> None:
        """Let go of what waits and is not wanted."""
        waiting = [self._messages.get_nowait() for _ in range(self._messages.qsize())]
        for message in waiting:
            if message is None or wanted(message):
                self._messages.put_nowait(message)


class Reservations:
    """All reserved and open streams: bounded in number, and in time until they are opened."""

    def __init__(self, config: Config) -> None:
        """Start without any."""
        self.most = config.limits.event_streams
        self._seconds = config.http.reservation_seconds
        self._streams: dict[str, ReservedStream] = {}
        # Held, since the loop holds tasks only weakly.
        self._endings: set[asyncio.Task[None]] = set()

    def reserve(self, principal: Principal) -> ReservedStream:
        """Return a new reservation. Raises SUBSCRIPTION_LIMIT."""
        if len(self._streams) >= self.most:
            text = (
                f"{self.most} event streams are reserved or open (limits.event_streams). "
                "Close one, or wait until a reservation ends."
            )
            raise LimitReached(Reason.SUBSCRIPTION_LIMIT, text, limit=self.most)
        stream = ReservedStream(principal)
        self._streams[stream.token] = stream
        loop = asyncio.get_running_loop()
        stream.expiry = loop.call_later(self._seconds, self._expire, stream)
        return stream

    def find(self, token: str | None) -> ReservedStream | None:
        """Return the stream of a token, None where there is none."""
        return None if token is None else self._streams.get(token)

    def open(self, stream: ReservedStream) -> None:
        """Let a client read the stream: from here on it does not expire."""
        stream.opened = True
        if stream.expiry is not None:
            stream.expiry.cancel()

    async def close(self, stream: ReservedStream) -> None:
        """Forget a stream and end what runs on it."""
        self._streams.pop(stream.token, None)
        await stream.end()

    def expel(self, stream: ReservedStream) -> None:
        """End a stream whose key is good no longer."""
        self._expire(stream)

    def drain(self) -> None:
        """End every stream: the gateway is stopping."""
        for stream in list(self._streams.values()):
            self._streams.pop(stream.token, None)
            self._finish(stream.drain())

    def _expire(self, stream: ReservedStream) -> None:
        if self._streams.pop(stream.token, None) is not None:
            self._finish(stream.end())

    def _finish(self, work: Coroutine[Any, Any, None]) -> None:
        ending = asyncio.get_running_loop().create_task(work)
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
