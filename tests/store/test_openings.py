"""A disk that is full is no damaged file, whichever file meets it first."""

import sqlite3
from contextlib import contextmanager

import pytest

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.store.folder import hold_folder, opening, usable_folder
from quantgraph.store.journal import OrderJournal
from quantgraph.store.journal_files import set_aside
from quantgraph.store.keys import KeyStore

OPENERS = {"keys": KeyStore, "journal": lambda path: OrderJournal(path, "epoch-1")}


@contextmanager
def full_disk():
    """Let no file grow inside; pytest's own log has to grow as soon as the test is over."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", OPENERS)
def test_a_full_disk_is_said_to_be_one(tmp_path, name):
    with pytest.raises(StartupError) as caught, full_disk():
        OPENERS[name](tmp_path / "file.sqlite")
    assert caught.value.reason is Reason.DATA_DIR_UNUSABLE
    assert "file.sqlite" in caught.value.message


def test_a_folder_that_takes_no_bytes_is_unusable(tmp_path):
    with pytest.raises(StartupError) as caught, full_disk():
        usable_folder(tmp_path)
    assert caught.value.reason is Reason.DATA_DIR_UNUSABLE


@pytest.mark.parametrize("name", OPENERS)
def test_a_locked_file_is_not_corrupt(tmp_path, name, monkeypatch):
    path = tmp_path / "file.sqlite"
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{**k, "timeout": 0}))
    holder = connect(path)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StartupError) as caught:
        OPENERS[name](path)
    holder.close()
    assert caught.value.reason is Reason.DATA_DIR_UNUSABLE


@pytest.mark.parametrize("name", OPENERS)
def test_scrambled_bytes_are_corrupt(tmp_path, name):
    path = tmp_path / "file.sqlite"
    path.write_bytes(b"scrambled" * 1000)
    with pytest.raises(StartupError) as caught:
        OPENERS[name](path)
    assert caught.value.reason is Reason.STORE_CORRUPT


def test_a_journal_that_cannot_be_moved_is_named(tmp_path):
    (tmp_path / "journal.sqlite").write_bytes(b"")
    (tmp_path / "journal.sqlite.previous").mkdir()
    with pytest.raises(StartupError) as caught:
        set_aside(tmp_path / "journal.sqlite")
    assert caught.value.reason is Reason.DATA_DIR_UNUSABLE


def test_a_lock_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "gateway.lock").mkdir()
    with pytest.raises(StartupError) as caught, hold_folder(tmp_path):
        pass
    assert caught.value.reason is Reason.DATA_DIR_UNUSABLE


def test_other_errors_pass(tmp_path):
    with pytest.raises(KeyError), opening(tmp_path, "it"):
        raise KeyError
