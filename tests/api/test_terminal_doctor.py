"""`quantgraph doctor` of dev and prod looks at the terminal, and says what to do."""

import json
import socket
import time
from contextlib import closing

import pytest
from typer.testing import CliRunner

from api.cli import app
from quantgraph.domain.access import Scope
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from tests.api.real import make_keys
from tests.doubles.far import far, world
from tests.doubles.world import ACCOUNT

# Fixtures that pytest finds here.
__all__ = ["far", "world"]


@pytest.fixture
def service():
    """A port that takes connections."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


@pytest.fixture
def look(tmp_path, monkeypatch, service):
    """Examine dev over a terminal's folder: exit code, and findings by what was looked at."""
    monkeypatch.delenv("APP_MODE", raising=False)
    monkeypatch.setattr("quantgraph.backends.xtquant.examining.WAIT_S", 5.0)
    make_keys(tmp_path, "dev")[0].create(Scope.ADMIN, None)
    folder = tmp_path / "userdata_mini"
    folder.mkdir()

    def looked(path=folder, port=service):
        file = tmp_path / "own.toml"
        file.write_text(
            f'mode = "dev"\n[http]\nport = 0\n[grpc]\nport = 0\n[terminal]\npath = "{path}"\n'
            f"port = {port}\n"
        )
        place = ["--config", str(file), "--data-dir", str(tmp_path)]
        done = CliRunner().invoke(app, ["doctor", "--json", *place])
        return done.exit_code, {each["check"]: each for each in json.loads(done.stdout)}

    return looked


LOOKS = ("sdk", "terminal path", "terminal port", "terminal market data", "terminal trading")


def test_a_terminal_that_is_there_is_told_part_by_part(far, look):
    code, found = look()
    assert code == 0
    assert {each: found[each]["state"] for each in (*LOOKS, "login")} == dict.fromkeys(
        (*LOOKS, "login"), "ok"
    )
    assert "edition=mini" in found["terminal market data"]["found"]
    # It is read over shoulders, and sent to others.
    assert ACCOUNT not in json.dumps(found)


def test_what_the_terminal_tells_an_operator_is_shown(far, look, tmp_path, monkeypatch):
    # Before it connects: the SDK asks for the folder once.
    far.exchange.authorized, far.exchange.data_dir = ("SH", "SZ"), str(tmp_path)
    found = look()[1]
    assert "markets abroad" not in found
    assert "SH SZ" in found["markets"]["found"]
    assert "tick 1m 1d" in found["periods"]["found"]
    assert str(tmp_path) in found["terminal disk"]["found"]
    monkeypatch.setattr("quantgraph.backends.xtquant.examining._ROOM", 1 << 62)
    assert look()[1]["terminal disk"]["state"] == "warning"
    far.exchange.unrealized.add("getauthorizedmarketlist")
    far.exchange.unrealized |= {"getperiodlist"}
    far.exchange.abroad = ("HK", "US")
    found = look()[1]
    assert not {"markets", "periods"} & found.keys()
    assert "HK US" in found["markets abroad"]["found"]


def test_a_login_that_failed_is_told_with_its_reason(far, look):
    far.counter.accounts[ACCOUNT][1] = 3
    code, found = look()
    assert (code, found["login"]["state"]) == (1, "problem")
    assert "failed" in found["login"]["found"]
    assert found["login"]["advice"]


def test_a_login_without_an_account_for_shares_is_told(far, look):
    far.counter.accounts[ACCOUNT][0] = 3
    code, found = look()
    assert (code, found["login"]["state"], found["permissions"]["state"]) == (
        1,
        "problem",
        "warning",
    )
    assert "1 of margin" in found["permissions"]["found"]


def test_a_terminal_that_takes_no_session_is_told_with_its_folder(far, look, monkeypatch):
    monkeypatch.setattr("quantgraph.backends.xtquant.examining.WAIT_S", 0.2)
    far.counter.answer = -1
    code, found = look()
    assert (code, found["terminal trading"]["state"]) == (1, "problem")
    assert "terminal.path" in found["terminal trading"]["advice"]
    assert found["terminal market data"]["state"] == "ok"


def test_a_folder_and_a_port_that_are_not_there_are_named(far, look, tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        taken = server.getsockname()[1]
    code, found = look(tmp_path / "elsewhere", taken)
    assert code == 1
    assert "elsewhere" in found["terminal path"]["found"]
    assert str(taken) in found["terminal port"]["found"]
    assert "terminal.port" in found["terminal port"]["advice"]


def test_a_folder_of_another_name_and_an_empty_path_are_named(far, look, tmp_path):
    assert look(tmp_path)[1]["terminal path"]["state"] == "warning"
    code, found = look("")
    assert (code, found["terminal path"]["state"]) == (1, "problem")


def test_a_machine_without_the_sdk_is_told_what_to_install(look, monkeypatch):
    def absent():
        raise StartupError(Reason.SDK_UNUSABLE, "The package xtquant is not installed.")

    monkeypatch.setattr("quantgraph.backends.xtquant.examining.load_sdk", absent)
    code, found = look()
    assert (code, found["sdk"]["state"]) == (1, "problem")
    assert "pip install" in found["sdk"]["advice"]
    assert "terminal trading" not in found


@pytest.mark.parametrize(("zone", "state"), [("Asia/Shanghai", "ok"), ("UTC", "warning")])
def test_another_time_zone_is_a_warning(far, look, monkeypatch, zone, state):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert look()[1]["time zone"]["state"] == state
    finally:
        monkeypatch.undo()
        time.tzset()
