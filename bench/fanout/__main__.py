"""Measures live quotes to many clients beside what a user would take instead.

    uv run --group bench python -m bench.fanout [--short] [--rounds 5] [--seconds 3]

Servers run on one core, the load clients (client.cpp, grpc_client.cpp, built here) on another; each
table says what share of its core the client used. Writes docs/performance.md unless --short.
"""

import argparse
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.fanout import cases, tables
from bench.fanout.cases import BURST, Case
from bench.fanout.servers import (
    GRAPHQL_WS,
    OURS,
    PICOWS,
    PLAIN,
    PLAIN_GRPC,
    Built,
    Peer,
    build,
    idle,
    measure,
)
from bench.graphql.contestants import has_node
from bench.report import write_table


@dataclass(frozen=True)
class Plan:
    """Every case, grouped as the tables show them."""

    sockets: Sequence[Case]
    paced: Sequence[Case]
    stalled: Sequence[Case]
    calls: Sequence[Case]


def plan(*, short: bool) -> Plan:
    some = 20 if short else 100
    return Plan(
        list(cases.socket_cases(short=short)),
        [cases.paced(some, 200), cases.paced(some, 200, gather_ms=0)],
        [cases.stalling(some, count, 1_000, short=short) for count in (0, some // 10)],
        [cases.watching(some, 1), cases.watching(some, BURST)],
    )


def run(built: Built, peers: Iterable[Peer], found: Iterable[Case], seconds: float) -> None:
    for case in found:
        for peer in peers:
            if peer is built.floor and not case.feed.startswith("saturate"):
                continue
            seen = measure(built, peer, case, seconds)
            case.found.setdefault(peer.name, []).append(seen)
            print(case.name, peer.name, seen, flush=True)


def rounds(built: Built, planned: Plan, count: int, seconds: float) -> None:
    node = [GRAPHQL_WS] if has_node(install=True) else []
    for _ in range(count):
        run(built, [PLAIN, *node, built.floor, OURS], planned.sockets, seconds)
        run(built, [PICOWS, OURS], planned.paced, seconds)
        run(built, [OURS], planned.stalled, seconds)
        run(built, [PLAIN_GRPC, OURS], planned.calls, seconds)


def show(planned: Plan, count: int, seconds: float, load: tuple[float, float]) -> str:
    note = (
        f"Medians of {count} rounds of {seconds:g} s; ratios are of one round each (least / "
        "median / most). The server on one core, the load client on another; load of the "
        f"machine {load[0]:.1f} before, {load[1]:.1f} after."
    )
    return "\n\n".join(
        (
            note,
            tables.sockets(planned.sockets),
            tables.paced(planned.paced),
            tables.stalled(*planned.stalled),
            tables.calls(planned.calls),
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.fanout")
    parser.add_argument("--short", action="store_true", help="few sockets, nothing written")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    if options.short:
        options.rounds, options.seconds = 1, 0.3
    planned = plan(short=options.short)
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        built = build(Path(folder))
        rounds(built, planned, options.rounds, options.seconds)
        quiet = idle(built, cases.quiet(50 if options.short else 5_000))
    load = (before, os.getloadavg()[0])
    text = f"{show(planned, options.rounds, options.seconds, load)}\n\n{quiet}"
    print(f"\n{text}")
    if not options.short:
        write_table("fanout", text)


if __name__ == "__main__":
    main()
