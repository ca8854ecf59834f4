"""Answers `ticks`, `trades` and the level-2 recordings."""

from typing import Annotated, Any

import strawberry

from quantgraph.domain.bars import TimeBound, window
from quantgraph.domain.ticks import TICK_FIELDS, TickColumns, TickKind, TickRequest
from schema import scalars
from schema.context import Info
from schema.level2 import SERIES_TYPES, series_of
from schema.scalars import Symbol
from schema.selection import camel, picked
from schema.ticks import TickSeries, TradeSeries

SymbolArgument = Annotated[Symbol, strawberry.argument(description="Code with market.")]
First = Annotated[
    scalars.TimeBound | None,
    strawberry.argument(description="First instant; absent: from the first one held."),
]
Final = Annotated[
    scalars.TimeBound | None,
    strawberry.argument(description="Last instant, included; absent: to the last one held."),
]
_ERRORS = "Errors: UNKNOWN_SYMBOL, START_AFTER_END, ROW_LIMIT."
_Quotes = SERIES_TYPES[TickKind.LEVEL2_QUOTE]
_Orders = SERIES_TYPES[TickKind.LEVEL2_ORDER]
_Transactions = SERIES_TYPES[TickKind.LEVEL2_TRANSACTION]


@strawberry.type
class TickQueries:
    @strawberry.field(description=f"Recorded snapshots with five levels. {_ERRORS}")
    async def ticks(
        self, info: Info, symbol: SymbolArgument, start: First = None, end: Final = None
    ) -> TickSeries | None:
        found = await _read(info, TickKind.SNAPSHOT, symbol, (start, end))
        return TickSeries(
            symbol=Symbol(found.symbol), source=found.source, row_count=found.length, ticks=found
        )

    @strawberry.field(description=f"Recorded single trades. {_ERRORS}")
    async def trades(
        self, info: Info, symbol: SymbolArgument, start: First = None, end: Final = None
    ) -> TradeSeries | None:
        found = await _read(info, TickKind.TRADE, symbol, (start, end))
        return TradeSeries(
            symbol=Symbol(found.symbol), source=found.source, row_count=found.length, ticks=found
        )

    @strawberry.field(
        graphql_type=_Quotes | None,
        description=f"Recorded level-2 quotes with ten levels (Level-2 行情快照). {_ERRORS}",
    )
    async def level2_quotes(
        self, info: Info, symbol: SymbolArgument, start: First = None, end: Final = None
    ) -> Any:  # noqa: ANN401 a type made from the table
        return series_of(await _read(info, TickKind.LEVEL2_QUOTE, symbol, (start, end)))

    @strawberry.field(
        graphql_type=_Orders | None,
        description=f"Recorded single orders of level 2 (逐笔委托). {_ERRORS}",
    )
    async def level2_orders(
        self, info: Info, symbol: SymbolArgument, start: First = None, end: Final = None
    ) -> Any:  # noqa: ANN401 a type made from the table
        return series_of(await _read(info, TickKind.LEVEL2_ORDER, symbol, (start, end)))

    @strawberry.field(
        graphql_type=_Transactions | None,
        description=f"Recorded single deals of level 2 (逐笔成交). {_ERRORS}",
    )
    async def level2_transactions(
        self, info: Info, symbol: SymbolArgument, start: First = None, end: Final = None
    ) -> Any:  # noqa: ANN401 a type made from the table
        return series_of(await _read(info, TickKind.LEVEL2_TRANSACTION, symbol, (start, end)))


async def _read(
    info: Info, kind: TickKind, symbol: str, bounds: tuple[TimeBound | None, TimeBound | None]
) -> TickColumns:
    span, chosen = window(*bounds), set(picked(info, "rows"))
    fields = tuple(name for name in TICK_FIELDS[kind] if camel(name) in chosen)
    limit = info.context.gateway.limits.bar_rows
    request = TickRequest(symbol, kind, span.start, span.end, fields or ("time",), limit)
    return await info.context.gateway.ticks.ticks(request)
