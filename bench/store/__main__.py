"""Compares the market store with DuckDB over the same bars, in turn, in one run.

    uv run --group bench python -m bench.store [--short]

Writes the tables and the picture that docs/performance.md shows, unless --short.
"""

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np

from bench import report
from bench.store import measure, writing
from bench.store.dataset import TABLES, Data, Size
from bench.store.measure import Plan, Table
from bench.store.peers import DUCKDB, FORGETFUL, INDEXED, OURS, Duck, Ours, Peer

_FULL = Size(2_000, 5_000, 1_000)
_SHORT = Size(40, 500, 260)
_ORDER = (OURS, FORGETFUL, DUCKDB, INDEXED)
_PICTURE = report.PAGE.with_name("performance-store.svg")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.store")
    parser.add_argument("--short", action="store_true", help="few bars, one round, nothing written")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    plan = Plan(1, 20, 2, 0.3) if options.short else Plan(options.rounds, 300, 9, 2.0)
    with tempfile.TemporaryDirectory() as folder:
        text = "\n\n".join(_measured(Path(folder), _SHORT if options.short else _FULL, plan))
    print(text)
    if not options.short:
        report.write_table("store", f"{text}\n\n![All medians](performance-store.svg)")


def _measured(folder: Path, size: Size, plan: Plan) -> Iterator[str]:
    data = Data.of(size, folder)
    yield _versions(size)
    part = Data(Size(-(-size.symbols // 10), size.minutes, size.days), data.calendar)
    ingest = measure.ingest(folder / "ingest", part, plan.rounds)
    peers = _filled(folder, data)
    measure.verify(peers, data)
    tables = [measure.compare(peers, each, plan.rounds) for each in measure.cases(data, plan)]
    yield from (_show(each) for each in [*tables, ingest])
    yield _show_disk(peers, size)
    yield _show_writing(peers, folder, data, plan)
    if size is _FULL:
        report.draw([_panel(each) for each in [*tables, ingest]], _PICTURE, 2.0)


def _filled(folder: Path, data: Data) -> Mapping[str, Peer]:
    ours = Ours(folder / "ours", data.calendar)
    ducks = {DUCKDB: Duck(folder / "duck"), INDEXED: Duck(folder / "indexed", indexed=True)}
    for peer in (ours, *ducks.values()):
        for period in TABLES:
            for batch in data.batches(period):
                peer.ingest(period, batch)
        peer.finish()
    return {OURS: ours, FORGETFUL: Ours(folder / "ours", data.calendar, memory=0), **ducks}


def _versions(size: Size) -> str:
    names = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "numpy", "zstandard"))
    return (
        f"quantgraph {version('quantgraph')}; Python {platform.python_version()}, {names}; "
        f"{os.cpu_count()} cores. {size.symbols:,} symbols with {size.minutes:,} minutes and "
        f"{size.days:,} days each: {size.rows / 1e6:g} million bars of 7 columns."
    )


def _show(table: Table) -> str:
    lines = [
        f"**{table.title}** ({table.unit})\n",
        "| store | min | median | max | quantgraph is … times as fast: min / median / max | goal |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name in (each for each in _ORDER if each in table.figures):
        values = table.figures[name]
        cells = f"{min(values):.3g} | {median(values):.3g} | {max(values):.3g}"
        own = name in {OURS, FORGETFUL}
        ratios = "" if own else _spread(table.ratios(name))
        lines.append(f"| {name} | {cells} | {ratios} | {'' if own else f'≥ {table.goal:g}'} |")
    if FORGETFUL in table.figures:
        found = _spread(table.ratios(DUCKDB, FORGETFUL))
        lines.append(f"\nWith no column kept in memory it is {found} times as fast as DuckDB.")
    return "\n".join(lines)


def _spread(values: Sequence[float]) -> str:
    return " / ".join(f"{value:.3g}" for value in (min(values), median(values), max(values)))


def _show_disk(peers: Mapping[str, Peer], size: Size) -> str:
    head = "**Bytes on disk for a bar** (goal: at most 25)\n\n| store | bytes |\n|---|--:|\n"
    sizes = {name: peers[name].bytes() / size.rows for name in (OURS, DUCKDB, INDEXED)}
    return head + "\n".join(f"| {name} | {each:.1f} |" for name, each in sizes.items())


def _show_writing(peers: Mapping[str, Peer], folder: Path, data: Data, plan: Plan) -> str:
    ours, duck, size = peers[OURS], peers[DUCKDB], data.size
    assert isinstance(ours, Ours)
    assert isinstance(duck, Duck)
    sizes = (size.symbols, size.minutes, size.days)
    own, other = ours.store.file.parent, folder / "other"
    other.mkdir(exist_ok=True)
    ways: Mapping[tuple[str, str], Callable[[int], AbstractContextManager[None]]] = {
        (OURS, "idle"): lambda _: nullcontext(),
        (OURS, "beside the writer"): lambda turn: writing.beside_process(own, sizes, turn),
        (OURS, "beside a writer of another store"): lambda turn: writing.beside_process(
            other, sizes, turn
        ),
        (DUCKDB, "idle"): lambda _: nullcontext(),
        (DUCKDB, "beside the writer"): lambda _: writing.beside_thread(duck, data),
    }
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    # In short turns: a busy machine then slows all of them alike.
    for turn in range(plan.rounds):
        for (name, beside), begin in ways.items():
            with begin(turn):
                spent = writing.reads(peers[name], data.names, plan.seconds)
            found.setdefault((name, beside), []).append(spent)
    lines = [
        "**One symbol's last 250 minutes while a writer commits all the time** (ms)\n",
        "| store | | median: min / median / max | p99 | times the idle median |",
        "|---|---|--:|--:|--:|",
    ]
    for (name, beside), rounds in found.items():
        middles = [float(np.median(each)) for each in rounds]
        idle = [float(np.median(each)) for each in found[name, "idle"]]
        ratios = [busy / calm for busy, calm in zip(middles, idle, strict=True)]
        cells = f"{_spread(middles)} | {np.percentile(np.concatenate(rounds), 99):.3g}"
        lines.append(f"| {name} | {beside} | {cells} | {_spread(ratios)} |")
    lines.append(
        "\nThe writer of quantgraph is another process, that of DuckDB a thread. The one of "
        "another store takes as much of the cores and of the disk, but nothing that is read."
    )
    return "\n".join(lines)


def _panel(table: Table) -> report.Panel:
    names = [each for each in _ORDER if each in table.figures]
    medians = {name: median(table.figures[name]) for name in names}
    return report.Panel(f"{table.title} ({table.unit})", medians, OURS)


if __name__ == "__main__":
    main()
