"""Measures what deliveries cost at 1, 2 and 4 gateways over one agent, by gRPC and by a bus.

    uv run --group bench python -m bench.gateways [--short] [--only "order events"] [--rounds 3]

All are processes on loopback, with a real nats-server; subscribers are light clients of
graphql-transport-ws. Processor time is counted, not how long something takes: nothing here is
saturated. In every round both ways are measured at every shape, in turn. Writes its table into
docs/performance.md, not with --short or --only.
"""

import argparse
import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.fanout.servers import build
from bench.gateways.flows import FLOWS, RATE, SYMBOLS, Flow
from bench.gateways.stages import Cost, Shape, measured, opened
from bench.remote.turns import spread
from bench.report import write_table
from quantgraph.services.quotes import GRACE_S
from tests.bus.servers import PROGRAM, NatsServer

_MOST = 4
Found = dict[tuple[str, Shape, str], list[Cost]]


def shapes_of(flow: Flow, *, short: bool) -> Sequence[Shape]:
    """Return one gateway with ever more subscribers, and ever more gateways with as many each.

    In this order none of them follows meanwhile what it no longer needs.
    """
    few, some, many = flow.sizes
    if short:
        return [Shape(2, few)]
    return [Shape(1, few), Shape(1, many), *(Shape(count, some) for count in (1, 2, _MOST))]


def run(flows: Mapping[Flow, Sequence[Shape]], rounds: int, seconds: float) -> Found:
    """Measure all of it; the first way of a round is the last of the next."""
    found: Found = {}
    most = max(each.gateways for steps in flows.values() for each in steps)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        load = build(home), seconds
        server = NatsServer(home / "nats")
        stack.callback(server.kill)
        bus = f'[bus]\nurl = "{server.config["url"]}"\n'
        ways = {"gRPC": "", "bus": bus}
        stages = {
            way: stack.enter_context(opened(home / way, most, more)) for way, more in ways.items()
        }
        for number in range(rounds):
            for flow, steps in flows.items():
                # What gateways followed last they follow no more.
                time.sleep(GRACE_S + 1)
                for shape in steps:
                    for way in _turn(flow, ways, number):
                        cost = measured(stages[way], flow, shape, load)
                        found.setdefault((flow.name, shape, way), []).append(cost)
                        print(flow.name, shape, way, cost, flush=True)
    return found


def _turn(flow: Flow, ways: Iterable[str], number: int) -> Sequence[str]:
    """Return the ways in which a flow comes, in the order of a round."""
    known = [way for way in ways if flow.metric or way == "gRPC"]
    return known if number % 2 else known[::-1]


def table(found: Found, rounds: int, seconds: float) -> Iterator[str]:
    """Yield one row for each flow, shape and way."""
    server = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True)
    yield (
        f"CPython {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, "
        f"{server.stdout.strip()}, load {os.getloadavg()[0]:.1f} at the end; {rounds} rounds of "
        f"{seconds:g} s, min / median / max. {len(SYMBOLS)} symbols are quoted {RATE} times a "
        "second."
    )
    yield ""
    yield (
        "| | gateways × subscribers | way | each gateway: CPU s a million deliveries "
        "| the agent: CPU s a million events | events a second |"
    )
    yield "|---|---|---|---|---|---|"
    for (flow, shape, way), costs in found.items():
        cells = (
            flow,
            f"{shape.gateways} × {shape.subscribers}",
            way,
            spread([each for cost in costs for each in cost.gateways]),
            spread([cost.agent for cost in costs]),
            f"{statistics.median(cost.events for cost in costs) / seconds:.0f}",
        )
        yield f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure, print, and write the table unless it is not of all."""
    parser = argparse.ArgumentParser(prog="bench.gateways")
    parser.add_argument("--short", action="store_true", help="see that it works; nothing is kept")
    parser.add_argument("--only", choices=[each.name for each in FLOWS])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    if options.short:
        options.rounds, options.seconds = 1, 0.5
    chosen = [each for each in FLOWS if options.only in (None, each.name)]
    flows = {each: shapes_of(each, short=options.short) for each in chosen}
    found = run(flows, options.rounds, options.seconds)
    text = "\n".join(table(found, options.rounds, options.seconds))
    print(text)
    if not (options.short or options.only):
        write_table("gateways", text)


if __name__ == "__main__":
    main()
