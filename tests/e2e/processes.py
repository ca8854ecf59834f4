"""Gateways as processes of their own on loopback, each in a folder of its own."""

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

ROOT = Path(__file__).parents[2]
# A machine that does much else takes ten times as long as a quiet one.
_SECONDS = 90
QUANTGRAPH = (sys.executable, "-m", "quantgraph")
READ = """{ serverInfo { terminalStatus { name state } }
  accounts { id terminal asset { source } } quote(symbol: "600519.SH") { source } }"""


class Running:
    """A gateway that serves, and a key of it."""

    def __init__(self, process, key):
        self.process, self.key = process, key
        told = ""
        while "Ctrl-C stops it." not in told:
            line = process.stdout.readline()
            assert line, "it has ended"
            told += line
        self.http = re.search(r"https?://127.0.0.1:\d+", told)[0]
        self.grpc = re.search(r"gRPC +(\S+)", told)[1]

    def read(self):
        """Return what a client sees: problems by part, and what it asks for."""
        headers = {"X-API-Key": self.key}
        ready = httpx.get(f"{self.http}/health/ready", timeout=20).json()
        told = httpx.post(f"{self.http}/graphql", json={"query": READ}, headers=headers, timeout=60)
        return ready.get("problems") or {}, told.json()["data"]

    def ask(self, query, key=None, **variables):
        """Return what a client is answered, or the codes of the errors."""
        body = {"query": query, "variables": variables}
        headers = {"X-API-Key": key or self.key}
        told = httpx.post(f"{self.http}/graphql", json=body, headers=headers, timeout=60).json()
        return [each["extensions"]["code"] for each in told.get("errors", ())] or told["data"]

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
            options = placed_in(tmp_path / name, text)
            made = quantgraph(options, "keys", "create", "--scope", scope)
            return stack.enter_context(serving((*command, "serve", *options, *arguments), made))

        yield start


def placed_in(folder, text):
    """Write a configuration into a folder, made if need be; return the options that name both."""
    folder.mkdir(exist_ok=True)
    file = folder / "config.toml"
    ports = "" if "[http]" in text else "\n[http]\nport = 0\n[grpc]\nport = 0\n"
    file.write_text(text + ports)
    return options_of(folder)


def options_of(folder):
    """Return the options that name the configuration and the data of a folder."""
    return ("--config", str(folder / "config.toml"), "--data-dir", str(folder / "data"))


def quantgraph(options, *words):
    """Return what a command prints."""
    return run(*QUANTGRAPH, *words, *options).strip()


def environment():
    own = ("QUANTGRAPH_", "APP_MODE")
    return {name: each for name, each in os.environ.items() if not name.startswith(own)}


def run(*command):
    kept = {"cwd": ROOT, "env": environment(), "text": True}
    return subprocess.run(command, capture_output=True, check=True, timeout=60, **kept).stdout


@contextmanager
def serving(command, key, **told):
    """Run a gateway; `told` is added to its environment."""
    here = {"cwd": ROOT, "env": environment() | told, "text": True}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, **here)
    try:
        yield Running(process, key)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        process.stdout.close()


def ended(process):
    """Wait until a process that is no child of ours has ended."""
    watched = os.pidfd_open(process)
    try:
        done, _, _ = select.select([watched], [], [], 60)
        assert done
    finally:
        os.close(watched)
