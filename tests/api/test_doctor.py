"""`quantgraph doctor` says why a gateway would not start, and what to do."""

import json
import os
import socket
import sqlite3
import time

import pytest
from typer.testing import CliRunner

from api.cli import app


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Examine a configuration over a data folder: exit code, and findings by what was looked at."""
    monkeypatch.delenv("APP_MODE", raising=False)
    file = tmp_path / "own.toml"

    def looked(text="", folder="data"):
        file.write_text(text or "[http]\nport = 0\n[grpc]\nport = 0\n")
        place = ["--config", str(file), "--data-dir", str(tmp_path / folder)]
        done = CliRunner().invoke(app, ["doctor", "--json", *place])
        return done.exit_code, {each["check"]: each for each in json.loads(done.stdout)}

    return looked


def test_all_is_well_where_nothing_is_wrong(look):
    code, found = look()
    assert code == 0
    assert {each["state"] for each in found.values()} <= {"ok", "warning"}
    assert {"config", "folder", "disk", "http port", "grpc port", "store", "keys", "clock"} <= {
        *found
    }


def test_a_wrong_key_is_named_with_its_line(look):
    code, found = look('mode = "mock"\n\n[limits]\nbar_rows = -1\n\n[http]\nprot = 1\n')
    assert code == 1
    assert "line 4: limits.bar_rows:" in found["config"]["found"]
    assert "line 7: http.prot: unknown key" in found["config"]["found"]
    assert found["config"]["advice"]


def test_broken_toml_is_named_with_its_line(look):
    code, found = look("[http]\nport = \n")
    assert code == 1
    assert "line 2" in found["config"]["found"]


def test_a_taken_port_is_named(look):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, found = look(f"[http]\nport = {port}\n[grpc]\nport = 0\n")
    assert code == 1
    assert str(port) in found["http port"]["found"]
    assert "http.port" in found["http port"]["advice"]
    assert found["grpc port"]["state"] == "ok"


def test_a_store_of_another_version_is_named(look, tmp_path):
    (tmp_path / "data/mock").mkdir(parents=True)
    with sqlite3.connect(tmp_path / "data/mock/market.sqlite") as store:
        store.execute("PRAGMA user_version = 1")
    store.close()
    code, found = look()
    assert code == 1
    assert "has version 1" in found["store"]["found"]


def test_what_is_no_database_is_named(look, tmp_path):
    (tmp_path / "data/mock").mkdir(parents=True)
    (tmp_path / "data/mock/market.sqlite").write_bytes(b"scrambled" * 1000)
    assert look()[1]["store"]["state"] == "problem"


def test_a_folder_that_is_a_file_is_named(look, tmp_path):
    (tmp_path / "file").write_text("")
    code, found = look(folder="file")
    assert code == 1
    assert found["folder"]["state"] == "problem"


def test_a_clock_that_is_behind_its_own_files_is_told(look, tmp_path):
    (tmp_path / "data/mock").mkdir(parents=True)
    later = tmp_path / "data/mock/later"
    later.write_text("")
    os.utime(later, (time.time() + 3_600,) * 2)
    code, found = look()
    assert code == 1
    assert "newer than the clock" in found["clock"]["found"]


def test_beyond_loopback_it_asks_for_keys_and_certificates(look):
    code, found = look('[http]\nhost = "0.0.0.0"\nport = 0\n[grpc]\nport = 0\n')
    assert code == 1
    assert "keys create" in found["keys"]["advice"]
    assert found["tls"]["state"] == "problem"


def test_a_gateway_that_serves_is_no_problem(gateway, tmp_path):
    port = gateway.addresses.http.rpartition(":")[2]
    file = tmp_path / "own.toml"
    file.write_text(f"[http]\nport = {port}\n[grpc]\nport = 0\n")
    folder = str(gateway.assembly.config.data_path.parent)
    done = CliRunner().invoke(app, ["doctor", "--config", str(file), "--data-dir", folder])
    assert done.exit_code == 0, done.output
    assert "is taken, and a gateway serves" in done.output
