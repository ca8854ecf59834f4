"""Trading days and session phases."""

from quantgraph.domain.instruments import Segment
from quantgraph.domain.rules.sessions import PhaseSpan
from quantgraph.domain.sessions import Closure, SessionDay, TradingDays
from quantgraph.v1 import calendar_pb2
from quantgraph.wire.enums import ACT, BOARD, INSTRUMENT_KIND, MARKET, PHASE
from quantgraph.wire.fields import date_from_proto, date_to_proto, ms_from_proto, ms_to_proto


def days_to_proto(found: TradingDays) -> calendar_pb2.TradingCalendar:
    """Write an exchange's trading days."""
    return calendar_pb2.TradingCalendar(
        market=MARKET.to_proto(found.market),
        start=date_to_proto(found.start),
        end=date_to_proto(found.end),
        covered_from=date_to_proto(found.covered_from),
        covered_to=date_to_proto(found.covered_to),
        days=[date_to_proto(day) for day in found.days],
        closures=[
            calendar_pb2.Closure(date=date_to_proto(each.day), name=each.name)
            for each in found.closures
        ],
        basis=found.basis,
    )


def days_from_proto(message: calendar_pb2.TradingCalendar) -> TradingDays:
    """Read an exchange's trading days."""
    return TradingDays(
        market=MARKET.from_proto(message.market, "market"),
        start=date_from_proto(message.start, "start"),
        end=date_from_proto(message.end, "end"),
        covered_from=date_from_proto(message.covered_from, "covered_from"),
        covered_to=date_from_proto(message.covered_to, "covered_to"),
        days=tuple(date_from_proto(day, "days") for day in message.days),
        closures=tuple(
            Closure(
                date_from_proto(each.date, "closures.date"),
                each.name if each.HasField("name") else None,
            )
            for each in message.closures
        ),
        basis=message.basis,
    )


def session_to_proto(found: SessionDay) -> calendar_pb2.SessionDay:
    """Write the phases of a day."""
    board = found.segment.board
    return calendar_pb2.SessionDay(
        market=MARKET.to_proto(found.segment.market),
        kind=INSTRUMENT_KIND.to_proto(found.segment.kind),
        board=None if board is None else BOARD.to_proto(board),
        date=date_to_proto(found.day),
        phases=[
            calendar_pb2.PhaseSpan(
                phase=PHASE.to_proto(span.phase),
                start_time=ms_to_proto(span.start),
                end_time=ms_to_proto(span.end),
                acts=[ACT.to_proto(act) for act in span.acts],
                rule=span.source,
                verified=span.verified,
            )
            for span in found.phases
        ],
    )


def session_from_proto(message: calendar_pb2.SessionDay) -> SessionDay:
    """Read the phases of a day."""
    segment = Segment(
        MARKET.from_proto(message.market, "market"),
        INSTRUMENT_KIND.from_proto(message.kind, "kind"),
        BOARD.from_proto(message.board, "board") if message.HasField("board") else None,
    )
    phases = tuple(
        PhaseSpan(
            PHASE.from_proto(span.phase, "phases.phase"),
            ms_from_proto(span.start_time, "phases.start_time"),
            ms_from_proto(span.end_time, "phases.end_time"),
            span.rule,
            span.verified,
            tuple(ACT.from_proto(act, "phases.acts") for act in span.acts),
        )
        for span in message.phases
    )
    return SessionDay(segment, date_from_proto(message.date, "date"), phases)
