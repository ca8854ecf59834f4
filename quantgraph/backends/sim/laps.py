"""The trading days that a clock runs through, end to end: one lap of them is one epoch."""

from bisect import bisect_right
from datetime import date
from itertools import accumulate

from quantgraph.backends.sim.hours import AUCTION_MS, day_length, day_offset
from quantgraph.domain.calendar import TradingCalendar, day_of, shown_instant
from quantgraph.domain.errors import Unsupported
from quantgraph.domain.reasons import Reason


class Laps:
    """Places in a lap, in running ms since 09:30 of its first day.

    The last day of the calendar is left out: what runs on it needs a day after.
    """

    def __init__(self, start: date, calendar: TradingCalendar) -> None:
        """Begin on `start`, or the next trading day. Raises CALENDAR_NOT_COVERED."""
        self.start = start if calendar.is_session(start) else calendar.next_session(start)
        self.days: list[date] = calendar.between(self.start, calendar.last)[:-1].tolist()
        if not self.days:
            raise _no_session(start, calendar)
        lengths = [day_length(day) for day in self.days]
        # Where each day's 09:15 lies in a lap; the first day's lies before the lap begins.
        self._begins = list(accumulate(lengths, initial=-AUCTION_MS))

    @property
    def length(self) -> int:
        """The running ms of a lap."""
        return self._begins[-1]

    def place(self, inside: int) -> tuple[date, int]:
        """Return the day, and its running ms, after so much of a lap."""
        index = self._index(inside)
        return self.days[index], inside - self._begins[index]

    def left(self, inside: int) -> int:
        """Return the running ms until the day ends."""
        return self._begins[self._index(inside) + 1] - inside

    def find(self, instant_ms: int) -> int:
        """Return the running ms before an instant; of the next day's where none runs."""
        day = day_of(instant_ms)
        index = bisect_right(self.days, day) - 1
        if index < 0:
            return self._begins[0]
        held = self.days[index] == day
        return self._begins[index] + day_offset(instant_ms) if held else self._begins[index + 1]

    def within(self, instant_ms: int) -> int:
        """Return the same. Raises CALENDAR_NOT_COVERED where the lap is over by then."""
        found = self.find(instant_ms)
        if found >= self.length:
            raise _past_the_end(instant_ms, self.days[-1])
        return found

    def _index(self, inside: int) -> int:
        return bisect_right(self._begins, inside) - 1


def latest_start(calendar: TradingCalendar) -> date:
    """Return the last trading day at which a clock can start: another one follows it.

    Raises CALENDAR_NOT_COVERED where the calendar has no two trading days.
    """
    if len(calendar.sessions) < 2:
        raise _no_session(calendar.last, calendar)
    found: date = calendar.sessions[-2].astype(object)
    return found


def _no_session(start: date, calendar: TradingCalendar) -> Unsupported:
    text = (
        f"The simulated clock cannot start on {start}: the trading calendar ends on "
        f"{calendar.last}. Set calendar.covered_until and calendar.closures in config.toml."
    )
    return Unsupported(Reason.CALENDAR_NOT_COVERED, text, date=start.isoformat())


def _past_the_end(instant_ms: int, last: date) -> Unsupported:
    shown = shown_instant(instant_ms).isoformat()
    text = f"{shown} is after {last}, the last trading day of this simulated world."
    return Unsupported(Reason.CALENDAR_NOT_COVERED, text, instant=shown)
