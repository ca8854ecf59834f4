"""Contract months: which are listed on a day, since when, and until when."""

from datetime import date, timedelta

import pytest

from quantgraph.backends.sim.expiries import Cycle, Month
from quantgraph.backends.sim.futures import FuturesDesk
from quantgraph.domain.calendar import TradingCalendar

from .conftest import make_calendar


@pytest.fixture
def cycle(calendar: TradingCalendar) -> Cycle:
    return Cycle(calendar, lambda month: month.weekday(3, 4))


def test_the_third_friday_and_the_session_after_it_when_closed(cycle: Cycle):
    assert cycle.last_day(Month(2023, 2)) == date(2023, 2, 17)
    closed = Cycle(make_calendar(), lambda month: date(month.year, month.month, 23))
    # the test's calendar is closed from 23 to 27 January 2023
    assert closed.last_day(Month(2023, 1)) == date(2023, 1, 30)


@pytest.mark.parametrize(
    ("day", "months"),
    [
        (date(2023, 2, 1), (2, 3, 6, 9)),
        (date(2023, 2, 17), (2, 3, 6, 9)),
        (date(2023, 2, 20), (3, 4, 6, 9)),
        (date(2023, 10, 24), (11, 12, 3, 6)),
        (date(2023, 12, 15), (12, 1, 3, 6)),
    ],
)
def test_this_month_the_next_and_two_ends_of_quarters(cycle: Cycle, day: date, months):
    assert tuple(each.month for each in cycle.months(day)) == months


def test_a_month_is_listed_from_its_first_day_to_its_last(cycle: Cycle, calendar: TradingCalendar):
    for number in range(30):
        month = Month(2021, 1).plus(number)
        first, last = cycle.list_day(month), cycle.last_day(month)
        assert first < last
        assert month in cycle.months(first)
        assert month in cycle.months(last)
        assert month not in cycle.months(calendar.previous_session(first))
        assert month not in cycle.months(last + timedelta(days=1))


def test_months_go_on_where_the_calendar_ends():
    cycle = Cycle(make_calendar(date(2024, 1, 10)), lambda month: month.weekday(3, 4))
    assert cycle.last_day(Month(2024, 3)) == date(2024, 3, 15)
    assert [each.month for each in cycle.months(date(2024, 1, 10))] == [1, 2, 3, 6]
    assert cycle.list_day(Month(2024, 6)) == date(2023, 10, 23)


def test_every_main_contract_is_listed_and_never_goes_back(calendar: TradingCalendar):
    desk = FuturesDesk(calendar)
    found = desk.main_contracts(date(2010, 1, 1), date(2024, 11, 29))
    assert found[0].date == date(2010, 4, 16)
    assert [each.date for each in found] == sorted({each.date for each in found})
    assert [each.symbol for each in found] == sorted(each.symbol for each in found)
    for each in found[::7]:
        for symbol in (each.symbol, each.second_symbol):
            listed = desk.find(symbol, each.date)
            assert listed is not None
            assert listed.list_date <= each.date < listed.delist_date
        # on its last day a contract is no longer the main one
        assert desk.find(each.symbol, each.date).delist_date > each.date + timedelta(days=1)


@pytest.mark.parametrize("symbol", ["IF2302.CFFEX", "IF2213.CFFEX", "IH2403.CFFEX", "IF9912.CFFEX"])
def test_what_is_not_listed_is_not_found(calendar: TradingCalendar, symbol: str):
    assert FuturesDesk(calendar).find(symbol, date(2023, 3, 1)) is None
