"""The processes of bench/remote: agents, and gateways over them by config alone."""

import contextlib
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.startup import ROOT
from quantgraph.domain.access import Scope
from quantgraph.store.keys import KeyStore

QUANTGRAPH = (sys.executable, "-m", "quantgraph")
_SECONDS = 60


@dataclass(frozen=True)
class Place:
    """A gateway that serves: its process, its ports, and a key of it ("" where it wants none)."""

    pid: int
    http: int
    grpc: int
    key: str


@dataclass(frozen=True)
class Plan:
    """How a gateway is started: the folder of its config and data, its mode, and the rest of it."""

    folder: Path
    mode: str
    rest: str = ""
    command: Sequence[str] = QUANTGRAPH
    core: int | None = None


@contextmanager
def serving(plan: Plan) -> Iterator[Place]:
    """Start a gateway by a config.toml of its own."""
    data, file = plan.folder / "data", plan.folder / "config.toml"
    data.mkdir(parents=True, exist_ok=True)
    file.write_text(f'mode = "{plan.mode}"\n{plan.rest}\n[http]\nport = 0\n[grpc]\nport = 0\n')
    key = "" if plan.mode == "mock" else _key(data / plan.mode)
    options = ("--config", str(file), "--data-dir", str(data))
    log = (plan.folder / "log").open("wb")
    process = subprocess.Popen(
        [*pinned(plan.core), *plan.command, "serve", *options],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True,
    )  # fmt: skip
    try:
        http, grpc = _ports(process, plan)
        yield Place(process.pid, http, grpc, key)
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@contextmanager
def over(target: str, plan: Plan, agent_key: str = "") -> Iterator[Place]:
    """Start a gateway whose terminal is the agent at `target`, and wait until it stands."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    remote = f'[terminal]\nkind = "remote"\nname = "far"\n[terminal.remote]\ntarget = "{target}"\n'
    remote += "tls = false\n"
    if agent_key:
        file = plan.folder / "agent.key"
        file.write_text(agent_key)
        remote += f'key_file = "{file}"\n'
    whole = Plan(plan.folder, plan.mode, remote + plan.rest, plan.command, plan.core)
    with serving(whole) as place:
        _wait(place)
        yield place


def pinned(core: int | None) -> list[str]:
    """Return what keeps a process to one core, where that is possible and wanted."""
    return ["taskset", "-c", str(core)] if core is not None and shutil.which("taskset") else []


def _key(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    return KeyStore(folder / "keys.sqlite").create(Scope.ADMIN, None)


def _ports(process: subprocess.Popen[str], plan: Plan) -> tuple[int, int]:
    assert process.stdout is not None
    told = ""
    while "Ctrl-C stops it." not in told:
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"It did not start: {(plan.folder / 'log').read_text()[-2000:]}")
        told += line
    http, grpc = re.search(r"GraphQL +\S+:(\d+)/", told), re.search(r"gRPC +\S*:(\d+)", told)
    assert http and grpc, told
    return int(http[1]), int(grpc[1])


def _wait(place: Place) -> None:
    """Return once its terminal stands: both of its links are told of at /health/ready."""
    until, problems = time.monotonic() + _SECONDS, "it does not answer"
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{place.http}/health/ready", timeout=5):
                return
        except urllib.error.HTTPError as error:
            problems = str(json.load(error).get("problems"))
        except OSError:
            pass
        with contextlib.suppress(InterruptedError):
            time.sleep(0.1)
    raise SystemExit(f"A gateway over an agent is not ready: {problems}")
