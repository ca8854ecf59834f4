from datetime import date, time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.calendar import (
    SHANGHAI,
    TradingCalendar,
    at,
    dates_of,
    day_of,
    day_start,
    from_ms,
    starts_of,
)
from quantgraph.domain.errors import Unsupported
from quantgraph.domain.reasons import Reason

# The first week of February 2023, and the Monday after.
SESSIONS = np.array(["2023-02-01", "2023-02-02", "2023-02-03", "2023-02-06"], "datetime64[D]")
CALENDAR = TradingCalendar(
    SESSIONS, first=date(2023, 1, 30), last=date(2023, 2, 7), source="a test"
)


def test_it_knows_sessions_from_other_days():
    assert CALENDAR.is_session(date(2023, 2, 1))
    assert not CALENDAR.is_session(date(2023, 2, 4))
    assert not CALENDAR.is_session(date(2023, 2, 7))


def test_it_steps_over_weekends():
    assert CALENDAR.next_session(date(2023, 2, 3)) == date(2023, 2, 6)
    assert CALENDAR.previous_session(date(2023, 2, 6)) == date(2023, 2, 3)
    assert CALENDAR.offset(date(2023, 2, 1), 3) == date(2023, 2, 6)
    assert len(CALENDAR.between(date(2023, 2, 2), date(2023, 2, 5))) == 2


def test_closures_are_weekdays_without_a_session():
    closed = CALENDAR.closures(date(2023, 1, 30), date(2023, 2, 7))
    assert closed.tolist() == [date(2023, 1, 30), date(2023, 1, 31), date(2023, 2, 7)]
    assert len(CALENDAR.closures(date(2023, 2, 4), date(2023, 2, 5))) == 0


@pytest.mark.parametrize(
    "ask",
    [
        lambda: CALENDAR.is_session(date(2023, 2, 8)),
        lambda: CALENDAR.between(date(2023, 1, 29), date(2023, 2, 1)),
        lambda: CALENDAR.next_session(date(2023, 2, 6)),
        lambda: CALENDAR.previous_session(date(2023, 2, 1)),
        lambda: CALENDAR.offset(date(2023, 2, 6), 1),
        lambda: CALENDAR.offset(date(2023, 2, 1), -1),
    ],
)
def test_beyond_its_range_it_never_guesses(ask):
    with pytest.raises(Unsupported) as caught:
        ask()
    assert caught.value.reason is Reason.CALENDAR_NOT_COVERED


@given(st.dates(date(1992, 1, 1), date(2100, 1, 1)), st.times())
def test_an_instant_lies_on_its_own_day(day, clock):
    assert day_of(at(day, clock)) == day
    assert day_start(day) == at(day, time(0))
    assert dates_of(np.array([at(day, clock)]))[0] == np.datetime64(day)
    assert starts_of([day])[0] == day_start(day)


@pytest.mark.parametrize("day", [date(1991, 7, 1), date(1988, 6, 1), date(2023, 2, 1)])
def test_a_trading_day_begins_at_midnight_plus_08_even_where_clocks_stood_an_hour_ahead(day):
    begin = from_ms(day_start(day)).astimezone(SHANGHAI)
    assert begin.isoformat() == f"{day}T00:00:00+08:00"
