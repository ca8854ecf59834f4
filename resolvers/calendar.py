"""Answers `tradingCalendar` and `sessionPhases`."""

import datetime as dt
from typing import Annotated

import strawberry

from quantgraph.domain.instruments import Board, InstrumentKind, Market, checked_segment
from schema.calendar import DayArgument, SessionDay, TradingCalendar, find_session
from schema.context import Info

MarketArgument = Annotated[Market, strawberry.argument(description="The exchange.")]


@strawberry.type
class CalendarQueries:
    @strawberry.field(
        description="An exchange's trading days and closures. Errors: START_AFTER_END, "
        "CALENDAR_NOT_COVERED (`coveredFrom` and `coveredTo` of an answer say what is)."
    )
    async def trading_calendar(
        self,
        info: Info,
        market: MarketArgument,
        start: Annotated[
            dt.date | None,
            strawberry.argument(description="First day, included; absent: the first one covered."),
        ] = None,
        end: Annotated[
            dt.date | None,
            strawberry.argument(description="Last day, included; absent: the last one covered."),
        ] = None,
    ) -> TradingCalendar | None:
        found = await info.context.gateway.sessions.trading_days(market, start, end)
        return TradingCalendar.from_domain(found)

    @strawberry.field(
        description="What a part of the market does at which time of a day. Errors: "
        "CALENDAR_NOT_COVERED, RULE_UNKNOWN (no rule is known for this kind and day), BAD_REQUEST "
        "(the exchange has no such board)."
    )
    async def session_phases(
        self,
        info: Info,
        market: MarketArgument,
        kind: Annotated[
            InstrumentKind, strawberry.argument(description="The kind of instrument.")
        ] = InstrumentKind.STOCK,
        board: Annotated[
            Board | None,
            strawberry.argument(
                description="The board, of shares; absent: the main board, in Beijing its only one."
            ),
        ] = None,
        date: DayArgument = None,
    ) -> SessionDay | None:
        return await find_session(info, checked_segment(market, kind, board), date)
