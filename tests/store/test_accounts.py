"""The status log keeps every change, in order, whatever happens to the process."""

import os
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from quantgraph.domain.accounts import AccountStatus
from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store.accounts import AccountLog

NOW = datetime(2023, 2, 1, 1, 30, 0, 123456, tzinfo=UTC)
ON, OFF = AccountStatus.CONNECTED, AccountStatus.DISCONNECTED


@pytest.fixture
def log(tmp_path):
    log = AccountLog(tmp_path / "accounts.sqlite", "a1")
    yield log
    log.close()


def test_sequences_have_no_gap_per_account(log):
    for n, status in enumerate((OFF, ON, OFF)):
        log.record("sim-1", status, NOW + timedelta(hours=n))
        log.record("sim-2", status, NOW)
    found = log.events("sim-1", 0, 10)
    assert [(each.sequence, each.status) for each in found] == [(1, OFF), (2, ON), (3, OFF)]
    assert [each.time for each in found] == [NOW + timedelta(hours=n) for n in range(3)]
    assert log.events("sim-1", 1, 1) == found[1:2]
    assert (log.newest("sim-1"), log.newest("none")) == (3, 0)
    assert {name: each.sequence for name, each in log.present().items()} == {
        "sim-1": 3,
        "sim-2": 3,
    }


def test_everything_is_there_after_opening_again_under_the_first_epoch(tmp_path):
    path = tmp_path / "accounts.sqlite"
    first = AccountLog(path, "a1")
    change = first.record("sim-1", OFF, NOW)
    first.close()
    second = AccountLog(path, "a2")
    assert (second.epoch, second.present()) == ("a1", {"sim-1": change})
    second.close()


def test_a_killed_process_leaves_what_it_recorded(tmp_path):
    path = tmp_path / "accounts.sqlite"
    child = os.fork()
    if child == 0:
        log = AccountLog(path, "a1")
        log.record("sim-1", OFF, NOW)
        os._exit(9)
    os.waitpid(child, 0)
    after = AccountLog(path, "a1")
    assert after.present()["sim-1"].status is OFF
    after.close()


def test_a_log_that_cannot_be_written_says_so_and_keeps_nothing(log):
    log._db.execute("PRAGMA query_only = ON")
    with pytest.raises(Unavailable) as caught:
        log.record("sim-1", OFF, NOW)
    assert caught.value.reason is Reason.STORE_UNAVAILABLE
    log._db.execute("PRAGMA query_only = OFF")
    assert log.present() == {}


def test_a_log_of_another_version_is_left_alone(tmp_path):
    path = tmp_path / "accounts.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE x (y)")
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StartupError) as caught:
        AccountLog(path, "a1")
    assert caught.value.reason is Reason.STORE_VERSION


def test_a_corrupt_log_is_named_and_left_alone(tmp_path):
    path = tmp_path / "accounts.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StartupError) as caught:
        AccountLog(path, "a1")
    assert caught.value.reason is Reason.STORE_CORRUPT
    assert path.read_bytes() == b"not a database at all" * 100
