"""What wakes the reader of a live stream: news, or the moment when something is due."""

import asyncio
import time

# The loop's timers count in milliseconds and must not be early.
_LATE_S = 0.001


class Bell:
    """Rings for one reader, if he rests: what comes while he works he finds before he rests again.

    A rest that news end costs no timer: one that is set rings whenever it is over, and at worst
    the reader looks in vain.
    """

    def __init__(self) -> None:
        """Be silent."""
        self._loop = asyncio.get_running_loop()
        self._rest: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def ring(self, _: object = None) -> None:
        """End the present rest."""
        if self._rest is not None and not self._rest.done():
            self._rest.set_result(None)

    async def rest(self, until: float) -> None:
        """Return when it rings, at `until` (s of `time.monotonic`) at the latest."""
        if until > time.monotonic():
            self._set(until)
            self._rest = self._loop.create_future()
            await self._rest

    def close(self) -> None:
        """Ring no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, until: float) -> None:
        if self._timer is not None:
            if self._due <= until:
                return
            self._timer.cancel()
        self._due = until
        self._timer = self._loop.call_later(until - time.monotonic() + _LATE_S, self._over)

    def _over(self) -> None:
        self._timer = None
        self.ring()
