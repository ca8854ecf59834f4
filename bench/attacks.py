"""What a client waits for while others attack, beside what it waits for when nobody does.

    uv run --group bench python -m bench.attacks [--rounds 5] [--seconds 3]

A gateway is started as a user would, with two keys. A client of raw sockets, in a process of its
own, asks a quote with the one; the attackers, in another, use the other key or none. In every round
it is asked first with nobody else there, then during each attack. Hostile documents are timed
beside the parsing of the largest allowed one. Writes its tables into docs/performance.md.
"""

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path

from graphql import parse

from api.documents import DocumentRefused, Documents
from bench.assault import ATTACKS, Target, attack
from bench.graphql.client import Job, latencies
from bench.report import write_table
from bench.startup import ROOT, free_port
from quantgraph.config import LimitsConfig
from quantgraph.domain.access import Scope
from quantgraph.domain.errors import InvalidRequest
from quantgraph.store.keys import KeyStore
from resolvers.root import graphql_schema
from tests.api.hostile import FILLING, LONG, hostile, largest

_QUOTE = '{ quote(symbol: "600519.SH") { time lastPrice volume bids { price quantity } } }'


@dataclass(frozen=True)
class Server:
    """A gateway, and what asks it with the key that does nothing wrong."""

    target: Target
    asked: bytes


@contextmanager
def started(folder: Path) -> Generator[Server]:
    (folder / "mock").mkdir()
    keys = KeyStore(folder / "mock" / "keys.sqlite")
    good, bad = keys.create(Scope.READ, None), keys.create(Scope.READ, None)
    target = Target(free_port(), free_port(), bad)
    options = ["--port", str(target.port), "--grpc-port", str(target.grpc)]
    command = [sys.executable, "-m", "quantgraph", "serve", *options, "--data-dir", str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        try:
            _wait(target.port)
            yield Server(target, _request(good))
        finally:
            process.terminate()
            process.wait(20)


def _wait(port: int) -> None:
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.1)
    raise SystemExit("the gateway did not start")


def _request(key: str) -> bytes:
    body = json.dumps({"query": _QUOTE})
    head = f"host: 127.0.0.1\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n"
    return (f"POST /graphql HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n{body}").encode()


def rounds(server: Server, pools: Sequence[Pool], asked: argparse.Namespace) -> Iterator[
    Mapping[str, list[float]]
]:  # fmt: skip
    """Yield the milliseconds of every answer, by attack; "idle" for none."""
    client, attackers = pools
    job = Job(server.target.port, [server.asked], seconds=asked.seconds, least=20, warm=5)
    for _ in range(asked.rounds):
        found = {"idle": client.apply(latencies, (job,))}
        for name in ATTACKS:
            meanwhile = attackers.apply_async(attack, (name, server.target, asked.seconds + 1))
            time.sleep(0.5)  # until it is under way
            found[name] = client.apply(latencies, (job,))
            told = meanwhile.get(120)
            assert "5xx" not in told, f"{name}: {told}"
        yield found


def rows(found: Sequence[Mapping[str, list[float]]]) -> Iterator[str]:
    idle = [_p99(each["idle"]) for each in found]
    yield f"| nobody | {statistics.median(idle):.2f} | 1 |"
    for name in ATTACKS:
        here = [_p99(each[name]) for each in found]
        ratios = sorted(a / b for a, b in zip(here, idle, strict=True))
        shown = f"{ratios[0]:.1f} / **{statistics.median(ratios):.1f}** / {ratios[-1]:.1f}"
        yield f"| {name} | {statistics.median(here):.2f} | {shown} |"


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[min(int(len(values) * 0.99), len(values) - 1)]


def documents(times: int) -> Iterator[str]:
    """Yield how long each hostile document takes, as a share of the largest one's parsing."""
    limits = LimitsConfig()
    made = Documents(graphql_schema._schema, limits)  # noqa: SLF001 as the gateway itself makes it
    texts = [largest(), largest(FILLING)]
    base = [min(_seconds(lambda text=text: parse(text)) for _ in range(times)) for text in texts]

    def refuse(text: str) -> None:
        with suppress(DocumentRefused, InvalidRequest):
            made._prepare(text)  # noqa: SLF001 in this thread, as the work alone is timed

    refuse(texts[0])
    for name, text in hostile().items():
        took = min(_seconds(lambda text=text: refuse(text)) for _ in range(times))
        yield f"| {name} | {len(text):,} | {took / base[name in LONG]:.2f} |"


def _seconds(work: Callable[[], object]) -> float:
    """Return the processor's time: what else the machine does is not asked about."""
    began = time.process_time()
    work()
    return time.process_time() - began


def table(found: Sequence[Mapping[str, list[float]]], asked: argparse.Namespace) -> Iterator[str]:
    load = os.getloadavg()[0]
    yield (
        f"CPython {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, load "
        f"{load:.1f}; {asked.rounds} rounds of {asked.seconds} s."
    )
    yield "\n| meanwhile | p99 of a quote, ms | times idle (min / median / max) |\n|---|--:|--:|"
    yield from rows(found)
    yield "\n| document | characters | times parsing the largest allowed one |\n|---|--:|--:|"
    yield from documents(asked.rounds)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--short", action="store_true", help="see that it works")
    asked = parser.parse_args()
    if asked.short:
        asked.rounds, asked.seconds = 1, 0.3
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        spawn = get_context("spawn")
        pools = [stack.enter_context(spawn.Pool(1)) for _ in range(2)]
        server = stack.enter_context(started(home))
        text = "\n".join(table(list(rounds(server, pools, asked)), asked))
    print(text)
    if not asked.short:
        write_table("attacks", text)


if __name__ == "__main__":
    main()
