"""Reference data with the custom sectors among those of the market."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from quantgraph.domain.errors import unknown_sector
from quantgraph.domain.instruments import Instrument, Market
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, Sector, group_by_member
from quantgraph.services.custom import CustomSectors


class AllSectors:
    """Implements `ports.Reference`.

    An import may bring a sector of a name that a custom one has already: the custom one is
    answered, until its user renames or deletes it.
    """

    def __init__(self, market: Reference, custom: CustomSectors) -> None:
        """Ask `custom` first, and `market` for all that is not custom."""
        self._market = market
        self._custom = custom

    async def sectors(self) -> Sequence[Sector]:
        """Return all sectors, by name."""
        merged = {sector.name: sector for sector in await self._market.sectors()}
        merged |= {sector.name: sector for sector in self._custom.all()}
        return [merged[name] for name in sorted(merged)]

    async def sector(self, name: str, day: date | None = None) -> Sector | None:
        """Return one sector, or None; see `ports.Reference`."""
        return self._custom.find(name, day) or await self._market.sector(name, day)

    async def sectors_of(self, symbols: Sequence[str]) -> Sequence[Sequence[Sector]]:
        """Return the sectors per symbol, by name."""
        custom = self._custom.all()
        if not custom:
            return await self._market.sectors_of(symbols)
        merged: dict[str, Sector] = {}
        for found in await self._market.sectors_of(symbols):
            merged |= {sector.name: sector for sector in found}
        merged |= {sector.name: sector for sector in custom}
        return group_by_member([merged[name] for name in sorted(merged)], symbols)

    async def weights(self, index_symbol: str, day: date | None = None) -> Sequence[IndexWeight]:
        """Return the market's weights."""
        return await self._market.weights(index_symbol, day)

    async def instruments(self, symbols: Sequence[str]) -> Sequence[Instrument | None]:
        """Return the market's instruments."""
        return await self._market.instruments(symbols)

    async def search(
        self, search: InstrumentSearch, first: int, after: str | None
    ) -> tuple[Sequence[Instrument], bool]:
        """Search the market's instruments, those of a sector alone where one is named."""
        if search.sector is not None:
            sector = await self.sector(search.sector)
            if sector is None:
                raise unknown_sector(search.sector)
            members = frozenset(sector.symbols)
            named = members if search.symbols is None else members & search.symbols
            search = replace(search, symbols=named)
        return await self._market.search(search, first, after)

    async def market_symbols(self, market: Market) -> tuple[str, ...]:
        """Return the market's symbols."""
        return await self._market.market_symbols(market)
