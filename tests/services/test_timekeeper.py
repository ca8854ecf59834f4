"""Where a jump goes, and what the clock shows: on the simulated clock, moved by hand."""

from datetime import date, time

import pytest

from quantgraph.backends.sim.clock import SimClock
from quantgraph.domain.calendar import SHANGHAI, at
from quantgraph.domain.errors import ChangeRefused, GatewayError, InvalidRequest
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.simulation import ClockChange, Jump
from quantgraph.services.timekeeper import Timekeeper, phase_of
from tests.backends.sim.conftest import START, CountedIds, Hand, make_calendar

CALENDAR = make_calendar()


def keeper(start: date = START) -> tuple[SimClock, Timekeeper]:
    from quantgraph.backends.sim.clock import Pace

    clock = SimClock(start, CALENDAR, Pace(1.0, Hand(), CountedIds()))
    return clock, Timekeeper(clock, CALENDAR)


def shown(clock: SimClock) -> str:
    return clock.now().astimezone(SHANGHAI).strftime("%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("jump", "expected"),
    [
        (Jump(phase=Phase.CLOSE_AUCTION), "02-01 14:57:00"),
        (Jump(phase=Phase.CONTINUOUS), "02-01 13:00:00"),  # the next one begins after lunch
        (Jump(phase=Phase.AFTER_HOURS), "02-01 15:05:00"),  # STAR and ChiNext have it
        (Jump(phase=Phase.OPEN_AUCTION), "02-02 09:15:00"),
        (Jump(phase=Phase.OPEN_AUCTION, next_day=True), "02-02 09:15:00"),
        (Jump(phase=Phase.CLOSE_AUCTION, next_day=True), "02-02 14:57:00"),
        (Jump(time=time(14, 30)), "02-01 14:30:00"),
        (Jump(time=time(9, 20)), "02-02 09:20:00"),
        (Jump(time=time(12, 0)), "02-01 13:00:00"),
        (Jump(next_day=True), "02-02 09:15:00"),
        (Jump(day=date(2023, 2, 6)), "02-06 09:15:00"),
        (Jump(day=date(2023, 2, 6), time=time(10, 0)), "02-06 10:00:00"),
        (Jump(day=START), "02-01 09:30:00"),
    ],
)
def test_a_jump_goes_to_the_next_moment_that_fits(jump: Jump, expected: str) -> None:
    clock, timekeeper = keeper()
    timekeeper.jump(jump)
    assert shown(clock) == expected


@pytest.mark.parametrize(
    ("jump", "field"),
    [
        (Jump(), "phase"),
        (Jump(phase=Phase.CONTINUOUS, time=time(10)), "time"),
        (Jump(day=START, next_day=True), "day"),
        (Jump(phase=Phase.LUNCH), "phase"),
        (Jump(phase=Phase.CLOSED), "phase"),
        (Jump(day=date(2023, 2, 4)), "day"),
    ],
)
def test_a_jump_that_means_nothing_is_refused_by_its_field(jump: Jump, field: str) -> None:
    clock, timekeeper = keeper()
    with pytest.raises(InvalidRequest) as caught:
        timekeeper.jump(jump)
    assert caught.value.details["field"] == field
    assert shown(clock) == "02-01 09:30:00"


@pytest.mark.parametrize(
    "jump",
    [
        Jump(day=date(2023, 1, 31)),
        Jump(day=START, time=time(9, 30)),
        Jump(day=START, phase=Phase.OPEN_AUCTION),
    ],
)
def test_no_jump_goes_back(jump: Jump) -> None:
    clock, timekeeper = keeper()
    with pytest.raises(ChangeRefused) as caught:
        timekeeper.jump(jump)
    assert caught.value.reason is Reason.CLOCK_BACKWARD
    assert shown(clock) == "02-01 09:30:00"


def test_a_day_beyond_the_calendar_is_not_covered() -> None:
    _, timekeeper = keeper()
    with pytest.raises(GatewayError) as caught:
        timekeeper.jump(Jump(day=date(2031, 1, 2)))
    assert caught.value.reason is Reason.CALENDAR_NOT_COVERED


def test_nothing_was_traded_after_hours_before_2019() -> None:
    _, timekeeper = keeper(date(2018, 3, 1))
    with pytest.raises(ChangeRefused):
        timekeeper.jump(Jump(phase=Phase.AFTER_HOURS))


def test_the_clock_shows_the_main_boards_phase_and_how_it_runs() -> None:
    _, timekeeper = keeper()
    timekeeper.change(ClockChange(speed=20.0, paused=True))
    info = timekeeper.info()
    assert (info.simulated, info.speed, info.paused) == (True, 20.0, True)
    assert (info.phase, info.trading_day) == (Phase.CONTINUOUS, START)
    timekeeper.change(ClockChange(paused=False))
    assert (timekeeper.info().speed, timekeeper.info().paused) == (20.0, False)


def test_a_change_changes_something() -> None:
    _, timekeeper = keeper()
    with pytest.raises(InvalidRequest):
        timekeeper.change(ClockChange())


@pytest.mark.parametrize(
    ("clock", "phase"),
    [
        (time(9, 15), Phase.OPEN_AUCTION),
        (time(9, 20), Phase.OPEN_AUCTION_FIXED),
        (time(9, 25), Phase.PRE_OPEN),
        (time(14, 57), Phase.CLOSE_AUCTION),
        (time(15, 10), Phase.CLOSED),  # the main board has no after hours before 2026-07-06
    ],
)
def test_the_phase_is_that_of_shanghais_main_board(clock: time, phase: Phase) -> None:
    assert phase_of(at(START, clock), START) is phase
