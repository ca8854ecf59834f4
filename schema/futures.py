"""Main contracts of futures products."""

import datetime as dt

import strawberry

from quantgraph.domain import futures as domain
from quantgraph.domain.sources import Source
from schema.context import Info
from schema.instruments import Instrument, load_instrument
from schema.scalars import Symbol


@strawberry.type(description="The main contract of a futures product on a trading day (主力合约).")
class MainContract:
    product: str = strawberry.field(description="Code of the product, for example IF.")
    date: dt.date = strawberry.field(description="The trading day.")
    symbol: Symbol = strawberry.field(description="The contract, for example IF2303.CFFEX.")
    second_symbol: Symbol | None = strawberry.field(
        description="The contract after it (次主力合约); null where the source does not tell it."
    )
    source: Source = strawberry.field(description="Where this comes from.")

    @strawberry.field(
        description="The contract as an instrument; null where it is no longer listed."
    )
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)

    @classmethod
    def from_domain(cls, found: domain.MainContract) -> "MainContract":
        """Show a domain main contract."""
        second = found.second_symbol
        return cls(
            product=found.product,
            date=found.date,
            symbol=Symbol(found.symbol),
            second_symbol=None if second is None else Symbol(second),
            source=found.source,
        )
