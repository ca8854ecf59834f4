"""CalendarService says what the port says, and names the field that is wrong."""

from datetime import date

import grpc
import pytest
from grpc import aio

from quantgraph.domain.instruments import Board, InstrumentKind, Market, Segment
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import calendar_pb2, instruments_pb2, types_pb2
from quantgraph.v1.calendar_pb2_grpc import CalendarServiceStub
from quantgraph.wire.calendar import days_from_proto, session_from_proto
from quantgraph.wire.fields import date_to_proto
from tests.grpc_bridge.calls import refused
from tests.grpc_bridge.memory.system import NOW
from tests.grpc_bridge.world import World

SH, STOCK = instruments_pb2.MARKET_SH, instruments_pb2.INSTRUMENT_KIND_STOCK


async def test_trading_days_are_the_ports(channel: aio.Channel, world: World):
    span = (date(2024, 1, 5), date(2024, 1, 9))
    ask = calendar_pb2.GetTradingCalendarRequest(
        market=SH, start=date_to_proto(span[0]), end=date_to_proto(span[1])
    )
    answer = await CalendarServiceStub(channel).GetTradingCalendar(ask)
    expected = await world.gateway.sessions.trading_days(Market.SH, *span)
    assert days_from_proto(answer.calendar) == expected
    assert [day.day for day in expected.days] == [5, 8, 9]


async def test_days_that_are_not_covered_are_refused(channel: aio.Channel):
    ask = calendar_pb2.GetTradingCalendarRequest(market=SH)
    ask.end.CopyFrom(date_to_proto(date(2027, 1, 1)))
    refusal = await refused(CalendarServiceStub(channel).GetTradingCalendar(ask))
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.CALENDAR_NOT_COVERED,
    )


async def test_phases_are_the_ports_and_today_is_the_clocks(channel: aio.Channel, world: World):
    ask = calendar_pb2.ListSessionPhasesRequest(
        market=SH, kind=STOCK, board=instruments_pb2.BOARD_STAR
    )
    answer = await CalendarServiceStub(channel).ListSessionPhases(ask)
    segment = Segment(Market.SH, InstrumentKind.STOCK, Board.STAR)
    expected = await world.gateway.sessions.session_day(segment, NOW.date())
    assert session_from_proto(answer.day) == expected
    assert len(answer.day.phases) == 8
    assert answer.day.phases[0].acts == [
        calendar_pb2.SESSION_ACT_SUBMIT,
        calendar_pb2.SESSION_ACT_CANCEL,
    ]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"market": 0}, "market"),
        ({"kind": 0}, "kind"),
        ({"board": 0}, "board"),
        ({"board": instruments_pb2.BOARD_BSE}, "board"),
        ({"date": types_pb2.Date(year=2024, month=2, day=30)}, "date"),
    ],
)
async def test_a_wrong_field_is_named(channel: aio.Channel, more, field):
    ask = calendar_pb2.ListSessionPhasesRequest(**{"market": SH, "kind": STOCK, **more})
    refusal = await refused(CalendarServiceStub(channel).ListSessionPhases(ask))
    assert (refusal.code, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])
