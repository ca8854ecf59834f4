"""Listings, sectors and weights as the terminal holds them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeAlias

from quantgraph.backends.xtquant.book import InstrumentBook
from quantgraph.backends.xtquant.codes import from_vendor, to_vendor
from quantgraph.backends.xtquant.data import Data, DataClient, rows_of
from quantgraph.domain.calendar import day_start
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instruments import Instrument, Market, classify
from quantgraph.domain.names import finds, initials_of
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, Sector, date_not_held, group_by_member
from quantgraph.domain.sources import Source

Today: TypeAlias = Callable[[], date]
# Details asked for in one turn of the data thread: quotes come between two of them.
_TURN = 200


class TerminalReference:
    """Implements `Reference` over the terminal's own lists; all of them are kept for a day."""

    def __init__(self, client: DataClient, book: InstrumentBook, today: Today) -> None:
        """Ask nothing yet."""
        self._client = client
        self._book = book
        self._today = today
        self._sectors: dict[str, Sector] = {}
        self._day: date | None = None

    async def instruments(self, symbols: Sequence[str]) -> Sequence[Instrument | None]:
        """Return the instrument per symbol, None where the terminal knows none."""
        found = await self._details(symbols)
        return [found[symbol] for symbol in symbols]

    async def search(
        self, search: InstrumentSearch, first: int, after: str | None
    ) -> tuple[Sequence[Instrument], bool]:
        """Return a page of what the terminal quotes, and whether more follow.

        What code and filters decide costs no call; names are asked for as far as they are needed.
        """
        found: list[Instrument] = []
        for start in range(0, len(candidates := await self._candidates(search, after)), _TURN):
            page = candidates[start : start + _TURN]
            known = await self._details(page)
            found += [each for symbol in page if (each := known[symbol]) and _fits(each, search)]
            if len(found) > first:
                break
        return found[:first], len(found) > first

    async def market_symbols(self, market: Market) -> tuple[str, ...]:
        """Return every symbol of an exchange that the terminal quotes."""
        return await self._client.run(self._listed, market, self._today())

    async def sectors(self) -> Sequence[Sector]:
        """Return all sectors as they are now, by name, with the categories of their files."""
        held = await self._held()
        return [held[name] for name in sorted(held)]

    async def sector(self, name: str, day: date | None = None) -> Sector | None:
        """Return one sector now or as of a day, None if unknown. Errors: DATE_NOT_HELD."""
        now = (await self._held()).get(name)
        if now is None or day is None or day >= self._today():
            return now
        members = await self._client.run(_members, name, day_start(day))
        if not members:
            raise date_not_held(f"The sector {name}", day, None)
        return replace(now, symbols=members, day=day)

    async def sectors_of(self, symbols: Sequence[str]) -> Sequence[Sequence[Sector]]:
        """Return per symbol the sectors that it is in now, by name."""
        return group_by_member(await self.sectors(), symbols)

    async def weights(self, index_symbol: str, day: date | None = None) -> Sequence[IndexWeight]:
        """Return the weights that the terminal holds, heaviest first; it tells no day of them.

        They are dated today, when they are read. Errors: DATE_NOT_HELD for an earlier day.
        """
        today = self._today()
        told: Mapping[str, float] = await self._client.ask(
            "get_index_weight", to_vendor(index_symbol)
        )
        if told and day is not None and day < today:
            raise date_not_held(f"The weights of {index_symbol}", day, today)
        read = ((from_vendor(code), weight) for code, weight in told.items())
        rows = [
            IndexWeight(index_symbol, symbol, weight, today, Source.TERMINAL)
            for symbol, weight in read
            if symbol is not None
        ]
        return sorted(rows, key=lambda row: (-row.weight, row.symbol))

    async def _details(self, symbols: Sequence[str]) -> Mapping[str, Instrument | None]:
        found: dict[str, Instrument | None] = {}
        for start in range(0, len(symbols), _TURN):
            part = symbols[start : start + _TURN]
            found |= await self._client.run(self._find, part, self._today())
        return found

    def _find(
        self, data: Data, symbols: Sequence[str], day: date
    ) -> Mapping[str, Instrument | None]:
        return self._book.find(data, symbols, day)

    def _listed(self, data: Data, market: Market, day: date) -> tuple[str, ...]:
        return self._book.listed(data, market, day)

    async def _candidates(self, search: InstrumentSearch, after: str | None) -> Sequence[str]:
        if search.symbols is not None:
            symbols = sorted(search.symbols)
        else:
            markets = search.markets or frozenset(Market)
            lists = [await self.market_symbols(market) for market in sorted(markets)]
            symbols = sorted(symbol for listed in lists for symbol in listed)
        return [
            symbol
            for symbol in symbols
            if (after is None or symbol > after) and _admits(search, symbol)
        ]

    async def _held(self) -> Mapping[str, Sector]:
        day = self._today()
        if day != self._day:
            names: Sequence[str] = await self._client.ask("get_sector_list")
            held: dict[str, Sector] = {}
            for start in range(0, len(names), _TURN):
                held |= await self._client.run(_read_sectors, names[start : start + _TURN])
            categories = await self._categories(names)
            self._sectors = {
                n: replace(each, category=categories.get(n)) for n, each in held.items()
            }
            self._day = day
        return self._sectors

    async def _categories(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return what the files of the terminal's machine tell; where they cannot be read, nothing.

        They need pyarrow, and a terminal that keeps them.
        """
        found: dict[str, str] = {}
        for start in range(0, len(names), _TURN):
            try:
                found |= await self._client.run(_read_categories, names[start : start + _TURN])
            except GatewayError:
                break
        return found


def _read_sectors(data: Data, names: Sequence[str]) -> Mapping[str, Sector]:
    return {name: Sector(name, None, _members(data, name, -1), Source.TERMINAL) for name in names}


def _read_categories(data: Data, names: Sequence[str]) -> Mapping[str, str]:
    told = {name: data.call("get_sector_info", name)["category"].tolist() for name in names}
    return {name: str(found[0]) for name, found in told.items() if found and found[0]}


def _members(data: Data, name: str, when: int) -> tuple[str, ...]:
    """Return the members at a moment (epoch ms, -1 now) that the gateway has symbols of."""
    codes: Sequence[str] = rows_of(data.call("get_stock_list_in_sector", name, when))
    return tuple(symbol for symbol in map(from_vendor, codes) if symbol is not None)


def _admits(search: InstrumentSearch, symbol: str) -> bool:
    market, kind, board = classify(symbol)
    return (
        (not search.markets or market in search.markets)
        and (not search.kinds or kind in search.kinds)
        and (not search.boards or board in search.boards)
    )


def _fits(found: Instrument, search: InstrumentSearch) -> bool:
    if not search.text:
        return True
    name = found.name or ""
    return finds(search.text, found.symbol, name, initials_of(name))
