"""Writes down what was ordered of trading; what the disk refuses is offered to it again."""

import asyncio
from collections.abc import Callable, Collection

import structlog

from quantgraph.domain.controls import Control, ControlLog, HaltCause
from quantgraph.domain.errors import GatewayError
from quantgraph.services.deadman import Later
from quantgraph.services.workers import Workers

# Seconds until a control that the disk did not take is offered to it again.
_AGAIN_S = 1.0
# Alarms of what a terminal goes on to list all day, also after whoever resumed trading knows of it.
_ONCE = (HaltCause.DUPLICATE_TAG,)
_logger = structlog.get_logger(__name__)


class ControlBook:
    """Keeps the log of controls in step with what holds, one write at a time."""

    def __init__(
        self,
        log: ControlLog,
        workers: Workers,
        held: Callable[[str | None], Control | None],
        later: Later | None = None,
    ) -> None:
        """Write to `log` what `held` says of an account; `later` calls after real seconds."""
        self._log = log
        self._workers = workers
        self._held = held
        self._later = later
        self._told = {
            (each.account_id, cause, each.reason) for cause in _ONCE for each in log.of(cause)
        }
        self._stored = {each.account_id: each for each in log.present()}
        self._timers: dict[str | None, asyncio.TimerHandle] = {}
        self._unwritten: set[str | None] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._closing = False
        # Held by who changes what holds only once it is written.
        self.turn = asyncio.Lock()

    @property
    def unwritten(self) -> Collection[str | None]:
        """The accounts (None: the gateway) whose control a restart would not know of."""
        return self._unwritten

    def knows(self, account_id: str | None, cause: HaltCause, reason: str) -> bool:
        """Return whether an alarm was written down in an earlier run: nothing is news of it."""
        return (account_id, cause, reason) in self._told

    async def write(self, account_id: str | None) -> None:
        """Write down what holds, unless it is. Errors: STORE_UNAVAILABLE; it is tried again."""
        try:
            async with self.turn:
                held = self._held(account_id)
                if held is not None and held != self._stored.get(account_id):
                    await self.record(held)
        except GatewayError:
            self._unwritten.add(account_id)
            self._try_later(account_id)
            raise

    async def record(self, control: Control) -> None:
        """Write down a control, in the caller's turn. Errors: STORE_UNAVAILABLE."""
        await self._workers.run(self._log.record, control)
        self._stored[control.account_id] = control
        self._unwritten.discard(control.account_id)

    async def close(self) -> None:
        """Try a last time."""
        self._closing = True
        for timer in self._timers.values():
            timer.cancel()
        for account_id in list(self._unwritten):
            await self._try(account_id)
        await asyncio.gather(*self._running)

    def _try_later(self, account_id: str | None) -> None:
        """Set one timer per account, however many writes have failed."""
        if self._closing or account_id in self._timers:
            return
        later = self._later or asyncio.get_running_loop().call_later
        self._timers[account_id] = later(_AGAIN_S, lambda: self._again(account_id))

    def _again(self, account_id: str | None) -> None:
        del self._timers[account_id]
        task = asyncio.create_task(self._try(account_id))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _try(self, account_id: str | None) -> None:
        try:
            await self.write(account_id)
        except GatewayError as error:
            _logger.warning("control_waits_for_the_disk", account=account_id, code=error.reason)
