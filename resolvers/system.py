"""Answers `serverInfo` and `mySubscriptions`, and tells how the terminals stand."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from quantgraph.domain.access import Actor, Wire
from resolvers.pages import checked_first
from schema.context import Info
from schema.selection import picked
from schema.subscriptions import OpenStream
from schema.system import ServerInfo, parts_of
from schema.terminals import TerminalEvent


@strawberry.type
class SystemQueries:
    @strawberry.field(description="Version, mode, clock, limits and capabilities of this gateway.")
    async def server_info(self, info: Info) -> ServerInfo:
        parts = parts_of(picked(info))
        return ServerInfo.from_domain(await info.context.gateway.system.info(parts))

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


@strawberry.type
class SystemSubscriptions:
    @strawberry.subscription(
        description="How the terminals stand: a SNAPSHOT, every change at once, and a HEARTBEAT "
        "every 5 s. A slow reader skips what lies between."
    )
    async def terminal_updates(self, info: Info) -> AsyncIterator[TerminalEvent]:
        sees = info.context.principal.sees
        async with aclosing(info.context.gateway.system.terminals()) as events:
            async for event in events:
                yield TerminalEvent.from_domain(event.seen_by(sees))
