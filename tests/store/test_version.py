"""Every commit of any connection or process shows at once; nothing else does."""

import subprocess
import sys
from datetime import date

import numpy as np
import pytest

from quantgraph.config import CalendarConfig
from quantgraph.domain.bars import BarColumns, Period
from quantgraph.domain.calendar import starts_of
from quantgraph.domain.errors import Unavailable
from quantgraph.services.calendar import load_calendar
from quantgraph.store.market import MarketStore
from quantgraph.store.version import FileVersion

CALENDAR = load_calendar(CalendarConfig(), None)


@pytest.fixture
def store(tmp_path):
    found = MarketStore(tmp_path)
    yield found
    found.close()


@pytest.fixture
def version(store):
    found = FileVersion(store.file)
    yield found
    found.close()


def put(store, close):
    columns = {"time": starts_of([date(2023, 2, 1)]), "close": np.array([close])}
    with store.write(CALENDAR) as writer:
        writer.put_bars("600519.SH", Period.DAY_1, BarColumns(1, columns))


def test_every_commit_gives_a_value_never_seen_before(store, version):
    seen = {version.now()}
    for close in range(1, 300):
        put(store, float(close))
        assert version.now() not in seen
        seen.add(version.now())


def test_reading_changes_nothing(store, version):
    put(store, 1.0)
    before = version.now()
    assert store.symbols(Period.DAY_1) == {"600519.SH"}
    assert version.now() == before


def test_a_write_that_fails_changes_nothing(store, version):
    before = version.now()
    with pytest.raises(ZeroDivisionError), store.write(CALENDAR) as writer:
        columns = {"time": starts_of([date(2023, 2, 1)]), "close": np.array([1.0])}
        writer.put_bars("600519.SH", Period.DAY_1, BarColumns(1, columns))
        raise ZeroDivisionError
    assert version.now() == before


def test_a_commit_of_another_process_shows(store, version):
    before = version.now()
    write = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        "c.execute(\"UPDATE meta SET value = value + 1 WHERE name = 'generation'\"); c.commit()"
    )
    subprocess.run([sys.executable, "-c", write, str(store.file)], check=True)
    assert version.now() != before


def test_a_checkpoint_never_hides_a_commit(store, version):
    import sqlite3

    put(store, 1.0)
    other = sqlite3.connect(store.file)
    for close in range(2, 20):
        before = version.now()
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        put(store, float(close))
        assert version.now() != before
    other.close()


def test_the_store_tells_its_version_without_a_transaction(store, version):
    put(store, 1.0)
    before = store.counter.transactions
    assert store.version() == version.now()
    seen = store.version()
    put(store, 2.0)
    assert store.version() != seen
    assert store.counter.transactions == before


LOCKED = """
import fcntl, struct, sys
with open(sys.argv[1] + "-shm", "r+b") as shared:
    asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 128, 1, 0)  # SQLite's dead man's switch
    found = struct.unpack("hhqqi4x", fcntl.fcntl(shared, fcntl.F_GETLK, asked))
sys.exit(found[0] == fcntl.F_UNLCK)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks for Linux's struct flock")
def test_no_other_process_takes_the_shared_memory_for_a_dead_ones(tmp_path):
    first = MarketStore(tmp_path)
    second = MarketStore(tmp_path)
    second.close()
    subprocess.run([sys.executable, "-c", LOCKED, str(first.file)], check=True)
    first.close()
    assert not first.file.with_name("market.sqlite-shm").exists()


def test_a_closed_store_has_no_version(tmp_path):
    store = MarketStore(tmp_path)
    store.close()
    with pytest.raises(Unavailable):
        store.version()
