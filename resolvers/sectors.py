"""Answers `sectors`, `sector` and `indexWeights`."""

import datetime as dt
from collections.abc import Awaitable
from typing import Annotated

import strawberry

from quantgraph.domain.errors import GatewayError, unknown_sector
from quantgraph.domain.sectors import SectorChange
from resolvers.problems import problem_of
from schema.context import Info
from schema.problems import SectorRefused
from schema.scalars import Symbol
from schema.sectors import (
    ChangeSectorResult,
    ChangeSectorSuccess,
    CreateSectorInput,
    DeleteSectorInput,
    IndexWeight,
    RenameSectorInput,
    Sector,
    SectorMembersInput,
)


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


_SCOPE = " Needs a key with scope trade. Refusals are members of the result."


@strawberry.type
class SectorMutations:
    @strawberry.mutation(
        description="Make a custom sector. A repeat with the same members changes nothing." + _SCOPE
    )
    async def create_sector(
        self,
        info: Info,
        input: Annotated[CreateSectorInput, strawberry.argument(description="The sector.")],
    ) -> ChangeSectorResult:
        sectors = info.context.gateway.sectors
        return await _answer(
            "createSector", sectors.create(input.name, input.symbols, input.category)
        )

    @strawberry.mutation(
        description="Give a custom sector another name. A repeat changes nothing." + _SCOPE
    )
    async def rename_sector(
        self,
        info: Info,
        input: Annotated[RenameSectorInput, strawberry.argument(description="Both names.")],
    ) -> ChangeSectorResult:
        return await _answer(
            "renameSector", info.context.gateway.sectors.rename(input.name, input.new_name)
        )

    @strawberry.mutation(
        description="Add members to a custom sector, at its end; those in it already stay where "
        "they are." + _SCOPE
    )
    async def add_sector_members(
        self,
        info: Info,
        input: Annotated[SectorMembersInput, strawberry.argument(description="Who is added.")],
    ) -> ChangeSectorResult:
        return await _answer(
            "addSectorMembers", info.context.gateway.sectors.add(input.name, input.symbols)
        )

    @strawberry.mutation(
        description="Take members out of a custom sector; those that are not in it change nothing."
        + _SCOPE
    )
    async def remove_sector_members(
        self,
        info: Info,
        input: Annotated[SectorMembersInput, strawberry.argument(description="Who goes.")],
    ) -> ChangeSectorResult:
        return await _answer(
            "removeSectorMembers", info.context.gateway.sectors.remove(input.name, input.symbols)
        )

    @strawberry.mutation(
        description="Delete a custom sector; one that does not exist is gone already." + _SCOPE
    )
    async def delete_sector(
        self,
        info: Info,
        input: Annotated[DeleteSectorInput, strawberry.argument(description="Which one.")],
    ) -> ChangeSectorResult:
        return await _answer("deleteSector", info.context.gateway.sectors.delete(input.name))


async def _answer(
    mutation: str, change: Awaitable[SectorChange]
) -> ChangeSectorSuccess | SectorRefused:
    try:
        return ChangeSectorSuccess.from_domain(await change)
    except GatewayError as error:
        return problem_of(mutation, error)
