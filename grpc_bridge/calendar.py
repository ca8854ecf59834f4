"""Answers CalendarService."""

# ruff: noqa: N802 the methods are named by the contract

from quantgraph.domain.calendar import today
from quantgraph.domain.instruments import checked_segment
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.v1 import calendar_pb2
from quantgraph.v1.calendar_pb2_grpc import CalendarServiceServicer
from quantgraph.wire.calendar import days_to_proto, session_to_proto
from quantgraph.wire.enums import BOARD, INSTRUMENT_KIND, MARKET
from quantgraph.wire.fields import date_from_proto


class CalendarServicer(CalendarServiceServicer):
    """CalendarService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._gateway = gateway

    async def GetTradingCalendar(
        self, request: calendar_pb2.GetTradingCalendarRequest, context: object
    ) -> calendar_pb2.GetTradingCalendarResponse:
        market = MARKET.from_proto(request.market, "market")
        start = date_from_proto(request.start, "start") if request.HasField("start") else None
        end = date_from_proto(request.end, "end") if request.HasField("end") else None
        found = await self._gateway.sessions.trading_days(market, start, end)
        return calendar_pb2.GetTradingCalendarResponse(calendar=days_to_proto(found))

    async def ListSessionPhases(
        self, request: calendar_pb2.ListSessionPhasesRequest, context: object
    ) -> calendar_pb2.ListSessionPhasesResponse:
        segment = checked_segment(
            MARKET.from_proto(request.market, "market"),
            INSTRUMENT_KIND.from_proto(request.kind, "kind"),
            BOARD.from_proto(request.board, "board") if request.HasField("board") else None,
        )
        given = request.HasField("date")
        day = date_from_proto(request.date, "date") if given else today(self._gateway.clock)
        found = await self._gateway.sessions.session_day(segment, day)
        return calendar_pb2.ListSessionPhasesResponse(day=session_to_proto(found))
