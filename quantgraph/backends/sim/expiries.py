"""Which contract months are listed: this one, the next, and two quarter's ends after it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from quantgraph.domain.calendar import TradingCalendar

_LISTED_BEFORE = 9  # months, at most, that a contract is listed ahead of its own
_WEEK = 7


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    def plus(self, count: int) -> "Month":
        """Return the month so many later."""
        whole = self.year * 12 + self.month - 1 + count
        return Month(whole // 12, whole % 12 + 1)

    def weekday(self, number: int, weekday: int) -> date:
        """Return the n-th Monday (0) to Sunday (6) of the month."""
        first = date(self.year, self.month, 1)
        return first + timedelta((weekday - first.weekday()) % _WEEK + _WEEK * (number - 1))


class Cycle:
    """The contract months of a product whose contracts end on a weekday like the third Friday."""

    def __init__(self, calendar: TradingCalendar, usual: Callable[[Month], date]) -> None:
        """Take the last day of a month's contract from `usual`; a closed day moves to the next."""
        self._calendar = calendar
        self._usual = usual

    def last_day(self, month: Month) -> date:
        """Return the last trading day; the usual one where the calendar does not reach."""
        usual = self._usual(month)
        if not self._calendar.first <= usual < self._calendar.last:
            return usual
        before = usual - timedelta(days=1)
        return self._calendar.next_session(max(before, self._calendar.first))

    def months(self, day: date) -> tuple[Month, ...]:
        """Return the listed months of a day, nearest first."""
        near = Month(day.year, day.month)
        if self.last_day(near) < day:
            near = near.plus(1)
        second = near.plus(1)
        quarters = [second.plus(n) for n in range(1, 7) if second.plus(n).month % 3 == 0]
        return near, second, *quarters[:2]

    def list_day(self, month: Month) -> date:
        """Return the first day of a month's contract: the session after another one's last."""
        for earlier in range(_LISTED_BEFORE, 0, -1):
            ended = self.last_day(month.plus(-earlier))
            first = ended + timedelta(days=1)
            if self._calendar.first <= ended < self._calendar.last:
                first = self._calendar.next_session(ended)
            if month in self.months(first):
                return first
        raise ValueError(f"{month} is listed by no month before it")
