"""Says whether what the store holds is whole, by the calendar and the market's clock."""

from quantgraph.domain.bars import Coverage, Window
from quantgraph.domain.calendar import TradingCalendar, day_of, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.coverage import Asked, HeldDays, judge
from quantgraph.domain.instruments import Instrument


class CoverageJudge:
    """Compares held days with the calendar; days that have not ended yet are never missing."""

    def __init__(self, calendar: TradingCalendar, clock: Clock) -> None:
        """Judge against a calendar and the market's clock."""
        self._calendar = calendar
        self._clock = clock

    def judge(
        self, held: HeldDays, window: Window, instrument: Instrument | None = None
    ) -> Coverage:
        """Return the coverage of the window; see `domain.coverage.judge`."""
        today = day_of(to_ms(self._clock.now()))
        return judge(self._calendar, held, Asked(window, today, instrument))
