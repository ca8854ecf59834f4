"""Sectors that users make, beside those of the market."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from quantgraph.domain.errors import (
    ChangeRefused,
    NameTaken,
    bad_request,
    unknown_sector,
    unknown_symbol,
)
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sectors import (
    CUSTOM_CATEGORY,
    CustomSector,
    Sector,
    SectorChange,
    SectorShelf,
    checked_name,
    date_not_held,
)
from quantgraph.services.workers import Workers


@dataclass(frozen=True, slots=True)
class SectorLimits:
    """How many custom sectors there may be, members in one, and symbols in one request."""

    sectors: int
    members: int
    batch: int


class CustomSectors:
    """Implements `ports.SectorEditing`; changes are made one after the other.

    All of them are kept in memory, which holds what the shelf does: one gateway has the folder.
    """

    def __init__(
        self, market: Reference, shelf: SectorShelf, workers: Workers, limits: SectorLimits
    ) -> None:
        """Load what is held, blocking: make it at the start, or in a worker."""
        self._market = market
        self._shelf = shelf
        self._workers = workers
        self.limits = limits
        self._held = {each.name: each for each in shelf.load()}
        self._turn = asyncio.Lock()
        self._running: set[asyncio.Task[SectorChange]] = set()

    def all(self) -> Sequence[Sector]:
        """Return all custom sectors."""
        return [each.shown() for each in self._held.values()]

    def find(self, name: str, day: date | None = None) -> Sector | None:
        """Return one, or None. Errors: DATE_NOT_HELD for any day: their past is not kept."""
        held = self._held.get(name)
        if held is not None and day is not None:
            raise date_not_held(f"The custom sector {name}", day, None)
        return None if held is None else held.shown()

    async def create(
        self, name: str, symbols: Sequence[str], category: str | None = None
    ) -> SectorChange:
        """Make a sector; see `ports.SectorEditing`."""
        checked_name(name)
        kept = CUSTOM_CATEGORY if category is None else checked_name(category, "category")
        made = CustomSector(name, kept, tuple(dict.fromkeys(symbols)))
        self._check_batch(symbols)

        async def edit() -> SectorChange:
            if (held := self._held.get(name)) is not None and _same(held, made):
                return SectorChange(held.shown(), changed=False)
            await self._check_free(name)
            if len(self._held) >= self.limits.sectors:
                raise _too_many(f"{len(self._held)} custom sectors", self.limits.sectors)
            await self._check_known(made.symbols)
            return await self._put(None, made)

        return await self._alone(edit)

    async def rename(self, name: str, new_name: str) -> SectorChange:
        """Give a sector another name; see `ports.SectorEditing`."""
        checked_name(new_name, "new_name")

        async def edit() -> SectorChange:
            done = self._held.get(new_name)
            if name not in self._held and done is not None and done.former == name:
                return SectorChange(done.shown(), changed=False)
            held = await self._own(name)
            if new_name == name:
                return SectorChange(held.shown(), changed=False)
            await self._check_free(new_name)
            return await self._put(name, replace(held, name=new_name, former=name))

        return await self._alone(edit)

    async def add(self, name: str, symbols: Sequence[str]) -> SectorChange:
        """Add members at the end; see `ports.SectorEditing`."""
        self._check_batch(symbols)

        async def edit() -> SectorChange:
            held = await self._own(name)
            more = tuple(each for each in dict.fromkeys(symbols) if each not in held.symbols)
            await self._check_known(more)
            return await self._put(name, replace(held, symbols=held.symbols + more))

        return await self._alone(edit)

    async def remove(self, name: str, symbols: Sequence[str]) -> SectorChange:
        """Take members out; see `ports.SectorEditing`."""
        self._check_batch(symbols)
        gone = frozenset(symbols)

        async def edit() -> SectorChange:
            held = await self._own(name)
            left = tuple(each for each in held.symbols if each not in gone)
            return await self._put(name, replace(held, symbols=left))

        return await self._alone(edit)

    async def delete(self, name: str) -> SectorChange:
        """Delete a sector; see `ports.SectorEditing`."""

        async def edit() -> SectorChange:
            if name not in self._held:
                if await self._market.sector(name) is not None:
                    raise _read_only(name)
                return SectorChange(None, changed=False)
            await self._workers.run(self._shelf.replace, name, None)
            del self._held[name]
            return SectorChange(None, changed=True)

        return await self._alone(edit)

    async def _alone(self, edit: Callable[[], Awaitable[SectorChange]]) -> SectorChange:
        """Run an edit to its end, even where its caller goes away: memory follows the disk."""

        async def run() -> SectorChange:
            async with self._turn:
                return await edit()

        task = asyncio.get_running_loop().create_task(run())
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[SectorChange]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # a caller that went away asks for it no more

    async def _put(self, name: str | None, sector: CustomSector) -> SectorChange:
        if name is not None and sector == self._held[name]:
            return SectorChange(sector.shown(), changed=False)
        if len(sector.symbols) > self.limits.members:
            raise _too_many(f"{len(sector.symbols)} members", self.limits.members)
        await self._workers.run(self._shelf.replace, name, sector)
        if name is not None:
            del self._held[name]
        self._held[sector.name] = sector
        return SectorChange(sector.shown(), changed=True)

    async def _own(self, name: str) -> CustomSector:
        held = self._held.get(name)
        if held is not None:
            return held
        if await self._market.sector(name) is not None:
            raise _read_only(name)
        raise unknown_sector(name)

    async def _check_free(self, name: str) -> None:
        if name in self._held or await self._market.sector(name) is not None:
            text = f"There is a sector {name!r} already; choose another name."
            raise NameTaken(Reason.SECTOR_NAME_TAKEN, text, sector=name)

    async def _check_known(self, symbols: Sequence[str]) -> None:
        found = await self._market.instruments(symbols) if symbols else ()
        for symbol, instrument in zip(symbols, found, strict=True):
            if instrument is None:
                raise unknown_symbol(symbol)

    def _check_batch(self, symbols: Sequence[str]) -> None:
        if len(symbols) > self.limits.batch:
            text = f"{len(symbols)} symbols; at most {self.limits.batch} in one request."
            raise bad_request(text, field="symbols", limit=self.limits.batch)


def _same(held: CustomSector, made: CustomSector) -> bool:
    return (held.category, held.symbols) == (made.category, made.symbols)


def _read_only(name: str) -> ChangeRefused:
    text = f"The sector {name!r} comes from market data; only custom sectors can be changed."
    return ChangeRefused(Reason.SECTOR_READ_ONLY, text, sector=name)


def _too_many(found: str, limit: int) -> ChangeRefused:
    text = f"{found}; at most {limit} are allowed (limits in config.toml)."
    return ChangeRefused(Reason.SECTOR_LIMIT, text, limit=limit)
