"""The file of custom sectors: what was answered is there when it is opened again."""

import sqlite3

import pytest

from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sectors import CustomSector
from quantgraph.store.custom import CustomSectorStore

MINE = CustomSector("我的", "自定义", ("600519.SH", "000001.SZ"), "旧名")
OTHER = CustomSector("其他", "观察", ())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sectors.sqlite"


def test_what_was_put_is_there_again(path):
    store = CustomSectorStore(path)
    store.replace(None, MINE)
    store.replace(None, OTHER)
    assert CustomSectorStore(path).load() == [OTHER, MINE]


def test_a_sector_takes_the_place_of_another(path):
    store = CustomSectorStore(path)
    store.replace(None, MINE)
    store.replace("我的", OTHER)
    assert CustomSectorStore(path).load() == [OTHER]
    store.replace("其他", None)
    assert CustomSectorStore(path).load() == []


def test_a_write_that_fails_changes_nothing(path):
    store = CustomSectorStore(path)
    store.replace(None, MINE)
    store.replace(None, OTHER)
    with pytest.raises(Unavailable) as caught:
        store.replace("其他", MINE)  # its name is held
    assert caught.value.reason is Reason.STORE_UNAVAILABLE
    assert store.load() == [OTHER, MINE]


def test_a_locked_file_is_an_error_with_a_code(path, monkeypatch):
    store = CustomSectorStore(path)
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{**k, "timeout": 0}))
    other = connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable) as caught:
        store.replace(None, MINE)
    assert caught.value.reason is Reason.STORE_UNAVAILABLE
    other.close()
    assert store.load() == []


def test_a_damaged_file_is_left_untouched(path):
    path.write_bytes(b"not a database, but long enough to be read as one" * 20)
    before = path.read_bytes()
    with pytest.raises(StartupError) as caught:
        CustomSectorStore(path)
    assert caught.value.reason is Reason.STORE_CORRUPT
    assert path.read_bytes() == before


def test_a_file_of_another_version_is_left_untouched(path):
    CustomSectorStore(path).replace(None, MINE)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 9")
    db.close()
    with pytest.raises(StartupError) as caught:
        CustomSectorStore(path)
    assert caught.value.reason is Reason.STORE_VERSION
