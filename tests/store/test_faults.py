"""When the disk, the file or the store itself gives way under an import: one clear code each."""

import sqlite3
import subprocess
import sys

import pytest

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.store.imports.layouts import ImportKind

HEADER = "symbol,date,open,high,low,close\n"


def bars(symbol, days=("2023-02-01",)):
    return HEADER + "".join(f"{symbol},{day},10,10,10,10\n" for day in days)


# In a process of its own: the limit holds for every file, pytest's own log as well.
FULL = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from quantgraph.config import CalendarConfig
from quantgraph.domain.errors import StartupError
from quantgraph.services.calendar import load_calendar
from quantgraph.store.imports.importer import Importer
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.market import MarketStore

class Clock:
    def now(self):
        return datetime(2024, 8, 21, 2, tzinfo=UTC)

folder, file = Path(sys.argv[1]), Path(sys.argv[2])
calendar = load_calendar(CalendarConfig(), folder)
opened = MarketStore(folder) if file.exists() else None
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
limit = (folder / "market.sqlite").stat().st_size if file.exists() else 4096
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
try:
    store = opened or MarketStore(folder)
    [failure] = Importer(store, calendar, Clock()).import_files(ImportKind.BARS, [file]).failures
    print(failure.reason, failure.message)
except StartupError as error:
    print(error.reason, error.message)
"""


def on_full_disk(folder, file):
    """Return what an import says where no file may grow any more."""
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(folder), str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_full_disk_fails_the_file_and_changes_nothing(load, store, tmp_path):
    load("bars", bars("600519.SH"))
    with sqlite3.connect(store.file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    file = tmp_path / "many.csv"
    file.write_text(HEADER + "".join(f"60{n:04d},2023-02-01,10,10,10,10\n" for n in range(500)))
    told = on_full_disk(store.file.parent, file)
    assert told.startswith("IMPORT_FAILED")
    assert "Cannot write the store" in told
    assert [one.symbol for one in store.search(InstrumentSearch(), 10, None)] == ["600519.SH"]


def test_a_full_disk_at_the_first_start_is_no_corrupt_store(tmp_path):
    (tmp_path / "data").mkdir()
    told = on_full_disk(tmp_path / "data", tmp_path / "none.csv")
    assert told.startswith("DATA_DIR_UNUSABLE")


def test_a_damaged_series_keeps_no_other_file_out(store, importer, load, tmp_path):
    load("bars", bars("600519.SH"))
    with sqlite3.connect(store.file) as connection:
        connection.execute("UPDATE columns SET data = x'00ff'")
    connection.close()
    files = [tmp_path / "same.csv", tmp_path / "other.csv"]
    files[0].write_text(bars("600519.SH", ["2023-02-02"]))
    files[1].write_text(bars("600000.SH"))
    same, other = importer.import_files(ImportKind.BARS, files).files
    assert same.failure.reason is Reason.IMPORT_FAILED
    assert "same.csv" in same.failure.message
    assert other.outcome.changed


def test_a_store_that_cannot_be_opened_any_more_is_an_error_by_name(store, calendar):
    store.file.unlink()
    store.file.mkdir()
    with pytest.raises(StartupError, match="Nothing was changed") as caught, store.write(calendar):
        pass
    assert caught.value.reason is Reason.IMPORT_FAILED


def test_a_file_that_goes_away_while_it_is_imported_is_not_imported(store, importer, tmp_path):
    file = tmp_path / "gone.csv"
    file.write_text(bars("600519.SH"))

    def remove(progress):
        if progress.done:
            file.unlink(missing_ok=True)

    report = importer.import_files(ImportKind.BARS, [file], on_progress=remove)
    assert report.failures[0].reason is Reason.IMPORT_FAILED
    assert store.newest_daily() is None
