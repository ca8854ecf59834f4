"""How each server and each load client is started, asked and ended."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.fanout.cases import Case, Found
from bench.graphql.contestants import NODE
from bench.graphql.dataset import ROOT
from bench.startup import free_port


@dataclass(frozen=True)
class Peer:
    """A server, how it is started, and what it speaks where that is not the case's wire."""

    name: str
    command: Sequence[str]
    wire: str | None = None


def module(name: str) -> list[str]:
    return [sys.executable, "-m", f"bench.fanout.{name}"]


OURS = Peer("quantgraph", module("ours"))
PLAIN = Peer("plain Strawberry", module("plain"))
GRAPHQL_WS = Peer("Node graphql-ws", ["node", str(NODE / "fanout.mjs")])
PICOWS = Peer("picows, broadcast", module("plain_picows"), "raw")
PLAIN_GRPC = Peer("grpc.aio, a generator each", module("plain_grpc"))


@dataclass(frozen=True)
class Built:
    """The compiled programs: load clients by wire, and the floor."""

    clients: dict[str, Path]
    floor: Peer


def build(folder: Path) -> Built:
    """Compile the load clients and the floor."""

    def compiled(name: str) -> Path:
        source, binary = Path(__file__).with_name(f"{name}.cpp"), folder / name
        subprocess.run(["c++", "-O2", "-std=c++17", "-o", binary, source], check=True)
        return binary

    client = compiled("client")
    clients = {"graphql": client, "raw": client, "grpc": compiled("grpc_client")}
    return Built(clients, Peer("bare sockets", [str(compiled("floor"))], "raw"))


@contextmanager
def served(peer: Peer, case: Case) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [*pinned(0), *peer.command, str(port), folder, str(case.symbols)]
        if peer is OURS:
            command += [str(case.gather_ms), case.wire]
        log = (Path(folder) / "log").open("w")
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdin and process.stdout
        try:
            if process.stdout.readline().strip() != "listening":
                raise SystemExit(f"{peer.name} did not start: {Path(log.name).read_text()[-2000:]}")
            yield process, port
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            log.close()


@contextmanager
def loaded(
    built: Built, peer: Peer, case: Case, port: int, key: str = ""
) -> Iterator[subprocess.Popen[str]]:
    """Run the load client once all its sockets are subscribed; it may show a key."""
    wire = peer.wire or case.wire
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("\n".join(case.payloads))
        file.flush()
        command = [str(built.clients[wire]), "127.0.0.1", str(port), str(case.sockets), file.name]
        load = subprocess.Popen(
            [*pinned(1), *command, wire, str(case.stalled), *([key] if key else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert load.stdin and load.stdout
        try:
            if load.stdout.readline().strip() != "ready":
                raise SystemExit(f"The load client failed with {peer.name}.")
            yield load
        finally:
            load.kill()
            load.wait()


def measure(built: Built, peer: Peer, case: Case, seconds: float) -> Found:
    seconds = case.seconds or seconds
    with served(peer, case) as (server, port), loaded(built, peer, case, port) as load:
        tell(server, case.feed)
        # Who is to stall has to be full before it counts.
        asked(load, f"warm {seconds / 3} {case.stalled}")
        used = processor(server.pid)
        count, took, p50, p99, share, closed, quotes = asked(
            load, f"measure {seconds} {case.stalled}"
        )
        used = max(processor(server.pid) - used, 0.01)
        tell(server, "stop")
        return Found(count / took, count / used, p50, p99, share, int(closed), quotes / took)


def idle(built: Built, case: Case) -> str:
    """Say what sockets cost that subscribe to one quiet symbol each, alone and together."""
    with served(OURS, case) as (server, port):
        before = _memory(server.pid)
        with loaded(built, OURS, case, port):
            grown, count = _memory(server.pid) - before, case.sockets
    return f"{count:,} idle sockets cost {grown:.0f} MB ({grown * 1000 / count:.0f} KB each)."


def processor(pid: int) -> float:
    """Return the seconds of processor time that a process has had."""
    figures = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(figures[11]) + int(figures[12])) / os.sysconf("SC_CLK_TCK")


def tell(process: subprocess.Popen[str], command: str) -> None:
    assert process.stdin and process.stdout
    process.stdin.write(f"{command}\n")
    process.stdin.flush()
    assert process.stdout.readline().strip() == "done", command


def _memory(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1000
    return 0.0


def asked(load: subprocess.Popen[str], command: str) -> list[float]:
    assert load.stdin and load.stdout
    load.stdin.write(f"{command}\n")
    load.stdin.flush()
    return [float(each) for each in load.stdout.readline().split()]


def pinned(core: int) -> list[str]:
    return ["taskset", "-c", str(core)] if shutil.which("taskset") else []
