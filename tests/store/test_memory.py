"""Columns that were decoded once are given again, and never those of another commit."""

import threading
from contextlib import closing
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.bars import BarColumns, BarRequest, Period, Window
from quantgraph.domain.calendar import starts_of
from quantgraph.store.market import MarketStore
from quantgraph.store.memory import Block, ColumnMemory

FIELDS = ("time", "close", "amount")
ROOM = 128_000_000
WINDOWS = st.builds(
    Window,
    start=st.none() | st.integers(1_420_000_000_000, 1_610_000_000_000),
    end=st.none() | st.integers(1_420_000_000_000, 1_610_000_000_000),
    last=st.none() | st.integers(1, 700),
)


def rows(days, base=10.0):
    close = base + np.arange(len(days)) / 100
    amount = np.arange(len(days)) * 100.0
    valid = np.arange(len(days)) % 7 > 0
    values = {"time": starts_of(days), "close": close, "amount": np.where(valid, amount, 0.0)}
    values |= dict.fromkeys(("open", "high", "low"), close)
    return BarColumns(len(days), values, {"amount": valid})


def put(store, calendar, symbol, columns, period=Period.DAY_1):
    with store.write(calendar) as writer:
        writer.put_bars(symbol, period, columns)


def answer(store, window, fields=FIELDS, symbols=("600519.SH", "600000.SH")):
    held = store.read_bars(BarRequest(symbols, Period.DAY_1, window, fields=fields))
    return [
        {name: column.tolist() for name, column in one.columns.values.items()}
        | {f"{name} held": mask.tolist() for name, mask in one.columns.valid.items()}
        | {"days": one.days.tolist()}
        for one in held
    ]


@pytest.fixture(scope="module")
def stores(calendar, tmp_path_factory):
    """A store with memory, and the same file without."""
    folder = tmp_path_factory.mktemp("memory")
    store, plain = MarketStore(folder, memory=ROOM), MarketStore(folder, memory=0)
    days = calendar.between(date(2015, 1, 5), date(2020, 12, 31))
    put(store, calendar, "600519.SH", rows(days))
    put(store, calendar, "600000.SH", rows(days[300:], base=7.0))
    yield store, plain
    store.close()
    plain.close()


@given(window=WINDOWS, fields=st.permutations(FIELDS).flatmap(lambda f: st.just(tuple(f[:2]))))
def test_memory_changes_no_answer(stores, window, fields):
    store, plain = stores
    expected = answer(plain, window, fields)
    assert answer(store, window, fields) == expected
    assert answer(store, window, fields) == expected


def test_what_was_read_once_is_not_read_again(stores):
    store, plain = stores
    window = Window(last=300)
    answer(store, window)
    store.counter.reset()
    answer(store, window)
    assert store.counter.loaded == 0
    assert store.counter.blocks["close"] == 4  # still counted as asked for
    plain.counter.reset()
    answer(plain, window)
    assert plain.counter.loaded > 0


def test_a_commit_of_anyone_is_seen_at_once(store, calendar):
    days = calendar.between(date(2020, 1, 2), date(2020, 12, 31))
    put(store, calendar, "600519.SH", rows(days))
    before = answer(store, Window(last=2), symbols=("600519.SH",))
    other = MarketStore(store.file.parent)
    put(other, calendar, "600519.SH", rows(days[-1:], base=99.0))
    other.close()
    after = answer(store, Window(last=2), symbols=("600519.SH",))
    assert after[0]["close"] == [before[0]["close"][0], 99.0]


@given(data=st.data())
def test_no_history_of_imports_and_deletions_gives_an_old_column(data, calendar, tmp_path_factory):
    folder = tmp_path_factory.mktemp("history")
    with (
        closing(MarketStore(folder, memory=ROOM)) as store,
        closing(MarketStore(folder, memory=0)) as plain,
    ):
        days = calendar.between(date(2020, 1, 2), date(2021, 12, 31))
        for _ in range(data.draw(st.integers(1, 5))):
            symbol = data.draw(st.sampled_from(["600519.SH", "600000.SH"]))
            first, length = data.draw(st.integers(0, 400)), data.draw(st.integers(1, 80))
            base = data.draw(st.sampled_from([10.0, 20.0, 30.0]))
            with store.write(calendar) as writer:
                made = data.draw(st.booleans())
                put_rows = writer.put_made_bars if made else writer.put_bars
                put_rows(symbol, Period.DAY_1, rows(days[first : first + length], base))
            held = tuple(sorted(store.symbols(Period.DAY_1)))
            window = Window(start=0)
            assert answer(store, window, symbols=held) == answer(plain, window, symbols=held)


@pytest.mark.parametrize("window", [Window(start=0), Window(last=256)])
def test_an_answer_may_be_written_into_without_harm(stores, window):
    store, _ = stores
    request = BarRequest(("600519.SH",), Period.DAY_1, window, fields=FIELDS)
    first = store.read_bars(request)[0].columns
    kept = first.values["close"].copy()
    first.values["close"][:] = 0
    first.valid["amount"][:] = False
    again = store.read_bars(request)[0].columns
    assert (again.values["close"] == kept).all()
    assert again.valid["amount"].any()


def block(length=1000):
    return Block(np.zeros(length), None, 10)


def test_it_never_holds_more_than_its_size():
    memory = ColumnMemory(100_000)
    for chunk in range(500):
        memory.keep({chunk: {"close": block()}})
        memory.find(chunk // 2)
        held = [*memory._young.values(), *memory._old.values()]
        distinct = {id(each): each for columns in held for each in columns.values()}
        assert sum(each.bytes for each in distinct.values()) <= memory.size
    assert "close" in memory.find(499)
    assert not memory.find(0)


def test_what_is_asked_for_again_stays_longest():
    memory = ColumnMemory(100_000)
    for chunk in range(40):
        memory.keep({chunk: {"close": block()}})
        assert "close" in memory.find(0)


def test_a_read_too_large_drives_nothing_out():
    memory = ColumnMemory(100_000)
    memory.keep({1: {"close": block()}})
    memory.keep({chunk: {"close": block()} for chunk in range(2, 50)})
    assert "close" in memory.find(1)
    assert not memory.find(2)


def test_columns_of_a_chunk_gather():
    memory = ColumnMemory(100_000)
    memory.keep({1: {"close": block()}})
    memory.keep({1: {"open": block(), "suspended": None}})
    assert memory.find(1).keys() == {"close", "open", "suspended"}


def test_many_threads_read_the_same(stores):
    store, plain = stores
    expected = answer(plain, Window(start=0))
    found = []
    work = [
        threading.Thread(target=lambda: found.append(answer(store, Window(start=0))))
        for _ in range(8)
    ]
    for each in work:
        each.start()
    for each in work:
        each.join()
    assert found == [expected] * 8
