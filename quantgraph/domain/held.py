"""A connection's end of a broadcast: it holds what its reader was told and has not taken yet."""

import asyncio
from collections.abc import Callable

# Bytes that wait for a reader before he counts as slow: as much as a socket holds.
HELD_BYTES = 65_536


class HeldLine:
    """Implements `members.Line`: who reads asks, and gets at once whatever came meanwhile."""

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
        self.paused = self._size > HELD_BYTES
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
