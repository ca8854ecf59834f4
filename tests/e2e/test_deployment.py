"""The shapes of docs/deployment.md as processes on loopback, an agent over the real SDK layer."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.doubles.agent import COMMAND
from tests.doubles.world import ACCOUNT
from tests.e2e.processes import ROOT, begin, ended

__all__ = ["begin"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
BLOCKS = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "deployment.md").read_text(), re.DOTALL)
ONE_BOX, AGENT, GATEWAY, MANY, BUS = BLOCKS
CERTIFICATE = "-----BEGIN CERTIFICATE"
MOCK = 'mode = "mock"\n'


def placed(text):
    """Return a configuration of the page without TLS, as between processes of one machine."""
    text = re.sub(r"\[tls\]\n(.+\n)+", "", text)
    return re.sub(r"^(remote\.)?authorities = .*$", r"\1tls = false", text, flags=re.MULTILINE)


def agent_config(text=None):
    text = text or placed(AGENT)
    return text.replace("10.0.0.5", "127.0.0.1").replace("8000", "0").replace("50051", "0")


def filed(text, tmp_path, files):
    """Return a configuration whose files, by the names that it has them, are written here."""
    for name, content in files.items():
        (tmp_path / name).write_text(content)
        text = text.replace(f'"{name}"', f'"{tmp_path / name}"')
    return text


def over(text, tmp_path, **agents):
    """Return a gateway's configuration over agents, by the key file that the page names."""
    text = placed(text)
    for name, (address, target, key) in agents.items():
        file = tmp_path / f"{name}.key"
        file.write_text(key)
        text = text.replace(address, target).replace(f'"{name}.key"', f'"{file}"')
    return text


def sources(data):
    real = [each for each in data["accounts"] if not each["id"].startswith("paper-")]
    return {each["id"]: (each["terminal"], each["asset"]["source"]) for each in real}


def test_one_box_survives_its_sdk_and_takes_its_agent_along(begin, tmp_path):
    gateway = begin("box", ONE_BOX, COMMAND, "--isolate")
    data = gateway.settled(lambda problems: not problems)
    assert sources(data) == {ACCOUNT: ("qmt", "TERMINAL")}
    assert data["quote"] == {"source": "TERMINAL"}
    (file,) = (tmp_path / "box").glob("data/dev/agents/*/dev/gateway.pid")
    first = int(file.read_text())
    os.kill(first, signal.SIGKILL)
    gateway.settled(lambda problems: problems)
    assert gateway.settled(lambda problems: not problems)["quote"] == {"source": "TERMINAL"}
    last = int(file.read_text())
    assert last != first
    gateway.process.kill()
    # Its input has ended: it goes by itself, and leaves no file with its name.
    ended(last)


def test_an_agent_and_a_gateway_elsewhere_speak_tls(begin, certified, tmp_path):
    key, begins, chain = Path(certified.config["certificate"]).read_text().partition(CERTIFICATE)
    pems = {"agent.pem": begins + chain, "agent.key.pem": key}
    pems["agent-ca.pem"] = certified.authority.read_text()
    east = begin("agent", agent_config(filed(AGENT, tmp_path, pems)), COMMAND, scope="read")
    assert east.http.startswith("https://")
    text = filed(GATEWAY, tmp_path, pems | {"agent.key": east.key})
    one = begin("one", text.replace("10.0.0.5:50051", east.grpc))
    data = one.settled(lambda problems: not problems)
    assert (sources(data), data["quote"]) == (
        {ACCOUNT: ("qmt", "TERMINAL")},
        {"source": "TERMINAL"},
    )


def test_gateways_elsewhere_read_one_agent_and_another(begin, tmp_path):
    east = begin("agent", agent_config(), COMMAND, scope="read")
    one = begin("one", over(GATEWAY, tmp_path, agent=("10.0.0.5:50051", east.grpc, east.key)))
    assert sources(one.settled(lambda problems: not problems)) == {ACCOUNT: ("qmt", "TERMINAL")}
    # Another terminal, whose data is simulated: it is never taken for real data.
    west = begin("west", MOCK, scope="read")
    agents = {
        "east": ("10.0.0.5:50051", east.grpc, east.key),
        "west": ("10.0.0.6:50051", west.grpc, west.key),
    }
    many = [begin(name, over(MANY, tmp_path, **agents)) for name in ("a", "b")]
    both = {ACCOUNT: ("east", "TERMINAL"), "sim-1": ("west", "SIMULATED")}
    for each in many:
        data = each.settled(lambda problems: not problems)
        assert (sources(data), data["quote"]) == (both, {"source": "TERMINAL"})
    many[0].process.kill()
    problems, data = many[1].read()
    assert (problems, sources(data)) == ({}, both)
    east.process.send_signal(signal.SIGTERM)
    data = many[1].settled(lambda problems: "east.accounts" in problems)
    assert data["quote"] is None
    assert [each["state"] for each in data["serverInfo"]["terminalStatus"]] == ["LOST", "CONNECTED"]
