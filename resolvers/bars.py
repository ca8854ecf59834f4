"""Answers `bars`, and streams them as they form."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from quantgraph.domain.access import Scope
from quantgraph.domain.bars import Adjustment, Period, window
from quantgraph.domain.live_bars import BarWatch
from schema.bars import BarSeries, bar_fields
from schema.context import BarKey, Info
from schema.instruments import AdjustmentArgument, End, Last, PeriodArgument, Start
from schema.live_bars import BarEvent
from schema.scalars import Symbol

SymbolArgument = Annotated[Symbol, strawberry.argument(description="Code with market.")]


@strawberry.type
class BarQueries:
    @strawberry.field(
        description="Bars of one symbol, oldest first. Errors: UNKNOWN_SYMBOL, BAD_REQUEST, "
        "START_AFTER_END, ROW_LIMIT (then use the DownloadBars rpc), ADJUSTMENT_UNAVAILABLE. "
        "Where the calendar does not cover the asked days, `coverage` says so by nulls. The last "
        "bar of a period longer than a day may still grow while its period lasts. `ensure` needs a "
        "key with scope trade; then also DOWNLOAD_LIMIT."
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
        ensure: Annotated[
            bool,
            strawberry.argument(
                description="Start a download of the sessions that the terminal lacks, and say so "
                "in `coverage`; the answer does not wait for it."
            ),
        ] = False,
    ) -> BarSeries | None:
        key = BarKey(symbol, period, window(start, end, last), adjustment, bar_fields(info))
        series = await info.context.loaders.bars(key)
        if ensure:
            info.context.principal.require(Scope.TRADE)
            series = await info.context.gateway.missing_bars.fetch(series)
        return BarSeries.from_domain(series)


@strawberry.type
class BarSubscriptions:
    @strawberry.subscription(
        description="Live bars of one symbol, unadjusted: a snapshot (the bar under way, or the "
        "last final one), then the bar under way at each change, and every final bar once, equal "
        "to what `bars` then answers. A slow reader gets the newest state of the bar under way, "
        "and every final one. A heartbeat comes every 5 s. An imported series grows by "
        "recorded days that are lived again alone: no bar of it that is under way is made up. "
        "Errors: UNKNOWN_SYMBOL, NOT_QUOTED, SUBSCRIPTION_LIMIT, SLOW_CONSUMER (10,000 final bars "
        "wait), EPOCH_CHANGED (subscribe again)."
    )
    async def bars(
        self, info: Info, symbol: SymbolArgument, period: PeriodArgument
    ) -> AsyncIterator[BarEvent]:
        watch = BarWatch(symbol, period)
        async with aclosing(info.context.gateway.bar_stream.watch(watch)) as events:
            async for event in events:
                yield BarEvent.from_domain(event)
