"""The shapes of docs/deployment.md as processes on loopback, an agent over the real SDK layer."""

import os
import re
import select
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic

import httpx
import pytest

from tests.doubles.agent import COMMAND
from tests.doubles.world import ACCOUNT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
ROOT = Path(__file__).parents[2]
# A machine that does much else takes ten times as long as a quiet one.
_SECONDS = 90
QUANTGRAPH = (sys.executable, "-m", "quantgraph")
BLOCKS = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "deployment.md").read_text(), re.DOTALL)
ONE_BOX, AGENT, GATEWAY, MANY, BUS = BLOCKS
READ = """{ serverInfo { terminalStatus { name state } }
  accounts { id terminal asset { source } } quote(symbol: "600519.SH") { source } }"""
MOCK = 'mode = "mock"\n'


class Running:
    """A gateway that serves, and a key of it."""

    def __init__(self, process, key):
        self.process, self.key = process, key
        told = ""
        while "Ctrl-C stops it." not in told:
            line = process.stdout.readline()
            assert line, "it has ended"
            told += line
        self.http = re.search(r"http://127.0.0.1:\d+", told)[0]
        self.grpc = re.search(r"gRPC +(\S+)", told)[1]

    def read(self):
        """Return what a client sees: problems by part, and what it asks for."""
        headers = {"X-API-Key": self.key}
        ready = httpx.get(f"{self.http}/health/ready", timeout=20).json()
        told = httpx.post(f"{self.http}/graphql", json={"query": READ}, headers=headers, timeout=60)
        return ready.get("problems") or {}, told.json()["data"]

    def settled(self, done):
        """Return what a client sees once it is so; each look waits for the gateway's answer."""
        until = monotonic() + _SECONDS
        while monotonic() < until:
            problems, data = self.read()
            if done(problems):
                return data
        raise AssertionError(problems)


@pytest.fixture
def begin(tmp_path):
    """Begin gateways by configuration, each in a folder of its own; all end with the test."""
    with ExitStack() as stack:

        def start(name, text, command=QUANTGRAPH, *arguments, scope="trade"):
            folder = tmp_path / name
            folder.mkdir()
            file = folder / "config.toml"
            ports = "" if "[http]" in text else "\n[http]\nport = 0\n[grpc]\nport = 0\n"
            file.write_text(text + ports)
            options = ("--config", str(file), "--data-dir", str(folder / "data"))
            made = _run(*QUANTGRAPH, "keys", "create", *options, "--scope", scope)
            return stack.enter_context(
                serving((*command, "serve", *options, *arguments), made.strip())
            )

        yield start


def _environment():
    own = ("QUANTGRAPH_", "APP_MODE")
    return {name: each for name, each in os.environ.items() if not name.startswith(own)}


def _run(*command):
    kept = {"cwd": ROOT, "env": _environment(), "text": True}
    return subprocess.run(command, capture_output=True, check=True, timeout=60, **kept).stdout


@contextmanager
def serving(command, key):
    process = subprocess.Popen(
        command, cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        yield Running(process, key)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        process.stdout.close()


def placed(text):
    """Return a configuration of the page without TLS, as between processes of one machine."""
    text = re.sub(r"\[tls\]\n(.+\n)+", "", text)
    return re.sub(r"^(remote\.)?authorities = .*$", r"\1tls = false", text, flags=re.MULTILINE)


def agent_config():
    return placed(AGENT).replace("10.0.0.5", "127.0.0.1").replace("8000", "0").replace("50051", "0")


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
    _ended(last)


def _ended(process):
    """Wait until a process that is no child of ours has ended."""
    watched = os.pidfd_open(process)
    try:
        ended, _, _ = select.select([watched], [], [], 60)
        assert ended
    finally:
        os.close(watched)


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
