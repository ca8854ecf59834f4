"""What was read before an import is not what is read after it."""

import sqlite3
from contextlib import closing
from datetime import date

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quantgraph.domain.bars import BarColumns, BarRequest, Period, Window
from quantgraph.domain.calendar import day_start
from quantgraph.store.market import MarketStore
from quantgraph.store.prune import Selection

REQUEST = BarRequest(("600519.SH",), Period.DAY_1, Window(last=9), fields=("close",))


def closes(store):
    held = store.read_bars(REQUEST)[0]
    return None if held is None else held.columns.values["close"].tolist()


def test_a_reader_follows_what_another_process_imports(store, load):
    reader = MarketStore(store.file.parent)
    seen = [(closes(reader), reader.generation())]
    for day in (1, 2):
        row = f"600519.SH,2023-02-0{day},{day},{day},{day},{day}"
        load("bars", f"symbol,date,open,high,low,close\n{row}\n")
        seen.append((closes(reader), reader.generation()))
    reader.close()
    assert seen == [(None, 0), ([1.0], 1), ([1.0, 2.0], 2)]


def test_what_did_not_change_is_looked_up_once(store, load):
    load("bars", "symbol,date,open,high,low,close\n600519.SH,2023-02-01,9,9,9,9\n")
    closes(store)
    queries = []
    connection = store._reader._connection()
    connection.set_trace_callback(queries.append)
    closes(store)
    connection.set_trace_callback(None)
    assert not [query for query in queries if "FROM series" in query]


SYMBOLS = ("600519.SH", "000001.SZ", "000858.SZ")
DAYS = [date(2023, 2, day) for day in (1, 2, 3, 6, 7)] + [date(2024, 2, 1), date(2028, 2, 1)]
ALL = BarRequest(SYMBOLS, Period.DAY_1, Window(last=99), fields=("time", "close"))
puts = st.tuples(st.sampled_from(SYMBOLS), st.sets(st.sampled_from(DAYS), min_size=1), st.none())
prunes = st.tuples(
    st.sampled_from(SYMBOLS), st.none(), st.sampled_from([None, *DAYS, date(2029, 1, 1)])
)


def daily(days, close):
    values = {name: np.full(len(days), close) for name in ("open", "high", "low", "close")}
    return BarColumns(len(days), {"time": np.array([day_start(day) for day in days]), **values})


def do(store, calendar, step, number):
    """Put bars of some days, or prune; each is a commit."""
    symbol, days, before = step
    with store.write(calendar) as writer:
        if days is None:
            writer.prune(Selection((symbol,), before=before))
        else:
            writer.put_bars(symbol, Period.DAY_1, daily(sorted(days), float(number)))


def held(store):
    """Everything that the store answers of the symbols."""
    found = store.read_bars(ALL)
    return [
        None if each is None else {k: v.tolist() for k, v in each.columns.values.items()}
        for each in found
    ]


# A whole chunk goes, and nothing else of its series changes.
@example(steps=[(SYMBOLS[0], {DAYS[0], DAYS[-1]}, None), (SYMBOLS[0], None, DAYS[-1])])
@given(steps=st.lists(puts | puts | prunes, max_size=8))
@settings(max_examples=30)
def test_whatever_is_written_a_reader_says_what_a_new_one_says(tmp_path_factory, calendar, steps):
    folder = tmp_path_factory.mktemp("steps")
    with closing(MarketStore(folder)) as writing, closing(MarketStore(folder)) as reader:
        held(reader)
        for number, step in enumerate(steps, 1):
            do(writing, calendar, step, number)
            with closing(MarketStore(folder)) as fresh:
                assert held(reader) == held(fresh)


def test_a_commit_to_one_series_leaves_the_places_of_others_known(store, load):
    header = "symbol,date,open,high,low,close"
    for symbol in SYMBOLS[:2]:
        load("bars", f"{header}\n{symbol},2023-02-01,9,9,9,9\n")
    with closing(MarketStore(store.file.parent)) as reader:
        closes(reader)
        load("bars", f"{header}\n{SYMBOLS[1]},2023-02-02,8,8,8,8\n")
        queries = []
        connection = reader._reader._connection()
        connection.set_trace_callback(queries.append)
        assert closes(reader) == [9.0]
        assert queries
        assert not [query for query in queries if "s.symbol IN" in query]
        assert held(reader)[1]["close"] == [9.0, 8.0]
        assert [query for query in queries if "s.symbol IN" in query]


@pytest.mark.parametrize("counted", [False, True])
def test_what_an_older_program_takes_away_is_gone(store, load, counted):
    load("bars", "symbol,date,open,high,low,close\n600519.SH,2023-02-01,9,9,9,9\n")
    with closing(sqlite3.connect(store.file)) as older, older:
        if not counted:
            older.execute("DELETE FROM meta WHERE name = 'removals'")
    with closing(MarketStore(store.file.parent)) as reader:
        assert closes(reader) == [9.0]
        with closing(sqlite3.connect(store.file)) as older, older:
            older.execute("DELETE FROM columns")
            older.execute("DELETE FROM chunks")
            older.execute("UPDATE meta SET value = value + 1")
        assert closes(reader) is None
