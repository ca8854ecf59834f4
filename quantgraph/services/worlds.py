"""Keeps simulated worlds and goes back to them: the exchange, its clock and the order journal."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from quantgraph.domain.calendar import from_ms, to_ms
from quantgraph.domain.errors import ChangeRefused
from quantgraph.domain.reasons import Reason
from quantgraph.domain.simulation import Snapshot
from quantgraph.services.timekeeper import TurnableClock
from quantgraph.services.workers import Workers

# Grows when an older state can no longer be read.
_FORMAT = 4


class Stage(Protocol):
    """A simulated exchange that can be kept."""

    async def dump(self) -> Mapping[str, Any]:
        """Return its state as values that JSON has; all that happened has been recorded."""
        ...

    async def load(self, state: Mapping[str, Any], begin: Callable[[], Awaitable[str]]) -> None:
        """Go on from a state: `begin` turns the world back and returns its new epoch.

        Nothing else happens meanwhile. Raises ChangeRefused SNAPSHOT_UNUSABLE. Then, and where
        `begin` fails, nothing has changed.
        """
        ...


class StillTrading(Protocol):
    """Orders on their way can be waited for, and their journal be replaced."""

    def still(self) -> AbstractAsyncContextManager[None]:
        """Let orders and cancels end, and no new ones begin, inside."""
        ...

    async def restore(self, file: Path, epoch: str) -> None:
        """Take over the journal of a file, under a new epoch. Errors: STORE_UNAVAILABLE."""
        ...

    def compare(self) -> None:
        """Ask the terminal soon for what its journal may have missed."""
        ...


class RestartableClock(TurnableClock, Protocol):
    """A clock that can go back, as another epoch."""

    def restart(self, instant_ms: int) -> tuple[str, Callable[[], None]]:
        """Return a new epoch's id, and what begins it at an instant, which cannot fail.

        Errors: CALENDAR_NOT_COVERED.
        """
        ...


class Shelf(Protocol):
    """Where snapshots lie; every method blocks."""

    def snapshots(self) -> Sequence[Snapshot]:
        """Return what is held."""
        ...

    def write(
        self, head: Snapshot, state: Mapping[str, Any], copy: Callable[[Path], None]
    ) -> Snapshot:
        """Keep a state beside what `copy` writes."""
        ...

    def read(self, name: str) -> tuple[Snapshot, Mapping[str, Any], Path]:
        """Return a snapshot, its state, and the journal's file."""
        ...

    def delete(self, name: str) -> Snapshot:
        """Delete a snapshot."""
        ...


@dataclass(frozen=True, slots=True)
class WorldsParts:
    """What a world is made of.

    `world` names what a state fits to: seed and the like. `copy` writes the journal into a file;
    `restored` tells the streams that everything is another.
    """

    stage: Stage
    clock: RestartableClock
    trading: StillTrading
    shelf: Shelf
    workers: Workers
    world: Mapping[str, Any]
    copy: Callable[[Path], None]
    restored: Callable[[], Awaitable[None]]


class KeptWorlds:
    """Implements `Worlds`: one change at a time, while the clock stands and no order is sent."""

    def __init__(self, parts: WorldsParts) -> None:
        """Keep the world of these parts."""
        self._parts = parts
        self._changing = asyncio.Lock()

    async def snapshots(self) -> Sequence[Snapshot]:
        """Return those that are held, by name."""
        return await self._parts.workers.run(self._parts.shelf.snapshots)

    async def save(self, name: str) -> Snapshot:
        """Keep the world as it is; see `ports.Simulation`."""
        parts = self._parts
        async with self._standing():
            state = await parts.stage.dump()
            now = parts.clock.moment()
            whole = {"format": _FORMAT, "world": dict(parts.world), "exchange": state}
            head = Snapshot(name, from_ms(now.ms), now.day, datetime.now(UTC), 0)
            return await parts.workers.run(parts.shelf.write, head, whole, parts.copy)

    async def restore(self, name: str) -> Snapshot:
        """Go on from a snapshot; see `ports.Simulation`."""
        parts = self._parts
        async with self._standing():
            snapshot, whole, file = await parts.workers.run(parts.shelf.read, name)
            self._check(name, whole)

            async def begin() -> str:
                # What can fail comes first: the world of before goes on then.
                epoch, start = parts.clock.restart(to_ms(snapshot.time))
                await parts.trading.restore(file, epoch)
                start()
                return epoch

            await parts.stage.load(whole["exchange"], begin)
            parts.trading.compare()
            await parts.restored()
            return snapshot

    async def delete(self, name: str) -> Snapshot:
        """Delete a snapshot; see `ports.Simulation`."""
        async with self._changing:
            return await self._parts.workers.run(self._parts.shelf.delete, name)

    @asynccontextmanager
    async def _standing(self) -> AsyncGenerator[None, None]:
        """Let nothing happen inside: journal and exchange then say the same."""
        clock = self._parts.clock
        async with self._changing, self._parts.trading.still():
            paused = clock.paused
            clock.pause()
            try:
                yield
            finally:
                if not paused:
                    clock.resume()

    def _check(self, name: str, whole: Mapping[str, Any]) -> None:
        told = {"format": whole.get("format"), "world": whole.get("world")}
        wanted = {"format": _FORMAT, "world": dict(self._parts.world)}
        if told != wanted:
            text = f"Snapshot {name} is of another world ({told}) than this one ({wanted})."
            raise ChangeRefused(Reason.SNAPSHOT_UNUSABLE, text, name=name)
