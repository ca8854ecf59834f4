import math
import threading
from datetime import UTC, date, datetime, time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.backends.sim.clock import FASTEST, Pace, SimClock
from quantgraph.backends.sim.hours import (
    AUCTION_MS,
    SESSION_MS,
    day_instant,
    day_length,
    day_offset,
    session_instant,
    session_offset,
)
from quantgraph.backends.sim.laps import latest_start
from quantgraph.backends.sim.moments import Moment
from quantgraph.domain.calendar import SHANGHAI, TradingCalendar, at, day_of
from quantgraph.domain.errors import ChangeRefused, InvalidRequest, Unsupported
from quantgraph.domain.instruments import Instrument, classify
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.admission import phase_at
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.sources import Source

from .conftest import DAY_S, SESSION_S, START, CountedIds, Hand, make_calendar

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
        (SESSION_S, "2023-02-01 15:00:00.000"),
        (SESSION_S + 1_799.999, "2023-02-01 15:29:59.999"),
        (DAY_S - 900, "2023-02-02 09:15:00.000"),
        (DAY_S, "2023-02-02 09:30:00.000"),
        (2 * DAY_S, "2023-02-03 09:30:00.000"),
        (3 * DAY_S, "2023-02-06 09:30:00.000"),  # over a weekend
    ],
)
def test_the_clock_leaps_over_lunch_night_and_weekend(seconds: float, expected: str) -> None:
    hand, clock = make_clock()
    hand.seconds = seconds
    assert shanghai(clock) == expected


def test_the_clock_leaps_over_holidays() -> None:
    hand, clock = make_clock(date(2023, 1, 20))
    hand.seconds = DAY_S
    assert shanghai(clock) == "2023-01-30 09:30:00.000"


def test_a_day_without_after_hours_trading_ends_at_the_close() -> None:
    hand, clock = make_clock(date(2019, 7, 19))  # the last day before STAR, a Friday
    hand.seconds = SESSION_S - 0.001
    assert shanghai(clock) == "2019-07-19 14:59:59.999"
    hand.seconds = SESSION_S
    assert shanghai(clock) == "2019-07-22 09:15:00.000"
    hand.seconds += DAY_S - 0.001
    assert shanghai(clock) == "2019-07-22 15:29:59.999"


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
    hand.seconds = 2 * DAY_S - 900.001
    last = clock.moment()
    hand.seconds = 2 * DAY_S - 900
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


@given(st.floats(0, 400 * DAY_S), st.sampled_from([1.0, 7.5, 1000.0]))
def test_it_runs_through_trading_hours_alone(seconds: float, speed: float) -> None:
    hand, clock = make_clock(speed=speed)
    hand.seconds = seconds / speed
    moment = clock.moment()
    market, kind, board = classify("600519.SH")
    share = Instrument(
        "600519.SH", None, market, kind, board, None, None, None, False, Source.SIMULATED
    )
    phase = phase_at(moment.ms, share, CALENDAR)
    assert phase is not Phase.LUNCH
    # between the close and after hours, and what is for other segments alone
    assert phase is not Phase.CLOSED or time(15) <= clock.now().astimezone(SHANGHAI).time()
    assert day_of(moment.ms) == moment.day


@given(st.integers(0, SESSION_MS - 1))
def test_session_offsets_and_instants_are_inverse(offset: int) -> None:
    assert session_offset(session_instant(START, offset)) == offset


@given(st.sampled_from([START, date(2019, 7, 19)]), st.integers(0, 17_100_000 - 1))
def test_running_offsets_and_instants_are_inverse(day: date, offset: int) -> None:
    offset %= day_length(day)
    assert day_offset(day_instant(day, offset)) == offset


def test_running_time_stands_still_when_nothing_runs() -> None:
    clocks = (time(9, 0), time(9, 15), time(11, 30), time(12, 0), time(13, 0), time(20, 0))
    found = [day_offset(at(START, clock)) for clock in clocks]
    assert found == [0, 0, 8_100_000, 8_100_000, 8_100_000, 17_100_000]
    assert day_offset(at(START, time(9, 30))) == AUCTION_MS


def test_offsets_stand_still_outside_the_session() -> None:
    clocks = (time(9, 0), time(11, 45), time(15, 30))
    assert [session_offset(at(START, clock)) for clock in clocks] == [0, 7_200_000, SESSION_MS]


@given(st.integers(0, 10**8), st.sampled_from([100, 1_000, 3_000, 10**8]))
def test_waiting_ends_on_the_next_step(spent_ms: int, step: int) -> None:
    hand, clock = make_clock(speed=10.0)
    hand.seconds = spent_ms / 10_000
    before = clock.moment()
    wait = clock.wait(step)
    hand.seconds += wait + 1e-6
    after = clock.moment()
    assert 0 < wait <= min(step, 17_100_000) / 10_000
    assert after.running_ms % step <= 1  # the clock counts whole milliseconds
    assert (after.ms, after.epoch) != (before.ms, before.epoch)


def test_epochs_start_at_the_same_instant_every_time() -> None:
    hand, clock = make_clock(date(2024, 12, 30))
    hand.seconds = 5 * (DAY_S - 900) + 60
    assert clock.now() == datetime(2024, 12, 30, 1, 31, tzinfo=UTC)


def test_a_new_speed_counts_from_now_on() -> None:
    hand, clock = make_clock()
    hand.seconds = 60
    clock.set_speed(600.0)
    assert shanghai(clock) == "2023-02-01 09:31:00.000"
    hand.seconds = 61
    assert shanghai(clock) == "2023-02-01 09:41:00.000"
    assert clock.wait(60_000) == pytest.approx(0.1)


@pytest.mark.parametrize("speed", [0.0, -1.0, FASTEST + 1, math.nan, math.inf])
def test_an_impossible_speed_changes_nothing(speed: float) -> None:
    hand, clock = make_clock()
    with pytest.raises(InvalidRequest) as caught:
        clock.set_speed(speed)
    assert caught.value.details == {"field": "speed"}
    hand.seconds = 1
    assert (clock.speed, shanghai(clock)) == (1.0, "2023-02-01 09:30:01.000")


def test_a_paused_clock_stands_still_and_goes_on_where_it_stood() -> None:
    hand, clock = make_clock()
    hand.seconds = 5
    clock.pause()
    hand.seconds = 500
    assert (clock.paused, shanghai(clock)) == (True, "2023-02-01 09:30:05.000")
    assert clock.wait(1_000) == clock.takes(1) == math.inf
    clock.set_speed(2.0)
    assert shanghai(clock) == "2023-02-01 09:30:05.000"
    clock.resume()
    hand.seconds = 501
    assert (clock.paused, shanghai(clock)) == (False, "2023-02-01 09:30:07.000")


@pytest.mark.parametrize(
    ("day", "clock_time", "expected"),
    [
        (START, time(14, 57), "2023-02-01 14:57:00.000"),
        (START, time(12, 0), "2023-02-01 13:00:00.000"),  # time does not run at lunch
        (START, time(23, 0), "2023-02-02 09:15:00.000"),
        (date(2023, 2, 4), time(10, 0), "2023-02-06 09:15:00.000"),  # a Saturday
        (date(2023, 4, 3), time(9, 20), "2023-04-03 09:20:00.000"),
    ],
)
def test_a_jump_goes_to_when_time_runs_next(day: date, clock_time: time, expected: str) -> None:
    hand, clock = make_clock()
    hand.seconds = 1.0005
    epoch = clock.moment().epoch
    clock.jump(at(day, clock_time))
    assert (shanghai(clock), clock.moment().epoch) == (expected, epoch)
    hand.seconds += 1
    assert clock.moment().running_ms % 1_000 <= 1


def test_a_jump_to_this_millisecond_moves_nothing() -> None:
    hand, clock = make_clock()
    hand.seconds = 1.0005
    clock.jump(clock.moment().ms)
    assert shanghai(clock) == "2023-02-01 09:30:01.000"


def test_the_clock_never_jumps_back() -> None:
    hand, clock = make_clock()
    hand.seconds = 1
    with pytest.raises(ChangeRefused) as caught:
        clock.jump(at(START, time(9, 30)))
    assert caught.value.reason is Reason.CLOCK_BACKWARD
    assert shanghai(clock) == "2023-02-01 09:30:01.000"


@pytest.mark.parametrize(
    ("day", "clock_time"), [(date(2024, 12, 31), time(9, 30)), (date(2024, 12, 30), time(16, 0))]
)
def test_no_jump_leaves_the_epoch(day: date, clock_time: time) -> None:
    _, clock = make_clock(date(2024, 12, 27))
    with pytest.raises(Unsupported) as caught:
        clock.jump(at(day, clock_time))
    assert caught.value.reason is Reason.CALENDAR_NOT_COVERED


def test_a_jump_within_a_later_epoch_stays_in_it() -> None:
    hand, clock = make_clock(date(2024, 12, 30))
    hand.seconds = 5 * (DAY_S - 900) + 60
    epoch = clock.moment().epoch
    clock.jump(at(date(2024, 12, 30), time(15, 5)))
    assert (shanghai(clock), clock.moment().epoch) == ("2024-12-30 15:05:00.000", epoch)


def test_a_restart_is_a_new_epoch_at_an_instant_that_may_be_past() -> None:
    hand, clock = make_clock()
    hand.seconds = 3 * DAY_S + 0.0007
    before, elapsed = clock.moment(), clock.elapsed()
    epoch, begin = clock.restart(at(START, time(10, 0)))
    assert clock.moment() == before
    begin()
    again = clock.moment()
    assert (again.day, again.ms) == (START, at(START, time(10, 0)))
    assert again.epoch == epoch != before.epoch
    assert clock.elapsed() >= elapsed
    hand.seconds += 1
    assert shanghai(clock) == "2023-02-01 10:00:01.000"


def test_every_change_is_told_until_nobody_listens() -> None:
    _, clock = make_clock()
    told: list[str] = []
    stop = clock.listen(lambda: told.append(shanghai(clock)))
    clock.pause()
    clock.jump(at(START, time(10, 0)))
    stop()
    clock.resume()
    assert told == ["2023-02-01 09:30:00.000", "2023-02-01 10:00:00.000"]


_CONTROLS = st.one_of(
    st.tuples(st.just("speed"), st.sampled_from([0.5, 1.0, 7.5, 1000.0])),
    st.tuples(st.just("pause"), st.just(0.0)),
    st.tuples(st.just("resume"), st.just(0.0)),
    st.tuples(st.just("jump"), st.floats(0, 10_000_000)),
    st.tuples(st.just("wait"), st.floats(0, 100)),
)


def control(clock: SimClock, hand: Hand, name: str, value: float) -> None:
    acts = {
        "speed": lambda: clock.set_speed(value),
        "pause": clock.pause,
        "resume": clock.resume,
        "jump": lambda: clock.jump(clock.moment().ms + int(value)),
    }
    if name == "wait":
        hand.seconds += value
    else:
        acts[name]()


@given(st.lists(_CONTROLS, max_size=30))
def test_no_control_turns_time_back(controls: list[tuple[str, float]]) -> None:
    hand, clock = make_clock()
    last, spent = clock.moment(), clock.elapsed()
    for name, value in controls:
        control(clock, hand, name, value)
        now, passed = clock.moment(), clock.elapsed()
        assert (now.ms, passed) >= (last.ms, spent)
        assert passed >= spent
        last, spent = now, passed


def test_readings_of_many_threads_never_go_back() -> None:
    clock = SimClock(START, CALENDAR, Pace(1000.0))
    done = threading.Event()
    faults: list[tuple[Moment, Moment]] = []

    def read() -> None:
        last = clock.moment()
        while not done.is_set():
            now = clock.moment()
            if now.ms < last.ms:
                faults.append((last, now))
            last = now

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(2_000):
        clock.set_speed(1000.0 if turn % 2 else 0.001)
        if turn % 7 == 0:
            clock.pause()
            clock.resume()
    done.set()
    for thread in threads:
        thread.join()
    assert not faults
