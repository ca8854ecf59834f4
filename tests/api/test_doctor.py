"""`quantgraph doctor` says why a gateway would not start, and what to do."""

import json
import os
import socket
import sqlite3
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import trustme
from typer.testing import CliRunner

from api import doctor
from api.cli import app
from api.validity import validity_of


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Examine a configuration over a data folder: exit code, and findings by what was looked at."""
    monkeypatch.delenv("APP_MODE", raising=False)
    file = tmp_path / "own.toml"

    def looked(text="", folder="data", *options):
        file.write_text(text or "[http]\nport = 0\n[grpc]\nport = 0\n")
        place = ["--config", str(file), "--data-dir", str(tmp_path / folder)]
        done = CliRunner().invoke(app, ["doctor", "--json", *place, *options])
        return done.exit_code, {each["check"]: each for each in json.loads(done.stdout)}

    return looked


def test_all_is_well_where_nothing_is_wrong(look):
    code, found = look()
    assert code == 0
    assert {each["state"] for each in found.values()} <= {"ok", "warning"}
    assert {"config", "folder", "disk", "http port", "grpc port", "store", "keys", "clock"} <= {
        *found
    }


def test_it_tells_which_parts_are_compiled(look, monkeypatch):
    monkeypatch.setattr(doctor, "encoder_name", lambda: "numpy")
    monkeypatch.setattr(doctor, "core_name", lambda: "compiled")
    _, found = look()
    assert found["compiled parts"]["found"] == "row encoder: numpy, matching core: compiled"


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


def test_a_store_in_a_folder_that_is_named_from_here_is_looked_at(look, tmp_path, monkeypatch):
    (tmp_path / "data/mock").mkdir(parents=True)
    sqlite3.connect(tmp_path / "data/mock/market.sqlite").close()
    monkeypatch.chdir(tmp_path)
    place = ["--config", "own.toml", "--data-dir", "data"]
    look()
    done = CliRunner().invoke(app, ["doctor", "--json", *place])
    found = {each["check"]: each for each in json.loads(done.stdout)}
    assert "has version 0" in found["store"]["found"]


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


@pytest.mark.parametrize(("free", "state"), [(1_900_000_000, "warning"), (99_000_000, "problem")])
def test_a_disk_that_is_nearly_full_is_told(look, monkeypatch, free, state):
    monkeypatch.setattr("api.doctor.shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    code, found = look()
    assert (code, found["disk"]["state"]) == (int(state == "problem"), state)
    assert found["disk"]["advice"]


def test_what_else_the_configuration_names_is_looked_at(look, tmp_path):
    (tmp_path / "file").write_text("")
    code, found = look(
        f'[http]\nport = 0\ndocuments = "enforce"\nmanifest = "{tmp_path}/none.json"\n'
        f'[grpc]\nport = 0\n[logging]\nfolder = "{tmp_path}/file"\n'
    )
    assert code == 1
    assert (found["documents"]["state"], found["logs"]["state"]) == ("problem", "problem")


def certificate(folder, days) -> str:
    """A certificate and its key of 127.0.0.1 that ends in so many days."""
    authority, now = trustme.CA(), datetime.now(UTC)
    made = authority.issue_cert(
        "127.0.0.1", not_before=now - timedelta(days=400), not_after=now + timedelta(days=days)
    )
    file = folder / f"certificate{days}.pem"
    made.private_key_and_cert_chain_pem.write_to_path(file)
    return f"[http]\nport = 0\n[grpc]\nport = 0\n[tls]\ncertificate = '{file}'\n"


@pytest.mark.parametrize(
    ("days", "state", "said"),
    [(100, "ok", "until"), (3, "warning", "until"), (-1, "problem", "expired")],
)
def test_the_end_of_a_certificate_is_told_before_it_comes(look, tmp_path, days, state, said):
    _, found = look(certificate(tmp_path, days))
    told = found["certificate expiry"]
    assert told["state"] == state
    assert f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}" in told["found"]
    assert said in told["found"]


def test_a_file_of_other_things_is_no_certificate():
    with pytest.raises(ValueError, match="no certificate"):
        validity_of(b"-----BEGIN PRIVATE KEY-----")
    with pytest.raises(ValueError):
        validity_of(b"-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n")


class TimeServer:
    """Tells the time over UDP, so many seconds ahead; `head` is what its first two bytes are."""

    def __init__(self, ahead=0.0, head=(0x24, 2), echo=True) -> None:
        self._ahead, self._head, self._echo = ahead, head, echo
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        question, peer = self._socket.recvfrom(512)
        now = time.time() + self._ahead + 2_208_988_800
        stamp = struct.pack("!II", int(now), int(now % 1 * 2**32))
        echo = question[40:48] if self._echo else bytes(8)
        body = bytes(self._head) + bytes(14) + bytes(8) + echo + stamp + stamp
        self._socket.sendto(body, peer)
        self._socket.close()


@pytest.mark.parametrize(
    ("ahead", "state", "said"),
    [(0, "ok", "s "), (2, "warning", "slow"), (-60, "problem", "fast")],
)
def test_a_time_server_tells_how_wrong_the_clock_is(look, ahead, state, said):
    server = TimeServer(ahead)
    told = look("", "data", "--ntp", server.place)[1]["time server"]
    assert told["state"] == state
    assert said in told["found"]
    assert bool(told["advice"]) is (state != "ok")


@pytest.mark.parametrize(
    "server", [{"head": (0xE4, 2)}, {"head": (0x24, 0)}, {"echo": False}], ids=str
)
def test_a_time_server_that_does_not_know_is_not_believed(look, server):
    told = look("", "data", "--ntp", TimeServer(1_000, **server).place)[1]["time server"]
    assert told["state"] == "warning"
    assert "does not tell the time" in told["found"]


def test_no_time_server_is_asked_unless_it_is_named(look):
    assert "time server" not in look()[1]
