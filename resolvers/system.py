"""Answers `serverInfo`."""

import strawberry

from schema.context import Info
from schema.system import ServerInfo


@strawberry.type
class SystemQueries:
    @strawberry.field(description="Version, mode, clock, limits and capabilities of this gateway.")
    async def server_info(self, info: Info) -> ServerInfo:
        return ServerInfo.from_domain(await info.context.gateway.system.info())
