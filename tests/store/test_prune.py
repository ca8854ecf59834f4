"""Taking out older days leaves every other row as it was, whatever chunks they lay in."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.bars import BarColumns, BarRequest, Period, Window
from quantgraph.domain.calendar import day_start, starts_of
from quantgraph.domain.ticks import TickKind, TickRequest
from quantgraph.store.market import MarketStore
from quantgraph.store.prune import Selection

SESSION = np.concatenate([np.arange(570, 690), np.arange(780, 900)]) * 60_000
FIRST, LAST = date(2016, 1, 4), date(2018, 12, 28)
NAMES = ("600000.SH", "600519.SH")


def bars(times):
    close = 10 + np.arange(len(times)) / 100
    return BarColumns(
        len(times), {"time": times} | dict.fromkeys(("open", "high", "low", "close"), close)
    )


def fill(folder, calendar):
    store = MarketStore(folder)
    days = starts_of(calendar.between(FIRST, LAST))
    minutes = (days[-45:, None] + SESSION[None, :]).ravel()
    with store.write(calendar) as writer:
        for name in NAMES:
            writer.put_bars(name, Period.DAY_1, bars(days))
            writer.put_bars(name, Period.MIN_1, bars(minutes))
    return store


def read(store, period):
    request = BarRequest(NAMES, period, Window(start=0), fields=("time", "close"))
    return [
        {}
        if held is None
        else dict(zip(*(c.tolist() for c in held.columns.values.values()), strict=True))
        for held in store.read_bars(request)
    ]


@settings(max_examples=25)
@given(
    before=st.none()
    | st.dates(FIRST - timedelta(5), LAST + timedelta(5))
    | st.dates(date(2018, 10, 1), LAST),
    period=st.sampled_from([None, Period.DAY_1, Period.MIN_1]),
    symbols=st.sampled_from([None, NAMES[:1], NAMES]),
)
def test_what_is_not_selected_stays(tmp_path_factory, calendar, before, period, symbols):
    store = fill(tmp_path_factory.mktemp("prune"), calendar)
    selection = Selection(symbols, period, before)
    expected, gone = {}, 0
    bound = day_start(before or date(2100, 1, 1))
    for each in (Period.DAY_1, Period.MIN_1):
        expected[each] = read(store, each)
        for name, rows in zip(NAMES, expected[each], strict=True):
            chosen = period in {None, each} and name in (symbols or NAMES)
            old = [time for time in rows if chosen and time < bound]
            gone += len(old)
            for time in old:
                del rows[time]
    assert sum(each.rows for each in store.prunable(selection)) == gone
    assert sum(each.rows for each in store.prune(selection, calendar)) == gone
    assert {each: read(store, each) for each in expected} == expected
    assert store.verify() == []
    assert store.prunable(selection) == []
    store.close()


def test_what_went_can_be_imported_again(tmp_path, calendar):
    store = fill(tmp_path, calendar)
    before = read(store, Period.DAY_1)
    store.prune(Selection(before=date(2018, 6, 1)), calendar)
    with store.write(calendar) as writer:
        for name in NAMES:
            writer.put_bars(name, Period.DAY_1, bars(starts_of(calendar.between(FIRST, LAST))))
    assert read(store, Period.DAY_1) == before
    store.close()


@pytest.mark.parametrize("period", [None, Period.DAY_1])
def test_recordings_go_where_no_period_is_named(store, calendar, period):
    times = day_start(date(2020, 1, 2)) + 34_200_000 + np.arange(5) * 1000
    rows = BarColumns(5, {"time": times, "price": np.full(5, 9.5)})
    with store.write(calendar) as writer:
        writer.put_recording("600519.SH", TickKind.TRADE, rows)
    store.prune(Selection(symbols=("600519.SH",), period=period), calendar)
    found = store.read_ticks(TickRequest("600519.SH", TickKind.TRADE, 0, 2**42, ("time",), 10))
    assert (found is None) is (period is None)
