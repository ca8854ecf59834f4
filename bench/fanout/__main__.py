"""Measures live quotes to many sockets, beside plain Strawberry on uvicorn and Node's graphql-ws.

    uv run --group bench python -m bench.fanout [--short] [--rounds 3] [--seconds 3]

Servers run on one core, the load client (client.cpp, built here) on another; each table says what
share of its core the client used. Writes docs/performance.md unless --short.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bench.fanout.feeding import codes
from bench.graphql.contestants import NODE, has_node
from bench.graphql.dataset import ROOT
from bench.report import write_table
from bench.startup import free_port

_FIELDS = "{ quote { symbol lastPrice volume amount } }"
_ONE = f"subscription($s: [Symbol!]!) {{ quotes(symbols: $s) {_FIELDS} }}"
_PACED = f"subscription($s: [Symbol!]!) {{ quotes(symbols: $s, minIntervalMs: 200) {_FIELDS} }}"
BURST = 16


@dataclass(frozen=True)
class Peer:
    """A server, and how it is started."""

    name: str
    command: Sequence[str]


@dataclass(frozen=True)
class Found:
    """What the load client saw."""

    deliveries: float
    per_cpu: float
    p50_us: float
    p99_us: float
    client: float
    closed: int


@dataclass
class Case:
    """How many sockets subscribe to what, and how the feed speaks meanwhile."""

    name: str
    sockets: int
    payloads: Sequence[str]
    symbols: int
    feed: str
    gather_ms: int = 5
    stalled: int = 0
    found: dict[str, list[Found]] = field(default_factory=dict[str, list[Found]])


OURS = Peer("quantgraph", [sys.executable, "-m", "bench.fanout.ours"])
PLAIN = Peer("plain Strawberry", [sys.executable, "-m", "bench.fanout.plain"])
GRAPHQL_WS = Peer("Node graphql-ws", ["node", str(NODE / "fanout.mjs")])


def payload(document: str, symbols: Sequence[str]) -> str:
    return json.dumps({"query": document, "variables": {"s": list(symbols)}})


def saturated(sockets: int, burst: int) -> Case:
    """One document; the feed says `burst` quotes as soon as all were told the last."""
    many = codes(BURST)
    name = f"{sockets:,} subscribers, {'one write per event' if burst == 1 else 'bursts of 16'}"
    gather = 0 if burst == 1 else 5
    return Case(name, sockets, [payload(_ONE, many)], BURST, f"saturate {burst}", gather)


def listed(sockets: int, symbols: int, rate: int) -> Case:
    """Every subscriber has its own 20 symbols, told every 200 ms."""
    draw, many = Random(7), codes(symbols)
    payloads = [payload(_PACED, sorted(draw.sample(many, 20))) for _ in range(sockets)]
    name = f"{sockets:,} lists of 20 of {symbols:,} symbols, {rate:,} quotes/s in, every 200 ms"
    return Case(name, sockets, payloads, symbols, f"pace {rate} {max(rate // 1000, 1)}")


@contextmanager
def served(peer: Peer, case: Case) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [*_pinned(0), *peer.command, str(port), folder, str(case.symbols)]
        if peer is OURS:
            command.append(str(case.gather_ms))
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


def tell(process: subprocess.Popen[str], command: str) -> None:
    assert process.stdin and process.stdout
    process.stdin.write(f"{command}\n")
    process.stdin.flush()
    assert process.stdout.readline().strip() == "done", command


def measure(peer: Peer, case: Case, client: Path, seconds: float) -> Found:
    with served(peer, case) as (server, port), tempfile.NamedTemporaryFile("w") as file:
        file.write("\n".join(case.payloads))
        file.flush()
        arguments = ["127.0.0.1", str(port), str(case.sockets), file.name, "graphql"]
        load = subprocess.Popen(
            [*_pinned(1), str(client), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert load.stdin and load.stdout
        try:
            if load.stdout.readline().strip() != "ready":
                raise SystemExit(f"The load client failed with {peer.name}.")
            tell(server, case.feed)
            _asked(load, f"measure {seconds / 3} {case.stalled}")
            used = _used(server.pid)
            count, took, p50, p99, share, closed = _asked(load, f"measure {seconds} {case.stalled}")
            used = _used(server.pid) - used
            tell(server, "stop")
            return Found(count / took, count / max(used, 0.01), p50, p99, share, int(closed))
        finally:
            load.kill()
            load.wait()


def idle(client: Path, sockets: int) -> str:
    """Say what sockets cost that subscribe to one quiet symbol each, alone and together."""
    case = Case("idle", sockets, [payload(_ONE, codes(1))], 1, "stop")
    with served(OURS, case) as (server, port), tempfile.NamedTemporaryFile("w") as file:
        file.write(case.payloads[0])
        file.flush()
        before = _memory(server.pid)
        arguments = ["127.0.0.1", str(port), str(sockets), file.name, "graphql"]
        load = subprocess.Popen(
            [*_pinned(1), str(client), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert load.stdout
        try:
            if load.stdout.readline().strip() != "ready":
                raise SystemExit("The load client failed with idle sockets.")
            grown = _memory(server.pid) - before
        finally:
            load.kill()
            load.wait()
    return f"{sockets:,} idle sockets cost {grown:.0f} MB ({grown * 1000 / sockets:.0f} KB each)."


def _used(pid: int) -> float:
    """Return the seconds of processor time that a process has had."""
    figures = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(figures[11]) + int(figures[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1000
    return 0.0


def _asked(load: subprocess.Popen[str], command: str) -> list[float]:
    assert load.stdin and load.stdout
    load.stdin.write(f"{command}\n")
    load.stdin.flush()
    return [float(each) for each in load.stdout.readline().split()]


def _pinned(core: int) -> list[str]:
    return ["taskset", "-c", str(core)] if shutil.which("taskset") else []


def build(folder: Path) -> Path:
    """Compile the load client."""
    source, binary = Path(__file__).with_name("client.cpp"), folder / "client"
    subprocess.run(["c++", "-O2", "-std=c++17", "-o", binary, source], check=True)
    return binary


def rows(case: Case) -> Iterator[str]:
    ours = case.found[OURS.name]
    for name, found in case.found.items():
        rate = statistics.median(each.deliveries for each in found)
        worth = statistics.median(each.per_cpu for each in found)
        cells = [case.name, name, f"{rate:,.0f}", f"{worth:,.0f}"]
        cells.append(_milliseconds(found, "p50_us") + " / " + _milliseconds(found, "p99_us"))
        cells.append(f"{max(each.client for each in found):.0%}")
        figures = ("deliveries", "per_cpu") if name != OURS.name else ()
        cells += [_ratios(ours, found, figure) for figure in figures] or ["", ""]
        yield f"| {' | '.join(cells)} |"


def _ratios(ours: Sequence[Found], found: Sequence[Found], figure: str) -> str:
    pairs = zip(ours, found, strict=True)
    ratios = sorted(getattr(a, figure) / max(getattr(b, figure), 1) for a, b in pairs)
    return f"{ratios[0]:.1f} / **{statistics.median(ratios):.1f}** / {ratios[-1]:.1f}"


def _milliseconds(found: Sequence[Found], name: str) -> str:
    return f"{statistics.median(getattr(each, name) for each in found) / 1000:.1f}"


HEAD = (
    "| | server | deliveries/s | per CPU s | p50 / p99 ms | client's core | ours ÷ it | by CPU |",
    "|---|---|---|---|---|---|---|---|",
)


def show(cases: Sequence[Case], rounds: int, seconds: float) -> str:
    note = (
        f"Medians of {rounds} rounds of {seconds:g} s; ratios are of one round each "
        "(least / median / most). One document, "
        "4 fields; the server on one core, the load client on another."
    )
    return "\n".join((note, "", *HEAD, *(row for case in cases for row in rows(case))))


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.fanout")
    parser.add_argument("--short", action="store_true", help="few sockets, nothing written")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    if options.short:
        options.rounds, options.seconds = 1, 0.3
    cases = list(_cases(short=options.short))
    peers = [PLAIN, *([GRAPHQL_WS] if has_node(install=True) else []), OURS]
    with tempfile.TemporaryDirectory() as folder:
        client = build(Path(folder))
        for _ in range(options.rounds):
            for case in cases:
                for peer in peers:
                    found = measure(peer, case, client, options.seconds)
                    case.found.setdefault(peer.name, []).append(found)
                    print(case.name, peer.name, found, flush=True)
        quiet = idle(client, 50 if options.short else 5_000)
    text = f"{show(cases, options.rounds, options.seconds)}\n\n{quiet}"
    print(f"\n{text}")
    if not options.short:
        write_table("fanout", text)


def _cases(*, short: bool) -> Iterator[Case]:
    for sockets in (20,) if short else (100, 1_000):
        yield saturated(sockets, 1)
        yield saturated(sockets, BURST)
    yield listed(20, 100, 500) if short else listed(1_000, 5_000, 50_000)


if __name__ == "__main__":
    main()
