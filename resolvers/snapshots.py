"""Answers `marketSnapshot`."""

from typing import Annotated

import strawberry

from quantgraph.domain.errors import bad_request
from quantgraph.domain.instruments import Market
from quantgraph.domain.snapshots import SnapshotRequest
from schema.context import Info
from schema.snapshots import MarketSnapshot, snapshot_fields


@strawberry.type
class SnapshotQueries:
    @strawberry.field(
        description="Newest quotes of a whole exchange or sector at once. Give exactly one of "
        "market and sector. Errors: UNKNOWN_SECTOR, BAD_REQUEST, ROW_LIMIT."
    )
    async def market_snapshot(
        self,
        info: Info,
        market: Annotated[
            Market | None, strawberry.argument(description="Every instrument of this exchange.")
        ] = None,
        sector: Annotated[
            str | None, strawberry.argument(description="The members of this sector, in its order.")
        ] = None,
    ) -> MarketSnapshot | None:
        if (market is None) == (sector is None):
            raise bad_request("Give exactly one of market and sector.")
        fields, named = snapshot_fields(info)
        request = SnapshotRequest(market or sector or "", fields, named)
        return MarketSnapshot.from_domain(await info.context.gateway.snapshots.snapshot(request))
