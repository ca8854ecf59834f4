"""The machine's own time with its trading days: what dev and prod live in."""

from dataclasses import dataclass
from datetime import date, datetime

from quantgraph.domain.calendar import TradingCalendar, day_of, to_ms
from quantgraph.domain.clock import Clock


@dataclass(frozen=True, slots=True)
class WallReading:
    """One reading: the epoch, the trading day, the instant in epoch ms."""

    epoch: str
    day: date
    ms: int


class WallClock:
    """Implements `domain.clock.DatedClock` over a real clock; nothing moves it.

    The trading day is the newest one that has begun, at midnight in Shanghai: on a Sunday it is
    Friday still. `epoch` is the name of the whole of its time.
    """

    def __init__(self, clock: Clock, calendar: TradingCalendar, epoch: str) -> None:
        """Read `clock`."""
        self._clock = clock
        self._calendar = calendar
        self._epoch = epoch
        self._day: tuple[date, date] | None = None

    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""
        return self._clock.now()

    def moment(self) -> WallReading:
        """Return one reading. Errors: CALENDAR_NOT_COVERED."""
        ms = to_ms(self._clock.now())
        return WallReading(self._epoch, self._trading_day(day_of(ms)), ms)

    def _trading_day(self, today: date) -> date:
        held = self._day
        if held is None or held[0] != today:
            calendar = self._calendar
            day = today if calendar.is_session(today) else calendar.previous_session(today)
            held = self._day = today, day
        return held[1]
