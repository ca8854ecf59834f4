"""What a terminal lists besides instruments, checked and priced."""

from collections.abc import Sequence

from quantgraph.domain.bonds import BondRequest, BondValue, ConvertibleBond, value_bond
from quantgraph.domain.errors import GatewayError, unknown_symbol
from quantgraph.domain.etfs import EtfBasket, no_list
from quantgraph.domain.ports import Catalog, Quotes, Reference


class PricedCatalog:
    """`ports.PricedLists` over a catalog and the newest quotes."""

    def __init__(self, catalog: Catalog, quotes: Quotes, reference: Reference) -> None:
        """List what `catalog` lists, at the prices of `quotes`; `reference` knows the symbols."""
        self._catalog = catalog
        self._quotes = quotes
        self._reference = reference

    async def etf_basket(self, symbol: str) -> EtfBasket:
        """Return a fund's list; see the port."""
        found = await self._catalog.etf_basket(symbol)
        if found is None:
            known = (await self._reference.instruments([symbol]))[0]
            raise unknown_symbol(symbol) if known is None else no_list(symbol)
        return found

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
