"""What a terminal lists besides instruments, checked and priced."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from quantgraph.domain.bonds import BondRequest, BondValue, ConvertibleBond, value_bond
from quantgraph.domain.budget import present_budget
from quantgraph.domain.errors import GatewayError, start_after_end, unknown_symbol
from quantgraph.domain.etfs import EtfBasket, no_list
from quantgraph.domain.futures import MainContract, MainRequest, unknown_product
from quantgraph.domain.instrument_tags import InstrumentTags, TagRequest
from quantgraph.domain.ipos import Ipo, IpoRequest
from quantgraph.domain.options import OptionChain
from quantgraph.domain.ports.lists import Catalog
from quantgraph.domain.ports.market import Quotes
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.tables import (
    TablePage,
    TableRequest,
    TableSearch,
    TerminalTable,
    begin_of,
    check_place,
    columns_of,
    page_of,
    unknown_table,
)
from quantgraph.domain.terminal_subscriptions import TerminalSubscription, found_of
from quantgraph.domain.treatments import SpecialTreatment


@dataclass(frozen=True, slots=True)
class ListedMarket:
    """What the lists are about: the newest quotes, and the instruments that are known."""

    quotes: Quotes
    reference: Reference


class PricedCatalog:
    """`ports.PricedLists` over a catalog and the newest quotes."""

    def __init__(self, catalog: Catalog, market: ListedMarket, rows: int) -> None:
        """List what `catalog` lists; an operation may take `rows` of lists and bars together."""
        self._catalog = catalog
        self._quotes = market.quotes
        self._reference = market.reference
        self.rows = rows

    async def etf_basket(self, symbol: str) -> EtfBasket:
        """Return a fund's list; see the port."""
        found = await self._catalog.etf_basket(symbol)
        if found is None:
            known = (await self._reference.instruments([symbol]))[0]
            raise unknown_symbol(symbol) if known is None else no_list(symbol)
        return found

    async def option_chain(self, underlying: str, day: date | None = None) -> OptionChain:
        """Return the contracts on an underlying; see the port."""
        if (await self._reference.instruments([underlying]))[0] is None:
            raise unknown_symbol(underlying)
        return await self._catalog.option_chain(underlying, day)

    async def main_contracts(self, request: MainRequest) -> Sequence[MainContract]:
        """Return main contracts by day; see the port."""
        _check_span(request.start, request.end)
        found = await self._catalog.main_contracts(request)
        if found is None:
            raise unknown_product(request.product)
        present_budget().spend(len(found), self.rows)
        return found

    async def ipos(self, request: IpoRequest) -> Sequence[Ipo]:
        """Return new issues by subscription day; see the port."""
        _check_span(request.start, request.end)
        found = await self._catalog.ipos(request)
        present_budget().spend(len(found), self.rows)
        return found

    async def tables(
        self, search: TableSearch, first: int, after: str | None
    ) -> tuple[Sequence[TerminalTable], bool]:
        """Return a page of the terminal's tables; see the port."""
        found = [each for each in await self._catalog.tables() if search.wants(each)]
        behind = [each for each in found if after is None or each.name > after]
        return behind[:first], len(behind) > first

    async def table_rows(self, request: TableRequest) -> TablePage:
        """Return a page of a table's rows; see the port."""
        _check_span(request.start, request.end)
        known = {each.name: each for each in await self._catalog.tables()}
        table = known.get(request.table)
        if table is None:
            raise unknown_table(request.table)
        columns_of(table, request.fields)
        first = begin_of(request)
        found = await self._catalog.table_slice(table, request, first)
        check_place(request, found)
        present_budget().spend(len(found.rows), self.rows)
        return page_of(table, request, found, first)

    async def special_treatments(self, symbols: Sequence[str]) -> Sequence[SpecialTreatment]:
        """Return days of special treatment; see the port."""
        found = await self._catalog.special_treatments(symbols)
        present_budget().spend(len(found), self.rows)
        return found

    async def instrument_tags(self, request: TagRequest) -> Sequence[InstrumentTags]:
        """Return tags of known symbols; see the port."""
        asked = tuple(dict.fromkeys(request.symbols))
        known = await self._reference.instruments(asked)
        held = tuple(s for s, found in zip(asked, known, strict=True) if found is not None)
        return await self._catalog.instrument_tags(replace(request, symbols=held))

    async def terminal_subscriptions(self, search: str | None) -> Sequence[TerminalSubscription]:
        """Return what the terminal follows; see the port."""
        found = await self._catalog.terminal_subscriptions()
        return found_of(found, search)

    async def bonds(self, request: BondRequest) -> Sequence[BondValue]:
        """Return the bonds; one call for prices, and only where they are asked for."""
        found = await self._catalog.bonds(request)
        if not request.valued or not found:
            return [BondValue(bond) for bond in found]
        prices = await self._prices(found)
        return [
            value_bond(bond, prices.get(bond.symbol), prices.get(bond.stock_symbol))
            for bond in found
        ]

    async def _prices(self, bonds: Sequence[ConvertibleBond]) -> dict[str, float | None]:
        pairs = [symbol for bond in bonds for symbol in (bond.symbol, bond.stock_symbol)]
        symbols = list(dict.fromkeys(pairs))
        quotes = await self._quotes.quotes(symbols)
        return {
            symbol: None if isinstance(quote, GatewayError) else quote.last_price
            for symbol, quote in zip(symbols, quotes, strict=True)
        }


def _check_span(start: date | None, end: date | None) -> None:
    if start is not None and end is not None and start > end:
        raise start_after_end(start, end)
