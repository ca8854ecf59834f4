"""Keeps the paper exchange of dev mode as it changes, so that a restart changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import structlog

from quantgraph.domain.errors import GatewayError
from quantgraph.services.workers import Workers

# Real seconds: what changes within them is written once.
_TOGETHER_S = 0.5
_AGAIN_S = 5.0
_logger = structlog.get_logger(__name__)


class Stage(Protocol):
    """An exchange that can be kept."""

    async def dump(self) -> Mapping[str, Any]:
        """Return its state; all that it reported has been recorded."""
        ...


class Shelf(Protocol):
    """Where it lies; blocking."""

    def write(self, state: Mapping[str, Any]) -> None:
        """Keep a state, durable when this returns. Errors: STORE_UNAVAILABLE."""
        ...


class PaperKeeper:
    """Writes the exchange down soon after it changed, and when the gateway stops.

    What a kill loses is at most what happened since the last writing: orders that the journal
    holds and the exchange no longer knows, which end as any order that a terminal does not list.
    """

    def __init__(self, stage: Stage, shelf: Shelf, workers: Workers) -> None:
        """Keep `stage` on `shelf`."""
        self._stage, self._shelf, self._workers = stage, shelf, workers
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def start(self) -> None:
        """Write from now on whenever `note` says that something changed."""
        self._task = asyncio.create_task(self._keep())

    def note(self) -> None:
        """Take note that the exchange has changed."""
        self._changed.set()

    async def close(self) -> None:
        """Stop; what changed last is written by `save`."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def save(self) -> None:
        """Write it down. Errors: STORE_UNAVAILABLE, SOURCE_UNAVAILABLE."""
        self._changed.clear()
        state = await self._stage.dump()
        await self._workers.run(self._shelf.write, state)

    async def _keep(self) -> None:
        while True:
            await self._changed.wait()
            await self.sleep(_TOGETHER_S)
            try:
                await self.save()
            except GatewayError as error:
                _logger.warning("paper_not_kept", reason=error.reason.value)
                await self._wait_again()
            except Exception:
                # Else an exchange that was never kept again would show at a restart alone.
                _logger.exception("paper_not_kept")
                await self._wait_again()

    async def _wait_again(self) -> None:
        self._changed.set()
        await self.sleep(_AGAIN_S)
