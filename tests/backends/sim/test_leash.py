"""A clock that is held back: it shows no later instant than the order books have reached."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.backends.sim.clock import Pace, SimClock
from quantgraph.domain.calendar import at

from .conftest import START, CountedIds, Hand, make_calendar

CALENDAR = make_calendar()
OPEN, TEN, NOON = at(START, time(9, 30)), at(START, time(10)), at(START, time(13))


def make(speed: float = 1.0) -> tuple[Hand, SimClock]:
    hand = Hand()
    return hand, SimClock(START, CALENDAR, Pace(speed, hand, CountedIds()))


def now(clock: SimClock) -> int:
    return clock.moment().ms


def test_it_runs_as_far_ahead_as_it_is_let_and_goes_on_where_it_wants_to_be() -> None:
    hand, clock = make()
    clock.lead(OPEN, 1_000)
    hand.seconds = 0.9
    assert (now(clock), clock.lagging) == (OPEN + 900, False)
    hand.seconds = 5
    assert (now(clock), clock.goal().ms, clock.lagging) == (OPEN + 1_000, OPEN + 5_000, True)
    clock.lead(OPEN + 5_000, 1_000)
    assert (now(clock), clock.lagging) == (OPEN + 5_000, False)


def test_what_is_due_is_not_shown_before_it_happened() -> None:
    hand, clock = make(1_000.0)
    clock.lead(OPEN, 0)
    hand.seconds = 1
    clock.trail(OPEN + 60_000)
    assert now(clock) == OPEN + 59_999
    clock.trail(OPEN + 30_000)  # never back
    assert now(clock) == OPEN + 59_999
    clock.trail(NOON)
    assert now(clock) == OPEN + 500_000  # as far as time is wanted, and no further


def test_a_clock_that_lagged_does_not_race_on_once_it_is_slowed_down() -> None:
    hand, clock = make(1_000.0)
    clock.lead(OPEN, 0)
    hand.seconds = 3_600
    clock.trail(OPEN + 60_000)
    assert clock.goal().ms <= OPEN + 500_000  # half a real second is made up for
    clock.set_speed(1.0)
    clock.free()
    assert now(clock) == OPEN + 59_999
    hand.seconds += 2
    assert now(clock) == OPEN + 61_999


def test_the_speed_that_it_really_has_is_measured_while_it_lags() -> None:
    hand, clock = make(1_000.0)
    assert clock.effective_speed == 1_000.0
    clock.lead(OPEN, 0)
    for second in range(1, 6):
        hand.seconds = second
        clock.trail(OPEN + 200_000 * second)
    assert clock.lagging
    assert clock.effective_speed == pytest.approx(200, abs=1)
    clock.pause()
    assert (clock.lagging, clock.effective_speed) == (False, 0.0)


@pytest.mark.parametrize("paused", [False, True])
def test_a_jump_is_under_way_until_the_books_have_come_there(paused: bool) -> None:
    hand, clock = make()
    clock.lead(OPEN, 1_000)
    if paused:
        clock.pause()
    clock.jump(TEN)
    assert (now(clock), clock.leaping, clock.lagging) == (OPEN, True, True)
    hand.seconds = 0.01
    clock.trail(OPEN + 600_000)
    assert (now(clock), clock.leaping) == (OPEN + 599_999, True)
    clock.lead(clock.goal().ms, 1_000)
    assert now(clock) == TEN  # and nothing on top of it: time stood while it went there
    assert not clock.leaping


def test_pausing_drops_what_is_left_of_a_jump() -> None:
    _, clock = make()
    clock.lead(OPEN, 1_000)
    clock.jump(TEN)
    clock.trail(OPEN + 600_000)
    clock.pause()
    clock.free()
    assert (now(clock), clock.leaping) == (OPEN + 599_999, False)


def test_another_speed_drops_nothing_of_a_jump() -> None:
    _, clock = make()
    clock.lead(OPEN, 1_000)
    clock.jump(TEN)
    clock.set_speed(5.0)
    clock.free()
    assert now(clock) == TEN


def test_who_waits_is_told_when_time_goes_on() -> None:
    hand, clock = make()
    told: list[int] = []
    clock.lead(OPEN, 1_000)
    clock.listen(lambda: told.append(now(clock)))
    hand.seconds = 0.5
    clock.lead(OPEN + 500, 1_000)  # it was not held: nobody waits in vain
    assert told == []
    hand.seconds = 9
    clock.lead(OPEN + 9_000, 1_000)
    assert told == [OPEN + 9_000]


ACTS = st.one_of(
    st.tuples(st.just("pass"), st.floats(0, 30)),
    st.tuples(st.sampled_from(["trail", "lead", "jump"]), st.floats(0, 20_000)),
    st.tuples(st.just("speed"), st.floats(0.1, 1_000)),
    st.tuples(st.sampled_from(["free", "pause", "resume"]), st.just(0.0)),
)


@given(acts=st.lists(ACTS, max_size=20))
def test_nothing_that_holds_or_lets_go_turns_time_back(acts: list[tuple[str, float]]) -> None:
    hand, clock = make()
    last = clock.elapsed()
    for name, value in acts:
        goal = now(clock) + int(value * 1_000)
        match name:
            case "pass":
                hand.seconds += value
            case "speed":
                clock.set_speed(value)
            case "trail":
                clock.trail(goal)
            case "lead":
                clock.lead(goal, 1_000)
            case _:
                getattr(clock, name)(*([goal] if name == "jump" else []))
        assert clock.elapsed() >= last
        assert clock.elapsed() <= max(last, clock._course.wanted(hand.seconds))
        last = clock.elapsed()


def test_a_leash_that_is_long_enough_is_not_let_out_for_every_order() -> None:
    hand, clock = make()
    clock.lead(OPEN, 1_020)
    hand.seconds = 0.008
    clock.lead(clock.goal().ms, 1_020)
    hand.seconds = 5
    assert now(clock) == OPEN + 1_020
    clock.lead(OPEN + 5_000, 1_020)
    hand.seconds = 5.02
    clock.lead(clock.goal().ms, 1_020)
    hand.seconds = 9
    assert now(clock) == OPEN + 6_040


def test_a_leash_is_let_out_after_a_small_jump() -> None:
    hand, clock = make()
    clock.lead(OPEN, 1_020)
    clock.jump(OPEN + 5)
    assert now(clock) == OPEN
    clock.lead(OPEN + 5, 1_020)
    assert now(clock) == OPEN + 5
    hand.seconds = 9
    assert now(clock) == OPEN + 1_025
