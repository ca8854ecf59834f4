"""Answers `dividends`."""

from datetime import date
from typing import Annotated

import strawberry

from quantgraph.domain.dividends import DividendRequest
from quantgraph.domain.errors import GatewayError
from resolvers.pages import checked_batch
from resolvers.quotes import Symbols
from schema.context import Info
from schema.dividends import DividendHistory


@strawberry.type
class DividendQueries:
    @strawberry.field(
        description="Ex-right events in the order asked for, those that adjusted daily bars are "
        "made by; null for an unknown symbol. Errors: START_AFTER_END, BAD_REQUEST."
    )
    async def dividends(
        self,
        info: Info,
        symbols: Symbols,
        start: Annotated[
            date | None, strawberry.argument(description="First ex-date, included.")
        ] = None,
        end: Annotated[
            date | None, strawberry.argument(description="Last ex-date, included.")
        ] = None,
    ) -> list[DividendHistory | None] | None:
        checked_batch(info, symbols)
        request = DividendRequest(tuple(symbols), start, end)
        found = await info.context.gateway.dividends.histories(request)
        return [
            None if isinstance(each, GatewayError) else DividendHistory.from_domain(each)
            for each in found
        ]
