"""Starts the gateway and its peers, checks that they answer the same, and measures them in turn.

    uv run --group bench python -m bench.graphql [--short] [--without-compiled]

Writes the tables and the picture that docs/performance.md shows, unless --short.
"""

import argparse
import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import report
from bench.graphql import answers, contestants, measure, memory, tables
from bench.graphql.contestants import COUNTS, Contestant, Running, running
from bench.graphql.dataset import ROOT, prepare
from bench.graphql.measure import Plan

_SHORT = Plan((250, 1_000), rounds=1, seconds=0.1)
_PICTURE = ROOT / "docs/performance-graphql.svg"


def main() -> None:
    options = _options()
    plan = _SHORT if options.short else Plan(options.rows, options.rounds, options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        parts = list(_measured(Path(folder), plan, options))
    text = "\n\n".join(part for part in parts if part)
    print(f"\n{text}")
    if not options.short:
        report.write_table("graphql", f"{text}\n\n![All medians](performance-graphql.svg)")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.graphql")
    parser.add_argument("--short", action="store_true", help="few rows, one round, nothing written")
    parser.add_argument("--rows", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.8, help="per server, case and round")
    parser.add_argument("--without-compiled", action="store_true", help="measure numpy's too")
    return parser.parse_args()


def _measured(folder: Path, plan: Plan, options: argparse.Namespace) -> Iterator[str]:
    most = max(plan.counts)
    prepare(folder, most)
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(running(contestants.GATEWAY, folder))
        price = answers.resting_price(ours)
        answers.capture(ours, folder, plan.counts, price)
        servers = [ours, *(stack.enter_context(running(x, folder)) for x in _others(options))]
        answers.verify(servers, plan.counts, price)
        print(f"{len(servers)} servers answer the same", flush=True)
        yield from _compared(servers, plan, price, folder)
    if options.short:
        return
    trio = (contestants.GATEWAY, contestants.SHIPPED, contestants.PLAIN)
    growth = {each.name: memory.grow(each, folder, most, 3) for each in trio}
    yield tables.show_growth(growth, most)


def _compared(servers: Sequence[Running], plan: Plan, price: str, folder: Path) -> Iterator[str]:
    most = max(plan.counts)
    found = measure.run(servers, plan, price)
    yield tables.versions(folder, _encoder())
    yield from map(tables.show_table, found)
    yield tables.show_variants(found)
    yield tables.show_disk(measure.disk(folder))
    gateways = [each for each in servers if contestants.BARS in each.contestant.topics]
    gateways = [each for each in gateways if each.contestant.ours]
    yield tables.show_gaps(measure.gaps(gateways, most, plan.rounds), most)
    if plan is not _SHORT:
        tables.draw(found, _PICTURE)


def _others(options: argparse.Namespace) -> Iterator[Contestant]:
    yield from (contestants.PLAIN, contestants.REST, contestants.FLOOR, contestants.DISK_FLOOR)
    if contestants.has_node(install=True):
        yield contestants.JIT
    elif options.short:
        print("without Node: its peer is left out")
    else:
        raise SystemExit("Node and npm are needed for one of the peers; --short goes without them.")
    if not options.short:
        yield contestants.SHIPPED
        if contestants.TMPFS.is_dir():
            yield contestants.DISKLESS
    if options.without_compiled:
        yield contestants.NUMPY


def _encoder() -> str:
    os.environ.pop("QUANTGRAPH_ENCODER", None)
    from quantgraph.rows.encoder import row_encoder

    return row_encoder().name


if __name__ == "__main__":
    main()
