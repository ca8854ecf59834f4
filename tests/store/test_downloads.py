"""Downloads at rest: whole, in order, and refused where the file is not ours."""

import sqlite3
from datetime import UTC, date, datetime

import pytest

from quantgraph.domain.downloads import DownloadFailure, DownloadJob, DownloadKind, DownloadWish
from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.store.downloads import DownloadStore

NOW = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
WISH = DownloadWish(DownloadKind.DAYS, ("600519.SH", "000001.SZ"), date(2024, 1, 2))


def job(name: str) -> DownloadJob:
    return DownloadJob(name, WISH, Source.TERMINAL, NOW, total=2)


def test_a_job_comes_back_as_it_was_put(tmp_path):
    failure = DownloadFailure("000001.SZ", Reason.DOWNLOAD_REFUSED, "无权限")
    whole = job("b").begin(NOW).step(2, 2, "half").failing(failure).end(NOW)
    file = tmp_path / "downloads.sqlite"
    DownloadStore(file).put(job("b"))
    DownloadStore(file).put(job("a"))
    DownloadStore(file).put(whole)
    assert DownloadStore(file).load() == [whole, job("a")]


def test_what_is_forgotten_goes_with_the_same_commit(tmp_path):
    store = DownloadStore(tmp_path / "downloads.sqlite")
    store.put(job("a"))
    store.put(job("b"), ["a"])
    assert [each.id for each in store.load()] == ["b"]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ("PRAGMA user_version = 9", Reason.STORE_VERSION),
        ("UPDATE downloads SET job = '{}'", Reason.STORE_CORRUPT),
    ],
)
def test_a_file_that_cannot_be_read_stops_the_start(tmp_path, damage, reason):
    file = tmp_path / "downloads.sqlite"
    DownloadStore(file).put(job("a"))
    with sqlite3.connect(file) as db:
        db.execute(damage)
    db.close()
    with pytest.raises(StartupError) as told:
        DownloadStore(file).load()
    assert told.value.reason is reason


def test_a_disk_that_refuses_is_told(tmp_path):
    file = tmp_path / "downloads.sqlite"
    store = DownloadStore(file)
    with sqlite3.connect(file) as db:
        db.execute("DROP TABLE downloads")
    db.close()
    with pytest.raises(Unavailable) as told:
        store.put(job("a"))
    assert told.value.reason is Reason.STORE_UNAVAILABLE
