"""Nothing of NATS is there where no bus is configured, and a bus says what it lacks."""

import ast
import re
import sys
from pathlib import Path

import pytest

from api import buses
from api.buses import make_bus
from api.doctor import examine
from quantgraph.bus.names import Names, token
from quantgraph.domain.errors import StartupError
from quantgraph.loading import load_config
from quantgraph.places import BusConfig

ROOT = Path(__file__).parents[2]


def test_the_library_is_imported_only_where_a_bus_is_configured():
    """Only inside functions: `lint-imports` holds that no module besides names the library."""
    files = [file for room in ("api", "quantgraph") for file in (ROOT / room).rglob("*.py")]
    named = {
        (file.name, node.module)
        for file in files
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.ImportFrom) and node.module
    }
    kept = {"quantgraph.bus.connection", "quantgraph.bus.session"}
    assert {file for file, module in named if module.partition(".")[0] == "nats"} == {
        "connection.py",
        "session.py",
    }
    assert {file for file, module in named if module in kept} == {"connection.py"}


def test_a_bus_without_its_library_stops_the_start_and_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "quantgraph.bus.connection", raising=False)
    monkeypatch.delitem(sys.modules, "quantgraph.bus.session", raising=False)
    monkeypatch.setitem(sys.modules, "nats", None)
    with pytest.raises(StartupError, match=r"quantgraph\[bus\]"):
        make_bus(BusConfig(url="nats://127.0.0.1:4222"))


def test_a_token_or_a_certificate_that_cannot_be_read_stops_the_start(tmp_path):
    with pytest.raises(StartupError, match="token_file"):
        make_bus(BusConfig(url="nats://127.0.0.1:4222", token_file=str(tmp_path / "none")))
    pem = tmp_path / "ca.pem"
    pem.write_text("no certificate")
    with pytest.raises(StartupError, match="authorities or certificate"):
        make_bus(BusConfig(url="tls://bus.example:4222", authorities=str(pem)))


def test_the_page_of_deployments_shows_a_bus_that_config_takes(tmp_path):
    page = (ROOT / "docs" / "deployment.md").read_text()
    (shown,) = re.findall(r"```toml\n(\[bus\]\n.*?)```", page, re.DOTALL)
    file = tmp_path / "config.toml"
    file.write_text(shown)
    assert load_config(file).bus.url == "tls://10.0.0.9:4222"


def test_doctor_says_whether_the_bus_is_there(tmp_path, nats, monkeypatch):
    file = tmp_path / "config.toml"
    file.write_text(f'data_dir = "{tmp_path}"\n[bus]\nurl = "nats://127.0.0.1:{nats.port}"')

    def found():
        (finding,) = [each for each in examine(file, {}) if each.check == "bus"]
        return finding

    while not nats.answers():
        pass
    assert found().state == "ok"
    nats.kill()
    monkeypatch.setattr(buses, "_LOOK_S", 0.5)
    finding = found()
    assert (finding.state, "agents are asked" in finding.advice) == ("warning", True)


def test_subjects_bear_no_account_and_no_character_that_nats_knows():
    names = Names("quantgraph")
    subject = names.log("orders", "epoch_1", "8880001234")
    assert "8880001234" not in subject
    assert subject.startswith("quantgraph.log.orders.epoch_1.")
    assert names.log("orders", "epoch_1", "8880001235") != subject
    assert token("a.b >*") not in {"", "a.b >*"}
    assert token("a.b >*").isalnum()
