"""Answers `financials`."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from quantgraph.domain.errors import start_after_end
from quantgraph.domain.financials.tables import FinancialRequest, ReportBasis
from resolvers.pages import checked_batch
from resolvers.quotes import Symbols
from schema.context import Info
from schema.financials import Financials, statement_fields


@strawberry.type
class FinancialQueries:
    @strawberry.field(
        description="Statements of companies in the order asked for; null for an unknown symbol. "
        "Only the picked fields are read. Errors: START_AFTER_END, BAD_REQUEST."
    )
    async def financials(
        self,
        info: Info,
        symbols: Symbols,
        start: Annotated[
            date | None, strawberry.argument(description="First date of the basis, included.")
        ] = None,
        end: Annotated[
            date | None, strawberry.argument(description="Last date of the basis, included.")
        ] = None,
        basis: Annotated[
            ReportBasis, strawberry.argument(description="Which date start and end bound.")
        ] = ReportBasis.REPORT_DATE,
        as_of: Annotated[
            datetime | None,
            strawberry.argument(
                description="Only what was announced by then: a report counts from the end of its "
                "announcement day, and one without an announcement date does not count."
            ),
        ] = None,
    ) -> list[Financials | None] | None:
        checked_batch(info, symbols)
        if start is not None and end is not None and start > end:
            raise start_after_end(start, end)
        request = FinancialRequest(tuple(symbols), statement_fields(info), start, end, basis, as_of)
        companies = await info.context.gateway.financials.financials(request)
        return [None if each is None else Financials.from_domain(each) for each in companies]
