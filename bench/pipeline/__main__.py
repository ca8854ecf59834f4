"""What an order's way to the terminal costs, and what its journal costs of that.

    uv run --group bench python -m bench.pipeline [--runs 5] [--seconds 3]

Every run measures the same ways in turn: with the journal, without it (its recorder then answers
from memory: no thread, no file), and the journal alone. Writes its table into docs/performance.md.
"""

import argparse
import asyncio
import math
import platform
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from bench.pipeline.below import CLIENTS, Found, bare, service
from bench.pipeline.unwritten import recording
from bench.pipeline.whole import graphql, hush
from bench.report import write_table
from quantgraph.config import CalendarConfig
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.services.calendar import load_calendar


def p99(waits: list[float]) -> float:
    return sorted(waits)[math.ceil(len(waits) * 0.99) - 1]


def measure(runs: int, seconds: float) -> str:
    figures: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path(__file__).parents[2]) as name:
        calendar = load_calendar(CalendarConfig(), Path(name))
        for number in range(runs):
            run = Path(name) / str(number)
            one = _run(run, calendar, seconds)
            for figure, value in one.items():
                figures[figure].append(value)
            print({figure: round(value, 2) for figure, value in one.items()}, flush=True)
    return table(figures, runs, seconds)


def _run(folder: Path, calendar: TradingCalendar, seconds: float) -> dict[str, float]:
    found: dict[str, float] = {}
    commits: list[float] = []
    for wire in ("service", "GraphQL"):
        pair: list[Found] = []
        for journalled in (True, False):
            own = folder / f"{wire}-{journalled}"
            own.mkdir(parents=True)
            commits += bare(own, seconds / 2)
            if wire == "service":
                with recording(journalled=journalled):
                    pair.append(_on_its_loop(service(own, calendar, seconds)))
            else:
                pair.append(graphql(own, seconds, journalled=journalled))
        with_it, without = pair
        found[f"{wire}: p99 to the terminal's call, one client (ms)"] = p99(with_it.waits)
        found[f"{wire}: the same without journal (ms)"] = p99(without.waits)
        found[f"{wire}: orders/s of {CLIENTS} clients"] = with_it.rate
        found[f"{wire}: orders/s without journal"] = without.rate
        found[f"{wire}: with journal / without"] = with_it.rate / without.rate
        if wire == "service":
            found["service: processor ms per order"] = with_it.spent
            found["service: processor ms per order without journal"] = without.spent
    found["a bare commit: median (ms)"] = statistics.median(commits)
    found["a bare commit: p99 (ms)"] = p99(commits)
    for wire in ("service", "GraphQL"):
        ours = found[f"{wire}: p99 to the terminal's call, one client (ms)"]
        found[f"{wire}: p99 / that of a bare commit"] = ours / p99(commits)
    return found


def _on_its_loop(work: Coroutine[Any, Any, Found]) -> Found:
    from api.server import loop_factory

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(work)


_GOALS = {
    "service: p99 / that of a bare commit": "≤ 2",
    "GraphQL: p99 / that of a bare commit": "≤ 2",
    "service: with journal / without": "≥ 0.6",
    "GraphQL: with journal / without": "≥ 0.6",
    f"service: orders/s of {CLIENTS} clients": "≥ 2,000",
}


def table(figures: dict[str, list[float]], runs: int, seconds: float) -> str:
    version, machine = platform.python_version(), platform.machine()
    lines = [
        f"Python {version}, {machine}; {runs} runs, {seconds:g} s for each figure of a run.",
        "",
        "| | min | median | max | goal |",
        "|---|--:|--:|--:|--:|",
    ]
    for name in sorted(figures):
        values = figures[name]
        low, middle, high = min(values), statistics.median(values), max(values)
        goal = _GOALS.get(name, "")
        lines.append(f"| {name} | {low:,.3g} | **{middle:,.3g}** | {high:,.3g} | {goal} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--short", action="store_true", help="see that it works; writes nothing")
    options = parser.parse_args()
    hush()
    if options.short:
        print(measure(1, 0.3))
        return
    text = measure(options.runs, options.seconds)
    print(text)
    write_table("pipeline", text)


if __name__ == "__main__":
    main()
