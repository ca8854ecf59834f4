"""Answers what a terminal lists besides instruments."""

from typing import Annotated

import strawberry

from quantgraph.domain.bonds import BondRequest
from resolvers.bars import SymbolArgument
from resolvers.pages import checked_batch
from schema.bonds import ConvertibleBond
from schema.context import Info
from schema.etfs import EtfBasket
from schema.scalars import Symbol
from schema.selection import picked

_PRICED = frozenset({"price", "conversionValue", "premium"})


@strawberry.type
class CatalogQueries:
    @strawberry.field(
        description="Listed convertible bonds (可转债) by symbol; unknown ones are left out. "
        "Errors: BAD_REQUEST."
    )
    async def convertible_bonds(
        self,
        info: Info,
        symbols: Annotated[
            list[Symbol] | None,
            strawberry.argument(description="These bonds; absent or empty: any."),
        ] = None,
        stocks: Annotated[
            list[Symbol] | None,
            strawberry.argument(description="Bonds of these shares; absent or empty: any."),
        ] = None,
    ) -> list[ConvertibleBond] | None:
        for batch in (symbols, stocks):
            checked_batch(info, batch or ())
        request = BondRequest(
            tuple(symbols or ()),
            tuple(stocks or ()),
            valued=not _PRICED.isdisjoint(picked(info)),
        )
        found = await info.context.gateway.lists.bonds(request)
        return [ConvertibleBond.from_domain(each) for each in found]

    @strawberry.field(
        description="A fund's list of creation and redemption (申购赎回清单) for the present "
        "trading day. Errors: UNKNOWN_SYMBOL, NO_ETF_LIST."
    )
    async def etf_basket(self, info: Info, symbol: SymbolArgument) -> EtfBasket | None:
        return EtfBasket.from_domain(await info.context.gateway.lists.etf_basket(symbol))
