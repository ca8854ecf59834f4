from datetime import UTC, date, datetime, time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.backends.sim.clock import (
    SESSION_MS,
    Pace,
    SimClock,
    latest_start,
    session_instant,
    session_offset,
)
from quantgraph.domain.calendar import SHANGHAI, TradingCalendar, at, day_of
from quantgraph.domain.errors import Unsupported
from quantgraph.domain.instruments import Instrument, classify
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.sessions import Phase, phase_at
from quantgraph.domain.sources import Source

from .conftest import SESSION_S, START, CountedIds, Hand, make_calendar

CALENDAR = make_calendar()


def make_clock(start: date = START, speed: float = 1.0, last: date | None = None):
    hand = Hand()
    calendar = CALENDAR if last is None else make_calendar(last)
    return hand, SimClock(start, calendar, Pace(speed, hand, CountedIds()))


def shanghai(clock: SimClock) -> str:
    return clock.now().astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def test_time_begins_at_the_opening_of_the_start_day() -> None:
    _, clock = make_clock()
    assert clock.now() == datetime(2023, 2, 1, 1, 30, tzinfo=UTC)
    assert clock.moment().day == START


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (7_199.999, "2023-02-01 11:29:59.999"),
        (7_200, "2023-02-01 13:00:00.000"),
        (SESSION_S - 0.001, "2023-02-01 14:59:59.999"),
        (SESSION_S, "2023-02-02 09:30:00.000"),
        (2 * SESSION_S, "2023-02-03 09:30:00.000"),
        (3 * SESSION_S, "2023-02-06 09:30:00.000"),  # over a weekend
    ],
)
def test_the_clock_leaps_over_lunch_night_and_weekend(seconds: float, expected: str) -> None:
    hand, clock = make_clock()
    hand.seconds = seconds
    assert shanghai(clock) == expected


def test_the_clock_leaps_over_holidays() -> None:
    hand, clock = make_clock(date(2023, 1, 20))
    hand.seconds = SESSION_S
    assert shanghai(clock) == "2023-01-30 09:30:00.000"


def test_a_start_on_a_closed_day_moves_to_the_next_session() -> None:
    _, clock = make_clock(date(2023, 1, 21))
    assert clock.start == date(2023, 1, 30)


def test_speed_multiplies_trading_time() -> None:
    hand, clock = make_clock(speed=1000.0)
    hand.seconds = 7.2
    assert shanghai(clock) == "2023-02-01 13:00:00.000"


def test_a_new_epoch_begins_one_session_before_the_calendar_ends() -> None:
    hand, clock = make_clock(date(2024, 12, 27))  # a Friday; 30 and 31 December are sessions
    first = clock.moment()
    hand.seconds = 2 * SESSION_S - 0.001
    last = clock.moment()
    hand.seconds = 2 * SESSION_S
    again = clock.moment()
    assert (last.day, last.epoch) == (date(2024, 12, 30), first.epoch)
    assert (again.day, again.ms) == (first.day, first.ms)
    assert again.epoch != first.epoch
    assert clock.moment().epoch == again.epoch


@pytest.mark.parametrize("start", [date(2024, 12, 31), date(2025, 1, 1)])
def test_a_clock_without_a_covered_session_does_not_start(start: date) -> None:
    with pytest.raises(Unsupported) as caught:
        make_clock(start)
    assert caught.value.reason is Reason.CALENDAR_NOT_COVERED


def test_the_latest_start_leaves_one_whole_session() -> None:
    start = latest_start(CALENDAR)
    assert start == date(2024, 12, 30)
    assert make_clock(start)[1].moment().day == start


def test_a_calendar_of_one_day_starts_no_clock() -> None:
    day = date(2024, 12, 31)
    one = TradingCalendar(np.array([day], "datetime64[D]"), first=day, last=day, source="test")
    with pytest.raises(Unsupported) as caught:
        latest_start(one)
    assert caught.value.reason is Reason.CALENDAR_NOT_COVERED


@given(st.floats(0, 400 * SESSION_S), st.sampled_from([1.0, 7.5, 1000.0]))
def test_it_is_always_trading_time(seconds: float, speed: float) -> None:
    hand, clock = make_clock(speed=speed)
    hand.seconds = seconds / speed
    moment = clock.moment()
    market, kind, board = classify("600519.SH")
    share = Instrument(
        "600519.SH", None, market, kind, board, None, None, None, False, Source.SIMULATED
    )
    assert phase_at(moment.ms, share, CALENDAR) in (Phase.CONTINUOUS, Phase.CLOSE_AUCTION)
    assert day_of(moment.ms) == moment.day


@given(st.integers(0, SESSION_MS - 1))
def test_session_offsets_and_instants_are_inverse(offset: int) -> None:
    assert session_offset(session_instant(START, offset)) == offset


def test_offsets_stand_still_outside_the_session() -> None:
    clocks = (time(9, 0), time(11, 45), time(15, 30))
    assert [session_offset(at(START, clock)) for clock in clocks] == [0, 7_200_000, SESSION_MS]


@given(st.integers(0, 10**8), st.sampled_from([100, 1_000, 3_000, SESSION_MS]))
def test_waiting_ends_on_the_next_step(spent_ms: int, step: int) -> None:
    hand, clock = make_clock(speed=10.0)
    hand.seconds = spent_ms / 10_000
    before = clock.moment()
    wait = clock.wait(step)
    hand.seconds += wait + 1e-6
    after = clock.moment()
    assert 0 < wait <= step / 10_000
    assert after.session_ms % step <= 1  # the clock counts whole milliseconds
    assert (after.ms, after.epoch) != (before.ms, before.epoch)


def test_epochs_start_at_the_same_instant_every_time() -> None:
    hand, clock = make_clock(date(2024, 12, 30))
    hand.seconds = 5 * SESSION_S + 60
    assert clock.now() == datetime(2024, 12, 30, 1, 31, tzinfo=UTC)
