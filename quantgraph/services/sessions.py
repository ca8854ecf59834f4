"""Answers trading days and session phases from the calendar and the dated market rules."""

from datetime import date

from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.errors import Unsupported, start_after_end
from quantgraph.domain.instruments import Market, Segment
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.markets import OPENED
from quantgraph.domain.rules.sessions import list_phases
from quantgraph.domain.sessions import Closure, SessionDay, TradingDays


class RuledSessions:
    """Implements `ports.Sessions` over one calendar: the three exchanges keep the same days."""

    def __init__(self, calendar: TradingCalendar) -> None:
        """Answer within what the calendar covers, and from an exchange's opening on."""
        self._calendar = calendar

    async def trading_days(
        self, market: Market, start: date | None, end: date | None
    ) -> TradingDays:
        """Answer the days of a span; see `ports.Sessions`."""
        first, last = self._first(market), self._calendar.last
        start, end = start or first, end or last
        if start > end:
            raise start_after_end(start, end)
        self._check(market, start)
        days = self._calendar.between(start, end)
        closed: list[date] = self._calendar.closures(start, end).tolist()
        return TradingDays(
            market=market,
            start=start,
            end=end,
            covered_from=first,
            covered_to=last,
            days=tuple(days.tolist()),
            closures=tuple(Closure(day, self._calendar.names.get(day)) for day in closed),
            basis=self._calendar.source,
        )

    async def session_day(self, segment: Segment, day: date) -> SessionDay:
        """Answer the phases of a day; see `ports.Sessions`."""
        self._check(segment.market, day)
        open_ = self._calendar.is_session(day)
        return SessionDay(segment, day, list_phases(segment, day) if open_ else ())

    def _first(self, market: Market) -> date:
        return max(OPENED[market], self._calendar.first)

    def _check(self, market: Market, day: date) -> None:
        if self._calendar.first <= day < self._first(market):
            text = f"{market} has been trading since {self._first(market)}; {day} is before."
            raise Unsupported(Reason.CALENDAR_NOT_COVERED, text, date=day.isoformat())
