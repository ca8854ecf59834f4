"""Answers `sectors`, `sector` and `indexWeights`."""

from typing import Annotated

import strawberry

from quantgraph.domain.errors import unknown_sector
from schema.context import Info
from schema.scalars import Symbol
from schema.sectors import IndexWeight, Sector


@strawberry.type
class SectorQueries:
    @strawberry.field(description="All sectors, by name.")
    async def sectors(self, info: Info) -> list[Sector] | None:
        return [Sector.from_domain(each) for each in await info.context.gateway.reference.sectors()]

    @strawberry.field(description="One sector. Errors: UNKNOWN_SECTOR.")
    async def sector(
        self,
        info: Info,
        name: Annotated[str, strawberry.argument(description="The sector's name.")],
    ) -> Sector | None:
        found = await info.context.gateway.reference.sector(name)
        if found is None:
            raise unknown_sector(name)
        return Sector.from_domain(found)

    @strawberry.field(
        description="Newest held weights of an index, heaviest first; empty if none are held."
    )
    async def index_weights(
        self,
        info: Info,
        index_symbol: Annotated[
            Symbol, strawberry.argument(description="The index, for example 000300.SH.")
        ],
    ) -> list[IndexWeight] | None:
        weights = await info.context.loaders.weights(index_symbol)
        return [IndexWeight.from_domain(each) for each in weights]
