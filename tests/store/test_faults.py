"""When the disk, the file or the store itself gives way under an import: one clear code each."""

import sqlite3

import pytest

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.market import MarketStore

HEADER = "symbol,date,open,high,low,close\n"


def bars(symbol, days=("2023-02-01",)):
    return HEADER + "".join(f"{symbol},{day},10,10,10,10\n" for day in days)


@pytest.fixture
def full_disk():
    """Let no file grow beyond a size; the limit is lifted at the end."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_fails_the_file_and_changes_nothing(load, store, importer, tmp_path, full_disk):
    load("bars", bars("600519.SH"))
    file = tmp_path / "many.csv"
    file.write_text(HEADER + "".join(f"60{n:04d},2023-02-01,10,10,10,10\n" for n in range(500)))
    full_disk(store.file.stat().st_size)
    failure = importer.import_files(ImportKind.BARS, [file]).failures[0]
    assert failure.reason is Reason.IMPORT_FAILED
    assert "Cannot write the store" in failure.message
    assert [one.symbol for one in store.search(None, 10, None)] == ["600519.SH"]


def test_a_full_disk_at_the_first_start_is_no_corrupt_store(tmp_path, full_disk):
    (tmp_path / "data").mkdir()
    full_disk(4096)
    with pytest.raises(StartupError) as caught:
        MarketStore(tmp_path / "data")
    assert caught.value.reason is Reason.DATA_DIR_UNUSABLE


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


def test_a_file_that_goes_away_while_it_is_imported_is_not_imported(store, importer, tmp_path):
    file = tmp_path / "gone.csv"
    file.write_text(bars("600519.SH"))

    def remove(progress):
        if progress.done:
            file.unlink(missing_ok=True)

    report = importer.import_files(ImportKind.BARS, [file], on_progress=remove)
    assert report.failures[0].reason is Reason.IMPORT_FAILED
    assert store.newest_daily() is None
