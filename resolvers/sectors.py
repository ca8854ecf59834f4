"""Answers `sectors`, `sector` and `indexWeights`."""

import datetime as dt
from typing import Annotated

import strawberry

from quantgraph.domain.errors import unknown_sector
from schema.context import Info
from schema.scalars import Symbol
from schema.sectors import IndexWeight, Sector


@strawberry.type
class SectorQueries:
    @strawberry.field(description="All sectors as they are now, by name.")
    async def sectors(
        self,
        info: Info,
        category: Annotated[
            str | None,
            strawberry.argument(description="Only of this category, as in 概念; all if absent."),
        ] = None,
    ) -> list[Sector] | None:
        held = await info.context.gateway.reference.sectors()
        return [Sector.from_domain(each) for each in held if category in (None, each.category)]

    @strawberry.field(
        description="One sector, as it is now or as it was. Errors: UNKNOWN_SECTOR, DATE_NOT_HELD "
        "(no list of that day or before is held)."
    )
    async def sector(
        self,
        info: Info,
        name: Annotated[str, strawberry.argument(description="The sector's name.")],
        date: Annotated[
            dt.date | None,
            strawberry.argument(
                description="As it was at the end of this day; absent: as it is now."
            ),
        ] = None,
    ) -> Sector | None:
        found = await info.context.gateway.reference.sector(name, date)
        if found is None:
            raise unknown_sector(name)
        return Sector.from_domain(found)

    @strawberry.field(
        description="Newest held weights of an index, heaviest first; empty if none are held. "
        "Errors: DATE_NOT_HELD (only later ones are held)."
    )
    async def index_weights(
        self,
        info: Info,
        index_symbol: Annotated[
            Symbol, strawberry.argument(description="The index, for example 000300.SH.")
        ],
        date: Annotated[
            dt.date | None,
            strawberry.argument(
                description="The newest not after this day; absent: the newest at all."
            ),
        ] = None,
    ) -> list[IndexWeight] | None:
        weights = await info.context.gateway.reference.weights(index_symbol, date)
        return [IndexWeight.from_domain(each) for each in weights]
