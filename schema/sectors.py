"""Sectors, their members, and index weights."""

import datetime as dt
from typing import Annotated

import strawberry

from quantgraph.domain import sectors as domain
from quantgraph.domain.sources import Source
from schema.context import Info
from schema.instruments import Instrument, load_instrument
from schema.problems import SectorRefused
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


@strawberry.input(description="A custom sector to be made.")
class CreateSectorInput:
    name: str = strawberry.field(
        description='1 to 64 printable characters, none of \\ / : * ? " < > |, no space at either '
        "end; no other sector's name."
    )
    symbols: list[Symbol] = strawberry.field(
        default_factory=list[Symbol], description="Its members, in this order; may be none."
    )
    category: str | None = strawberry.field(
        default=None, description="What sort of list it is, by the rules of names; absent: 自定义."
    )


@strawberry.input(description="A custom sector and its new name.")
class RenameSectorInput:
    name: str = strawberry.field(description="Its present name.")
    new_name: str = strawberry.field(description="Its new name; see `CreateSectorInput.name`.")


@strawberry.input(description="A custom sector and symbols.")
class SectorMembersInput:
    name: str = strawberry.field(description="The sector's name.")
    symbols: list[Symbol] = strawberry.field(description="Which symbols.")


@strawberry.input(description="A custom sector.")
class DeleteSectorInput:
    name: str = strawberry.field(description="The sector's name.")


@strawberry.type(description="The change is made, and durable.")
class ChangeSectorSuccess:
    sector: Sector | None = strawberry.field(
        description="The sector after the change; null after a deletion."
    )
    changed: bool = strawberry.field(
        description="False where it was so already: acts may be repeated."
    )

    @classmethod
    def from_domain(cls, change: domain.SectorChange) -> "ChangeSectorSuccess":
        """Show a domain change."""
        sector = change.sector
        shown = None if sector is None else Sector.from_domain(sector)
        return cls(sector=shown, changed=change.changed)


ChangeSectorResult = Annotated[
    ChangeSectorSuccess | SectorRefused,
    strawberry.union("ChangeSectorResult", description="What became of a change of a sector."),
]


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
