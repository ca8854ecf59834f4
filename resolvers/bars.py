"""Answers `bars`."""

from typing import Annotated

import strawberry

from quantgraph.domain.bars import Adjustment, Period, window
from schema.bars import BarSeries, bar_fields
from schema.context import BarKey, Info
from schema.instruments import AdjustmentArgument, End, Last, PeriodArgument, Start
from schema.scalars import Symbol

SymbolArgument = Annotated[Symbol, strawberry.argument(description="Code with market.")]


@strawberry.type
class BarQueries:
    @strawberry.field(
        description="Bars of one symbol, oldest first. Errors: UNKNOWN_SYMBOL, BAD_REQUEST, "
        "START_AFTER_END, ROW_LIMIT (then use the DownloadBars rpc), ADJUSTMENT_UNAVAILABLE. "
        "Where the calendar does not cover the asked days, `coverage` says so by nulls. The last "
        "bar of a period longer than a day may still grow while its period lasts."
    )
    async def bars(
        self,
        info: Info,
        symbol: SymbolArgument,
        period: PeriodArgument = Period.DAY_1,
        start: Start = None,
        end: End = None,
        last: Last = None,
        adjustment: AdjustmentArgument = Adjustment.NONE,
    ) -> BarSeries | None:
        key = BarKey(symbol, period, window(start, end, last), adjustment, bar_fields(info))
        return BarSeries.from_domain(await info.context.loaders.bars(key))
