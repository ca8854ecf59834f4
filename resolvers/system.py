"""Answers `serverInfo` and `mySubscriptions`."""

from typing import Annotated

import strawberry

from quantgraph.domain.access import Actor, Wire
from resolvers.pages import checked_first
from schema.context import Info
from schema.subscriptions import OpenStream
from schema.system import ServerInfo


@strawberry.type
class SystemQueries:
    @strawberry.field(description="Version, mode, clock, limits and capabilities of this gateway.")
    async def server_info(self, info: Info) -> ServerInfo:
        return ServerInfo.from_domain(await info.context.gateway.system.info())

    @strawberry.field(
        description="The live streams that the asking key holds on both wires, the newest first: "
        "at most 500. Errors: BAD_REQUEST."
    )
    async def my_subscriptions(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many at most, 1 to 500.")] = 50,
    ) -> list[OpenStream] | None:
        context = info.context
        actor = Actor(context.principal.key_id, Wire.GRAPHQL, context.peer)
        held = await context.gateway.subscriptions.held(actor, checked_first(first))
        return [OpenStream.from_domain(each) for each in held]
