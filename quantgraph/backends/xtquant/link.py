"""Keeps the connection of the data service: notices its loss, and comes back with patience."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from quantgraph.domain.calendar import to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason

_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
# A thread that is busy, or that many wait for, says nothing of the connection.
_BUSY = frozenset({Reason.OVERLOADED})


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds between two looks while connected, and between attempts: doubled up to the most."""

    look: float = 1.0
    first: float = 1.0
    most: float = 30.0


@dataclass(frozen=True, slots=True)
class LinkState:
    """How the connection stands; `since` and `attempts` (failed in a row) tell of its loss."""

    connected: bool
    since: int | None
    attempts: int
    reason: str | None


class Link:
    """Calls `renew` again and again: it connects if need be, and puts right what a loss undid."""

    def __init__(
        self,
        renew: Callable[[], Awaitable[object]],
        clock: Clock,
        patience: Patience | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Do nothing until it is started."""
        self._renew = renew
        self._clock = clock
        self._patience = patience or Patience()
        self._sleep = sleep
        self._looking = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.state = LinkState(connected=False, since=None, attempts=0, reason=None)

    def start(self) -> None:
        """Look after the connection from now on."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def look(self) -> bool:
        """Look once; return whether it is connected."""
        # One after the other: nobody is told that it is connected before all is put right.
        async with self._looking:
            try:
                await self._renew()
            except GatewayError as error:
                if error.reason not in _BUSY:
                    self._lost(error)
            else:
                self._found()
        return self.state.connected

    async def _run(self) -> None:
        while True:
            connected = await self.look()
            await self._sleep(self._patience.look if connected else self._pause())

    def _pause(self) -> float:
        """Return how long to wait for the next attempt: longer each time, never in step."""
        doubled = self._patience.first * 2 ** min(self.state.attempts - 1, 16)
        return min(doubled, self._patience.most) * random.uniform(0.75, 1.0)  # noqa: S311 no secret

    def _lost(self, error: GatewayError) -> None:
        before = self.state
        if before.connected or before.since is None:
            _logger.warning("terminal_lost", reason=error.reason.value, message=error.message)
        since = (
            to_ms(self._clock.now()) if before.connected or before.since is None else before.since
        )
        self.state = LinkState(
            connected=False, since=since, attempts=before.attempts + 1, reason=error.reason.value
        )

    def _found(self) -> None:
        if self.state.connected:
            return
        _logger.info("terminal_connected", attempts=self.state.attempts)
        self.state = LinkState(
            connected=True, since=to_ms(self._clock.now()), attempts=0, reason=None
        )
