import shutil
import sqlite3
import threading
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.bars import BarColumns, BarRequest, Period, Window
from quantgraph.domain.calendar import at, day_start, starts_of
from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store.market import MarketStore
from quantgraph.store.schema import FILE_NAME

DAILY = Period.DAY_1


def daily_rows(days, base=10.0):
    times = starts_of(days)
    close = base + np.arange(len(times)) / 100
    values = {"time": times, "open": close, "high": close + 0.02, "low": close - 0.02}
    return BarColumns(len(times), values | {"close": close, "volume": np.arange(len(times)) * 100})


def minute_rows(day, base=10.0):
    first = at(day, __import__("datetime").time(9, 30))
    times = first + np.arange(120, dtype=np.int64) * 60_000
    close = base + np.arange(120) / 100
    return BarColumns(
        120, {"time": times, "open": close, "high": close, "low": close, "close": close}
    )


def put(store, calendar, symbol, rows, period=DAILY):
    with store.write(calendar) as writer:
        return writer.put_bars(symbol, period, rows)


def read(store, symbol, window, fields=("time", "close"), period=DAILY):
    return store.read_bars(BarRequest((symbol,), period, window, fields=fields))[0]


@pytest.fixture
def years(store, calendar):
    """Six years of daily bars of one symbol."""
    days = calendar.between(date(2015, 1, 5), date(2020, 12, 31))
    put(store, calendar, "600519.SH", daily_rows(days))
    store.counter.reset()
    return store, days


def test_only_the_picked_column_is_read(years):
    store, _ = years
    held = read(store, "600519.SH", Window(last=250), fields=("close",))
    assert held.columns.length == 250
    assert store.counter.columns == {"close"}
    # the newest 256 bars stand in a chunk of their own
    assert store.counter.blocks["close"] == 1
    assert 0 < store.counter.total_bytes < 256 * 2


def test_fewer_columns_cost_fewer_bytes(years):
    store, _ = years
    read(store, "600519.SH", Window(last=250), fields=("time", "open", "high", "low", "close"))
    all_bytes = store.counter.total_bytes
    store.counter.reset()
    read(store, "600519.SH", Window(last=250), fields=("close",))
    assert store.counter.total_bytes < all_bytes / 3


def test_a_window_by_date_reads_no_time_column(years):
    store, days = years
    start, end = days[100].astype(object), days[900].astype(object)
    held = read(store, "600519.SH", Window(day_start(start), day_start(end)), fields=("close",))
    assert held.columns.length == 801
    assert store.counter.columns == {"close"}
    assert list(held.days[[0, -1]]) == [days[100], days[900]]


def test_a_bound_inside_a_day_reads_the_time_of_its_chunk_only(store, calendar):
    for month in range(1, 7):
        day = calendar.next_session(date(2020, month, 10))
        put(store, calendar, "600519.SH", minute_rows(day), Period.MIN_1)
    store.counter.reset()
    day = calendar.next_session(date(2020, 2, 10))
    start = day_start(day) + 10 * 3_600_000
    held = read(store, "600519.SH", Window(start=start), ("close",), Period.MIN_1)
    assert held.columns.length == 90 + 4 * 120
    assert dict(store.counter.blocks) == {"time": 1, "close": 5}


def test_a_batch_of_symbols_costs_one_transaction(store, calendar):
    days = calendar.between(date(2020, 1, 2), date(2020, 6, 30))
    symbols = tuple(f"60{code:04d}.SH" for code in range(40))
    with store.write(calendar) as writer:
        for symbol in symbols:
            writer.put_bars(symbol, DAILY, daily_rows(days))
    store.counter.reset()
    held = store.read_bars(BarRequest(symbols, DAILY, Window(last=5), fields=("close",)))
    assert [one.columns.length for one in held] == [5] * 40
    assert store.counter.transactions == 1


def test_a_symbol_that_is_not_held_is_none_among_those_that_are(years):
    store, _ = years
    found = store.read_bars(BarRequest(("000001.SZ", "600519.SH"), DAILY, Window(last=1)))
    assert found[0] is None
    assert found[1].columns.length == 1


@given(data=st.data())
def test_every_window_gives_what_a_plain_filter_gives(years, data):
    store, days = years
    times = starts_of(days)
    instant = st.integers(int(times[0]) - 10**9, int(times[-1]) + 10**9)
    exact = st.sampled_from(times.tolist())
    start = data.draw(st.none() | instant | exact)
    end = data.draw(st.none() | instant | exact)
    last = data.draw(st.none() | st.integers(1, 2000)) if start is None else None
    wanted = times[(times >= (start or -(2**60))) & (times <= (2**60 if end is None else end))]
    wanted = wanted[-last:] if last else wanted
    held = read(store, "600519.SH", Window(start, end, last))
    assert held.columns.values["time"].tolist() == wanted.tolist()
    assert held.days.tolist() == ((wanted + 28_800_000) // 86_400_000).astype("M8[D]").tolist()


def test_importing_twice_changes_not_one_byte(years, calendar):
    store, days = years
    before = store.file.read_bytes()
    count = put(store, calendar, "600519.SH", daily_rows(days))
    assert (count.added, count.replaced, count.unchanged) == (0, 0, len(days))
    assert store.file.read_bytes() == before


def test_the_newest_import_wins_stamp_by_stamp(years, calendar):
    store, days = years
    count = put(store, calendar, "600519.SH", daily_rows(days[300:400], base=99.0))
    assert (count.added, count.replaced) == (0, 100)
    close = read(store, "600519.SH", Window(last=5000)).columns.values["close"]
    assert close[299] < 14
    assert close[300] == 99.0
    assert close[400] < 15


def test_bars_in_between_are_put_in_order(store, calendar):
    days = calendar.between(date(2020, 1, 2), date(2020, 3, 31))
    put(store, calendar, "600519.SH", daily_rows(days[::2]))
    count = put(store, calendar, "600519.SH", daily_rows(days[1::2]))
    assert count.added == len(days[1::2])
    times = read(store, "600519.SH", Window(last=500)).columns.values["time"]
    assert (np.diff(times) > 0).all()
    assert len(times) == len(days)


def test_what_a_series_does_not_hold_is_missing_not_zero(years):
    store, _ = years
    held = read(store, "600519.SH", Window(last=3), fields=("previous_close", "close"))
    assert held.columns.missing("previous_close").all()
    assert held.columns.missing("close") is None


def test_a_failed_write_leaves_nothing(store, calendar):
    days = calendar.between(date(2020, 1, 2), date(2020, 3, 31))
    with pytest.raises(ZeroDivisionError), store.write(calendar) as writer:
        writer.put_bars("600519.SH", DAILY, daily_rows(days))
        raise ZeroDivisionError
    assert read(store, "600519.SH", Window(last=1)) is None


def test_readers_go_on_while_a_writer_is_at_work(years, calendar):
    store, days = years
    seen = []
    with store.write(calendar) as writer:
        writer.put_bars("600519.SH", DAILY, daily_rows(days, base=50.0))
        thread = threading.Thread(
            target=lambda: seen.append(read(store, "600519.SH", Window(last=1)))
        )
        thread.start()
        thread.join()
    assert seen[0].columns.values["close"][0] < 30
    assert read(store, "600519.SH", Window(last=1)).columns.values["close"][0] > 50


def test_a_reader_sees_what_another_process_imported(years, calendar):
    store, days = years
    assert read(store, "000001.SZ", Window(last=1)) is None
    other = MarketStore(store.file.parent)
    put(other, calendar, "000001.SZ", daily_rows(days))
    other.close()
    assert read(store, "000001.SZ", Window(last=1)).columns.length == 1


def test_the_newest_day_and_the_last_close_are_known(years):
    store, days = years
    assert store.newest_daily() == date(2020, 12, 31)
    last = store.last_closes(["600519.SH"])["600519.SH"]
    assert (last.day, last.previous_close, last.volume) == (
        date(2020, 12, 31),
        None,
        (len(days) - 1) * 100,
    )
    assert store.last_closes(["000001.SZ"]) == {}


def test_an_empty_store_has_no_newest_day(store):
    assert store.newest_daily() is None


def test_verify_is_silent_about_a_sound_store(years):
    assert years[0].verify() == []


def test_a_damaged_column_is_never_served(years):
    store, _ = years
    with sqlite3.connect(store.file) as connection:
        connection.execute("UPDATE columns SET hash = hash + 1 WHERE name = 'close'")
    connection.close()
    found = store.read_bars(BarRequest(("600519.SH",), DAILY, Window(last=5), fields=("close",)))[0]
    assert isinstance(found, Unavailable)
    assert found.reason is Reason.STORE_UNAVAILABLE
    assert read(store, "600519.SH", Window(last=5), fields=("open",)).columns.length == 5
    assert len(store.verify()) == 4


def test_a_column_of_another_chunk_is_damage_not_a_wrong_answer(years):
    store, _ = years
    with sqlite3.connect(store.file) as connection:
        chunks = connection.execute("SELECT id FROM chunks ORDER BY rows").fetchall()
        short, long = chunks[0][0], chunks[-1][0]
        connection.execute(
            "UPDATE columns SET (hash, data) = (SELECT hash, data FROM columns WHERE chunk = ? "
            "AND name = 'close') WHERE chunk = ? AND name = 'close'",
            (short, long),
        )
    connection.close()
    found = store.read_bars(BarRequest(("600519.SH",), DAILY, Window(start=0), fields=("close",)))
    assert isinstance(found[0], Unavailable)
    assert found[0].reason is Reason.STORE_UNAVAILABLE


@pytest.mark.parametrize(
    "content", [b"this is no database, but it is somebody's" * 50, b"SQLite format 3\0"]
)
def test_a_corrupt_store_is_named_and_left_untouched(tmp_path, content):
    file = tmp_path / FILE_NAME
    file.write_bytes(content)
    with pytest.raises(StartupError, match=str(file)) as caught:
        MarketStore(tmp_path)
    assert caught.value.reason is Reason.STORE_CORRUPT
    assert file.read_bytes() == content


def test_a_truncated_store_is_corrupt(years, tmp_path):
    store, _ = years
    store.close()
    copy = tmp_path / "copy"
    copy.mkdir()
    data = store.file.read_bytes()
    (copy / FILE_NAME).write_bytes(data[: len(data) // 2])
    with pytest.raises(StartupError) as caught:
        MarketStore(copy)
    assert caught.value.reason is Reason.STORE_CORRUPT
    assert (copy / FILE_NAME).read_bytes() == data[: len(data) // 2]


def test_another_programs_database_is_left_untouched(tmp_path):
    file = tmp_path / FILE_NAME
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(StartupError) as caught:
        MarketStore(tmp_path)
    assert caught.value.reason is Reason.STORE_CORRUPT
    assert file.read_bytes() == before


@pytest.mark.parametrize("version", [1, 99])
def test_a_store_of_another_version_is_left_untouched(store, version):
    store.close()
    with sqlite3.connect(store.file) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    with pytest.raises(StartupError, match=f"version {version};") as caught:
        MarketStore(store.file.parent)
    assert caught.value.reason is Reason.STORE_VERSION


def test_a_folder_that_cannot_be_written_is_an_error_by_name(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StartupError, match="data") as caught:
        MarketStore(tmp_path / "file" / "data")
    assert caught.value.reason is Reason.DATA_DIR_UNUSABLE


def test_a_closed_store_says_so(store):
    store.close()
    with pytest.raises(Unavailable):
        store.newest_daily()


def test_a_store_may_be_copied_while_it_is_closed(years, tmp_path):
    store, _ = years
    store.close()
    copy = tmp_path / "copy"
    shutil.copytree(store.file.parent, copy)
    second = MarketStore(copy)
    assert second.newest_daily() == date(2020, 12, 31)
    second.close()
