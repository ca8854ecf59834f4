"""Keeps a connection to a terminal: notices its loss, and comes back with patience."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from quantgraph.domain.calendar import from_ms, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminals import TerminalLink, TerminalPart, TerminalState

_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
# A thread that is busy, or that many wait for, says nothing of the connection.
_BUSY = frozenset({Reason.OVERLOADED})
_STRANGE = "What the terminal said could not be understood; it is asked again."


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds between two looks while connected, and between attempts: doubled up to the most."""

    look: float = 1.0
    first: float = 1.0
    most: float = 30.0


@dataclass(frozen=True, slots=True)
class LinkState:
    """How a connection stands, since when (ms), and how many attempts have failed in a row.

    `met`: it stood at least once.
    """

    connected: bool = False
    since: int | None = None
    attempts: int = 0
    reason: str | None = None
    met: bool = field(default=False, compare=False)

    def lost(self, now: datetime, reason: str) -> "LinkState":
        """Return how it stands after an attempt that failed, or a loss, for a reason."""
        since = to_ms(now) if self.connected or self.since is None else self.since
        return LinkState(False, since, self.attempts + 1, reason, met=self.met)

    def found(self, now: datetime) -> "LinkState":
        """Return how it stands once it is connected."""
        return self if self.connected else LinkState(True, to_ms(now), 0, None, met=True)

    def told(self, part: TerminalPart, last_event: datetime | None) -> TerminalLink:
        """Return it as the gateway tells it."""
        away = TerminalState.LOST if self.met else TerminalState.CONNECTING
        state = TerminalState.CONNECTED if self.connected else away
        since = None if self.since is None else from_ms(self.since)
        return TerminalLink(part, state, since, last_event, self.attempts, self.reason)


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
        self.state = LinkState()
        # Called whenever `state` has changed.
        self.changed: Callable[[], None] = lambda: None

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
            except Exception:
                # Else nobody would look any more, and it would count as connected for ever.
                _logger.exception("terminal_not_understood")
                self._lost(Unavailable(Reason.SOURCE_UNAVAILABLE, _STRANGE))
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
        self.state = before.lost(self._clock.now(), error.reason.value)
        self.changed()

    def _found(self) -> None:
        if self.state.connected:
            return
        _logger.info("terminal_connected", attempts=self.state.attempts)
        self.state = self.state.found(self._clock.now())
        self.changed()
