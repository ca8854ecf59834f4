"""Tells and turns the simulated clock: what it shows, and where a jump goes."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Protocol

from quantgraph.domain.calendar import TradingCalendar, at, day_of, day_start, from_ms
from quantgraph.domain.clock import Reading
from quantgraph.domain.errors import ChangeRefused, bad_request
from quantgraph.domain.instruments import Board, InstrumentKind, Market, Segment
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.sessions import PHASES, Phase, list_phases
from quantgraph.domain.simulation import ClockChange, Jump
from quantgraph.domain.system import ClockInfo

# What `phase` of a clock is told of.
_MAIN = Segment(Market.SH, InstrumentKind.STOCK, Board.MAIN)
# Time leaps over these: there is nothing to jump to.
_LEAPT = frozenset({Phase.CLOSED, Phase.LUNCH})
# Days to look for a phase or a time in: the next day has it if any day of those rules does.
_LOOKED = 3


class TurnableClock(Protocol):
    """A virtual clock."""

    @property
    def speed(self) -> float:
        """Simulated seconds per real second that are wanted while it runs."""
        ...

    @property
    def lagging(self) -> bool:
        """Whether order books cannot follow, or not yet after a jump: it is held back."""
        ...

    @property
    def effective_speed(self) -> float:
        """Simulated seconds per real second, as they are shown."""
        ...

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        ...

    def now(self) -> datetime:
        """Return the virtual instant, aware, UTC."""
        ...

    def moment(self) -> Reading:
        """Return one consistent reading."""
        ...

    def set_speed(self, speed: float) -> None:
        """Go on at another speed. Errors: BAD_REQUEST."""
        ...

    def pause(self) -> None:
        """Stand still."""
        ...

    def resume(self) -> None:
        """Go on."""
        ...

    def jump(self, instant_ms: int) -> None:
        """Go forward to an instant. Errors: CLOCK_BACKWARD, CALENDAR_NOT_COVERED."""
        ...


class Timekeeper:
    """Reads and turns one clock."""

    def __init__(self, clock: TurnableClock, calendar: TradingCalendar) -> None:
        """Turn `clock`, whose days are the calendar's."""
        self._clock = clock
        self._calendar = calendar

    def info(self) -> ClockInfo:
        """Return what the clock shows."""
        now, clock = self._clock.moment(), self._clock
        phase = phase_of(now.ms, now.day)
        return ClockInfo(
            now=from_ms(now.ms),
            simulated=True,
            speed=clock.speed,
            paused=clock.paused,
            phase=phase,
            trading_day=now.day,
            epoch=now.epoch,
            lagging=clock.lagging,
            effective_speed=clock.effective_speed,
        )

    def change(self, change: ClockChange) -> None:
        """Change speed or pause. Errors: BAD_REQUEST."""
        if change.speed is None and change.paused is None:
            raise bad_request("Give speed, paused or both.", field="speed")
        if change.speed is not None:
            self._clock.set_speed(change.speed)
        if change.paused is not None:
            (self._clock.pause if change.paused else self._clock.resume)()

    def jump(self, jump: Jump) -> None:
        """Go forward. Errors: BAD_REQUEST, CLOCK_BACKWARD, CALENDAR_NOT_COVERED."""
        _check(jump)
        self._clock.jump(self.goal(jump))

    def goal(self, jump: Jump) -> int:
        """Return the instant that a jump goes to, epoch ms."""
        now = self._clock.moment()
        day = self._calendar.next_session(now.day) if jump.next_day else jump.day
        if day is not None:
            self._check_day(day)
            return self._on(day, jump, now.ms)
        for each in self._days(now.day):
            found = _instant(each, jump, now.ms)
            if found is not None:
                return found
        raise _never(jump, now.day)

    def _on(self, day: date, jump: Jump, now: int) -> int:
        if jump.phase is None and jump.time is None:
            # Where time runs first on that day; of today: no further.
            return now if day == day_of(now) else day_start(day)
        found = _instant(day, jump, now)
        if found is None:
            raise _never(jump, day)
        return found

    def _days(self, first: date) -> Iterator[date]:
        """Yield a few trading days from one on, as far as the calendar goes."""
        later = self._calendar.between(first, self._calendar.last)[:_LOOKED]
        yield from later.tolist()

    def _check_day(self, day: date) -> None:
        if not self._calendar.is_session(day):
            text = f"{day} is no trading day; `tradingCalendar` lists them."
            raise bad_request(text, field="day", day=day.isoformat())


def phase_of(instant_ms: int, day: date) -> Phase:
    """Return what Shanghai's main-board stocks do at an instant of a trading day."""
    spans = list_phases(_MAIN, day)
    return next((s.phase for s in spans if s.start <= instant_ms < s.end), Phase.CLOSED)


def _instant(day: date, jump: Jump, now: int) -> int | None:
    """Return the next instant of a day after now that a phase begins at, or that has the time."""
    if jump.time is not None:
        found = [at(day, jump.time)]
    else:
        starts = {row.start for row in PHASES if row.phase is jump.phase and row.holds(day)}
        found = sorted(at(day, each) for each in starts)
    return next((each for each in found if each > now), None)


def _check(jump: Jump) -> None:
    if jump == Jump():
        raise bad_request("Give a phase, a time, a day or nextDay.", field="phase")
    if jump.phase is not None and jump.time is not None:
        raise bad_request("Give a phase or a time, not both.", field="time")
    if jump.day is not None and jump.next_day:
        raise bad_request("Give a day or nextDay, not both.", field="day")
    if jump.phase in _LEAPT:
        text = f"The clock leaps over {jump.phase}; name another phase, or a time."
        raise bad_request(text, field="phase")


def _never(jump: Jump, day: date) -> ChangeRefused:
    sought = jump.phase.value if jump.phase is not None else f"{jump.time}"
    text = f"There is no {sought} on {day} after the clock's time; it only jumps forward."
    return ChangeRefused(Reason.CLOCK_BACKWARD, text, day=day.isoformat())
