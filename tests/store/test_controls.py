"""The log of controls: durable, and never guessed from a broken file."""

import sqlite3
from datetime import UTC, datetime

import pytest

from quantgraph.domain.controls import Control, HaltCause, TradingState
from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store.controls import ControlFile

NOW = datetime(2023, 2, 1, 1, 30, tzinfo=UTC)


def control(account, state, reason=None):
    return Control(account, state, HaltCause.OPERATOR, reason, "k1", NOW)


def test_the_newest_of_each_account_and_of_the_gateway_is_found_again(tmp_path):
    file = ControlFile(tmp_path / "controls.sqlite")
    last = [control("b", TradingState.REDUCING, "slow"), control(None, TradingState.ACTIVE)]
    for each in (control(None, TradingState.HALTED), control("b", TradingState.HALTED), *last):
        file.record(each)
    file.close()
    again = ControlFile(tmp_path / "controls.sqlite")
    assert list(again.present()) == last
    again.close()


def test_a_file_of_another_version_or_of_something_else_stops_the_start(tmp_path):
    path = tmp_path / "controls.sqlite"
    ControlFile(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=9")
    db.close()
    with pytest.raises(StartupError) as caught:
        ControlFile(path)
    assert caught.value.reason is Reason.STORE_VERSION
    path.write_bytes(b"no database" * 200)
    with pytest.raises(StartupError) as caught:
        ControlFile(path)
    assert caught.value.reason is Reason.STORE_CORRUPT


def test_what_cannot_be_written_is_an_error_with_a_code(tmp_path):
    file = ControlFile(tmp_path / "controls.sqlite")
    file.close()
    with pytest.raises(Unavailable) as caught:
        file.record(control(None, TradingState.HALTED))
    assert caught.value.reason is Reason.STORE_UNAVAILABLE
