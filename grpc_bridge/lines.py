"""One call's end of a broadcast: it holds what the call was told and has not taken yet."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from quantgraph.domain.members import Made, QuoteBroadcast, Wish, member

# Bytes that wait for a call before it counts as slow: as much as a socket holds.
_HELD = 65_536


class CallLine:
    """Implements `Line`."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.paused = False
        self._held: list[bytes] = []
        self._size = 0
        self._resumed: list[Callable[[], None]] = []
        self._rest: asyncio.Future[None] | None = None
        self._failure: BaseException | None = None

    def write(self, frames: bytes) -> None:
        """Keep them until they are taken."""
        self._held.append(frames)
        self._size += len(frames)
        self.paused = self._size > _HELD
        self._wake()

    def on_resume(self, call: Callable[[], None]) -> None:
        """Have `call` called once when all was taken."""
        self._resumed.append(call)

    def end(self, ended: asyncio.Future[None]) -> None:
        """Have what ended the stream raised once all was taken."""
        self._failure = ended.exception()
        self._wake()

    async def taken(self) -> bytes:
        """Wait for whatever is held and take it. Raises what ended the stream."""
        while not self._held:
            if self._failure is not None:
                raise self._failure
            self._rest = asyncio.get_running_loop().create_future()
            await self._rest
        held, self._held, self._size = self._held, [], 0
        if self.paused:
            self.paused = False
            calls, self._resumed = self._resumed, []
            for call in calls:
                call()
        return held[0] if len(held) == 1 else b"".join(held)

    def _wake(self) -> None:
        if self._rest is not None and not self._rest.done():
            self._rest.set_result(None)


class _Joined:
    """Framing of messages whose elements simply follow each other."""

    def frames(self, texts: Sequence[bytes], made: Made) -> bytes:
        """Return one message of them."""
        return b"".join(texts)


_JOINED = _Joined()


async def told(broadcast: QuoteBroadcast, wish: Wish) -> AsyncGenerator[bytes]:
    """Yield messages as often as they are taken; what comes meanwhile is one of them.

    Errors as `QuoteStream.watch`; SUBSCRIPTION_LIMIT.
    """
    line = CallLine()
    one = member(line, _JOINED)
    one.ended.add_done_callback(line.end)
    async with broadcast.joined(wish, one):
        while True:
            yield await line.taken()
