from datetime import date, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.aggregation import (
    aggregate_bars,
    bucket_end,
    bucket_start,
    day_bars,
    exact_sums,
    minute_bars,
    most_bars,
    needed_fields,
)
from quantgraph.domain.bars import BarColumns, Period
from quantgraph.domain.calendar import SHANGHAI, at, day_of, day_start, starts_of

LONG = [Period.WEEK_1, Period.MONTH_1, Period.QUARTER_1, Period.HALF_YEAR_1, Period.YEAR_1]
SHORT = [Period.MIN_5, Period.MIN_15, Period.MIN_30, Period.HOUR_1]
MINUTES = [*range(570, 690), *range(780, 900)]
CENTS = st.integers(1, 10_000).map(lambda cents: cents / 100)


def wall(stamp):
    return datetime.fromtimestamp(stamp / 1000, SHANGHAI)


def period_of_day(day, period):
    """The same rule, written the slow way."""
    if period is Period.WEEK_1:
        return day.isocalendar()[:2]
    months = {Period.MONTH_1: 1, Period.QUARTER_1: 3, Period.HALF_YEAR_1: 6, Period.YEAR_1: 12}
    return day.year, (day.month - 1) // months[period]


def stretch_of(stamp, minutes):
    """The start of the session stretch that a minute belongs to, the slow way."""
    moment = wall(stamp)
    for opening, closing in (((9, 30), (11, 30)), ((13, 0), (15, 0))):
        start = moment.replace(hour=opening[0], minute=opening[1], second=0, microsecond=0)
        end = moment.replace(hour=closing[0], minute=closing[1], second=0, microsecond=0)
        while start < end:
            if start <= moment < start + timedelta(minutes=minutes):
                return int(start.timestamp() * 1000)
            start += timedelta(minutes=minutes)
    raise AssertionError(moment)


@st.composite
def some_bars(draw, stamps):
    count = len(stamps)
    numbers = st.lists(CENTS, min_size=count, max_size=count)
    low, open_, close = (np.array(draw(numbers)) for _ in range(3))
    bottom = np.minimum(np.minimum(low, open_), close)
    values = {
        "time": np.array(stamps, np.int64),
        "open": open_,
        "high": np.maximum(open_, close) + 0.5,
        "low": bottom,
        "close": close,
        "volume": np.array(draw(st.lists(st.integers(0, 10**9), min_size=count, max_size=count))),
        "amount": np.array(draw(numbers)) * 100,
        "previous_close": np.array(draw(numbers)),
        "suspended": np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count))),
    }
    masks = st.lists(st.booleans(), min_size=count, max_size=count)
    return BarColumns(count, values, {"amount": np.array(draw(masks))})


@st.composite
def daily_bars(draw):
    days = draw(st.sets(st.integers(0, 800), min_size=1, max_size=60))
    first = date(2018, 11, 5)
    return draw(some_bars([day_start(first + timedelta(days=offset)) for offset in sorted(days)]))


@st.composite
def minute_base(draw):
    places = draw(st.sets(st.integers(0, 3 * 240 - 1), min_size=1, max_size=80))
    first = day_start(date(2023, 1, 31))
    stamps = [
        first + place // 240 * 86_400_000 + MINUTES[place % 240] * 60_000
        for place in sorted(places)
    ]
    return draw(some_bars(stamps)).pick(
        ("time", "open", "high", "low", "close", "volume", "amount")
    )


def by_hand(rows, key):
    """Aggregate row by row."""
    groups = {}
    for place in range(rows.length):
        groups.setdefault(key(int(rows.values["time"][place])), []).append(place)
    stopped = rows.values.get("suspended", np.zeros(rows.length, bool))
    known = rows.valid.get("amount", np.ones(rows.length, bool))
    for name, places in groups.items():
        traded = [place for place in places if not stopped[place]] or places
        value = lambda field: [float(rows.values[field][place]) for place in traded]  # noqa: E731, B023 used at once
        yield (
            name,
            {
                "first": int(rows.values["time"][places[0]]),
                "open": value("open")[0],
                "high": max(value("high")),
                "low": min(value("low")),
                "close": value("close")[-1],
                "volume": sum(int(rows.values["volume"][place]) for place in places),
                "amount": sum(float(rows.values["amount"][place]) for place in places)
                if all(known[place] for place in places)
                else None,
                "suspended": all(bool(stopped[place]) for place in places),
            },
        )


def check(found, expected):
    assert found.length == len(expected)
    for place, (_, bar) in enumerate(expected):
        for name in ("open", "high", "low", "close", "volume"):
            assert found.values[name][place] == bar[name]
        missing = found.missing("amount")
        if bar["amount"] is None:
            assert missing[place]
        else:
            assert missing is None or not missing[place]
            assert found.values["amount"][place] == pytest.approx(bar["amount"], abs=1e-6)


@given(daily_bars(), st.sampled_from(LONG))
def test_long_bars_are_what_adding_up_by_hand_gives(base, period):
    expected = list(by_hand(base, lambda stamp: period_of_day(day_of(stamp), period)))
    found = aggregate_bars(base, period)
    check(found, expected)
    assert found.values["time"].tolist() == [bar["first"] for _, bar in expected]
    assert found.values["suspended"].tolist() == [bar["suspended"] for _, bar in expected]
    firsts = [base.values["time"].tolist().index(bar["first"]) for _, bar in expected]
    assert found.values["previous_close"].tolist() == base.values["previous_close"][firsts].tolist()


@given(minute_base(), st.sampled_from(SHORT))
def test_intraday_bars_are_what_adding_up_by_hand_gives(base, period):
    expected = list(by_hand(base, lambda stamp: stretch_of(stamp, period.minutes)))
    found = aggregate_bars(base, period)
    check(found, expected)
    assert found.values["time"].tolist() == [stamp for stamp, _ in expected]


def test_hours_never_span_lunch():
    stamps = day_start(date(2023, 2, 1)) + np.array(MINUTES, np.int64) * 60_000
    ones = np.ones(240)
    base = BarColumns(240, {"time": stamps, "close": ones, "volume": ones.astype(np.int64)})
    hours = aggregate_bars(base, Period.HOUR_1)
    assert [wall(stamp).strftime("%H:%M") for stamp in hours.values["time"]] == [
        "09:30",
        "10:30",
        "13:00",
        "14:00",
    ]
    assert hours.values["volume"].tolist() == [60, 60, 60, 60]


def test_a_suspended_day_is_not_the_open_of_the_week():
    days = [date(2023, 2, 6), date(2023, 2, 7)]
    base = BarColumns(
        2,
        {
            "time": starts_of(days),
            "open": np.array([10.0, 12.0]),
            "low": np.array([10.0, 11.5]),
            "suspended": np.array([True, False]),
        },
    )
    week = aggregate_bars(base, Period.WEEK_1)
    assert (week.values["open"][0], week.values["low"][0]) == (12.0, 11.5)
    assert not week.values["suspended"][0]
    assert week.values["time"][0] == day_start(days[0])


def test_nothing_aggregates_to_nothing():
    base = BarColumns(0, {"time": np.empty(0, np.int64), "close": np.empty(0)})
    for period in (*SHORT, *LONG):
        assert aggregate_bars(base, period).length == 0


@given(st.integers(day_start(date(1991, 1, 1)), day_start(date(2040, 1, 1))), st.sampled_from(LONG))
def test_a_bucket_holds_its_instant_and_its_neighbours_do_not(instant, period):
    start, end = bucket_start(period, instant), bucket_end(period, instant)
    assert start <= instant <= end
    key = period_of_day(day_of(instant), period)
    assert period_of_day(day_of(start), period) == key == period_of_day(day_of(end), period)
    assert period_of_day(day_of(start - 1), period) != key != period_of_day(day_of(end + 1), period)
    assert (end - start) // 86_400_000 + 1 <= most_bars(period)


def test_only_what_the_aggregate_needs_is_read():
    assert needed_fields(("close",), Period.MIN_5) == ("time", "close")
    assert needed_fields(("volume",), Period.WEEK_1) == ("time", "volume")
    assert needed_fields(("close",), Period.WEEK_1) == ("time", "close", "suspended")


def trades(stamps, prices, quantities):
    price, quantity = np.array(prices), np.array(quantities, np.int64)
    times = np.array(stamps, np.int64)
    return {"time": times, "price": price, "quantity": quantity, "amount": price * quantity}


def test_auctions_belong_to_the_first_and_the_last_minute():
    day = date(2023, 2, 1)
    clocks = [
        time(9, 25),
        time(9, 30, 1),
        time(11, 29, 59),
        time(11, 30),
        time(13),
        time(14, 59),
        time(15, 0, 1),
    ]
    stamps = [at(day, clock) for clock in clocks]
    bars = minute_bars(trades(stamps, [10.0, 11, 12, 13, 14, 15, 16], [1, 2, 3, 4, 5, 6, 7]))
    starts = [wall(stamp).strftime("%H:%M") for stamp in bars.values["time"]]
    assert starts == ["09:30", "11:29", "13:00", "14:59"]
    assert bars.values["volume"].tolist() == [3, 7, 5, 13]
    assert bars.values["open"].tolist() == [10, 12, 14, 15]
    assert bars.values["close"].tolist() == [11, 13, 14, 16]


def test_a_day_of_trades_is_one_bar():
    stamps = [at(date(2023, 2, day), time(10)) for day in (1, 1, 2)]
    bars = day_bars(trades(stamps, [10.0, 9.0, 11.0], [1, 1, 1]))
    assert bars.values["time"].tolist() == [day_start(date(2023, 2, day)) for day in (1, 2)]
    assert bars.values["low"].tolist() == [9, 11]


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=500))
def test_sums_of_cents_are_exact(cents):
    values = np.array(cents, np.int64) / 100
    assert exact_sums(values, np.array([0]))[0] == sum(cents) / 100


def test_a_week_runs_from_monday_to_sunday():
    days = [date(2023, 2, 5) + timedelta(days=offset) for offset in range(9)]
    base = BarColumns(9, {"time": starts_of(days), "volume": np.ones(9, np.int64)})
    weeks = aggregate_bars(base, Period.WEEK_1)
    assert weeks.values["volume"].tolist() == [1, 7, 1]
    assert [day_of(stamp) for stamp in weeks.values["time"].tolist()] == [days[0], days[1], days[8]]
