"""Sectors, their members, and index weights."""

import datetime as dt

import strawberry

from quantgraph.domain import sectors as domain
from quantgraph.domain.sources import Source
from schema.context import Info
from schema.instruments import Instrument, load_instrument
from schema.scalars import Symbol


@strawberry.type(description="One symbol of a sector.")
class SectorMember:
    symbol: Symbol = strawberry.field(description="The member's symbol.")

    @strawberry.field(description="The member itself; null where nothing is known of the symbol.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)


@strawberry.type(description="A named list of symbols.")
class Sector:
    name: str = strawberry.field(description="Name; unique.")
    category: str | None = strawberry.field(
        description="What sort of list it is, for example 概念, 行业 or INDEX; null if unknown."
    )
    source: Source = strawberry.field(description="Where the list comes from.")
    member_count: int = strawberry.field(description="Number of members.")
    symbols: list[Symbol] = strawberry.field(
        description="The members' symbols, in the source's order."
    )
    date: dt.date | None = strawberry.field(
        description="The day that the members are of; null where the source states none."
    )
    dates: list[dt.date] = strawberry.field(
        description="All days of which a list is held, ascending: the members of any day are those "
        "of the newest one not after it."
    )

    @strawberry.field(description="The members, in the source's order.")
    def members(self) -> list[SectorMember]:
        return [SectorMember(symbol=symbol) for symbol in self.symbols]

    @classmethod
    def from_domain(cls, sector: domain.Sector) -> "Sector":
        """Show a domain sector."""
        return cls(
            name=sector.name,
            category=sector.category,
            source=sector.source,
            member_count=len(sector.symbols),
            symbols=[Symbol(symbol) for symbol in sector.symbols],
            date=sector.day,
            dates=list(sector.dates),
        )


@strawberry.type(description="A member's share of an index.")
class IndexWeight:
    index_symbol: Symbol = strawberry.field(description="The index.")
    symbol: Symbol = strawberry.field(description="The member.")
    weight: float = strawberry.field(description="Share of the index, percent.")
    date: dt.date = strawberry.field(description="The day the weights are of.")
    source: Source = strawberry.field(description="Where they come from.")

    @strawberry.field(description="The member itself; null where nothing is known of the symbol.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)

    @classmethod
    def from_domain(cls, weight: domain.IndexWeight) -> "IndexWeight":
        """Show a domain weight."""
        return cls(
            index_symbol=Symbol(weight.index_symbol),
            symbol=Symbol(weight.symbol),
            weight=weight.weight,
            date=weight.date,
            source=weight.source,
        )
