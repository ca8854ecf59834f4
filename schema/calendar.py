"""Trading days and the phases of a day."""

import datetime as dt
from typing import Annotated

import strawberry

from quantgraph.domain import sessions as domain
from quantgraph.domain.calendar import from_ms, today
from quantgraph.domain.instruments import Board, InstrumentKind, Market, Segment
from quantgraph.domain.rules.sessions import Act, Phase, PhaseSpan
from schema.context import Info

DayArgument = Annotated[
    dt.date | None,
    strawberry.argument(description="The day; absent: today by the gateway's clock."),
]


@strawberry.type(description="A weekday without trading.")
class Closure:
    date: dt.date = strawberry.field(description="The day.")
    name: str | None = strawberry.field(
        description="The holiday's Chinese name; null where no source gives one (before 2004)."
    )


@strawberry.type(description="An exchange's trading days from start to end, both included.")
class TradingCalendar:
    market: Market = strawberry.field(description="The exchange.")
    start: dt.date = strawberry.field(description="First day of the answer.")
    end: dt.date = strawberry.field(description="Last day of the answer.")
    covered_from: dt.date = strawberry.field(description="First day that is covered at all.")
    covered_to: dt.date = strawberry.field(
        description="Last day that is covered at all; nothing later is guessed."
    )
    days: list[dt.date] = strawberry.field(description="The trading days, ascending.")
    closures: list[Closure] = strawberry.field(
        description="The weekdays without trading, ascending. Saturdays and Sundays are never "
        "trading days."
    )
    basis: str = strawberry.field(description="Who states these days.")

    @classmethod
    def from_domain(cls, found: domain.TradingDays) -> "TradingCalendar":
        """Show an exchange's days."""
        return cls(
            market=found.market,
            start=found.start,
            end=found.end,
            covered_from=found.covered_from,
            covered_to=found.covered_to,
            days=list(found.days),
            closures=[Closure(date=each.day, name=each.name) for each in found.closures],
            basis=found.basis,
        )


@strawberry.type(name="PhaseSpan", description="A phase of one day.")
class PhaseSpanType:
    phase: Phase = strawberry.field(description="What happens.")
    start: dt.datetime = strawberry.field(description="When it begins.")
    end: dt.datetime = strawberry.field(
        description="When it ends; this instant is no longer part of it."
    )
    acts: list[Act] = strawberry.field(description="What the exchange takes meanwhile.")
    rule: str = strawberry.field(description="Who states the rule.")
    verified: bool = strawberry.field(
        description="False: the rule is known from practice alone; check it before you rely on it."
    )

    @classmethod
    def from_domain(cls, span: PhaseSpan) -> "PhaseSpanType":
        """Show a phase."""
        return cls(
            phase=span.phase,
            start=from_ms(span.start),
            end=from_ms(span.end),
            acts=list(span.acts),
            rule=span.source,
            verified=span.verified,
        )


@strawberry.type(description="What a part of the market does on a day.")
class SessionDay:
    market: Market = strawberry.field(description="The exchange.")
    kind: InstrumentKind = strawberry.field(description="The kind of instrument.")
    board: Board | None = strawberry.field(description="The board, of shares; else null.")
    date: dt.date = strawberry.field(description="The day.")
    is_trading_day: bool = strawberry.field(description="Whether the exchange opens at all.")
    phases: list[PhaseSpanType] = strawberry.field(
        description="In order; none overlap, and what lies between is closed. Empty on a day "
        "without trading."
    )

    @classmethod
    def from_domain(cls, found: domain.SessionDay) -> "SessionDay":
        """Show a day."""
        return cls(
            market=found.segment.market,
            kind=found.segment.kind,
            board=found.segment.board,
            date=found.day,
            is_trading_day=found.is_trading_day,
            phases=[PhaseSpanType.from_domain(span) for span in found.phases],
        )


async def find_session(info: Info, segment: Segment, day: dt.date | None) -> SessionDay:
    """Answer the phases of a day, of today where none is given."""
    gateway = info.context.gateway
    found = await gateway.sessions.session_day(segment, day or today(gateway.clock))
    return SessionDay.from_domain(found)
