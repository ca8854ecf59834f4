"""Shows the figures: Markdown tables with ratios and goals, and one picture of all of them."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench import report
from bench.graphql.contestants import (
    FALLBACK,
    FASTAPI,
    IN_MEMORY,
    KEPT,
    MERCURIUS,
    OURS,
    RAW,
    STRAWBERRY,
)
from bench.graphql.measure import Table
from bench.graphql.memory import Growth

_SMALL = {STRAWBERRY: 8.0, MERCURIUS: 1.0}
_FEW = {STRAWBERRY: 60.0, MERCURIUS: 3.5, FASTAPI: 2.2}
# What issue 3 asks for, in times as fast as the peer.
GOALS = {
    "bars 250": _FEW,
    "bars 250 rate": _FEW,
    "bars 10000": {STRAWBERRY: 200.0, MERCURIUS: 15.0, FASTAPI: 8.0},
    "bars 100000": {STRAWBERRY: 170.0, MERCURIUS: 14.0, FASTAPI: 7.0},
    "info": _SMALL,
    "info rate": _SMALL,
    "order": _SMALL,
    "order rate": _SMALL,
    "repeat": _SMALL,
    "repeat rate": _SMALL,
}
# The same of plain Strawberry alone, for the gateway in another configuration.
_VARIANTS = (
    (KEPT, {"bars 10000": 500.0}),
    (
        FALLBACK,
        {"bars 250": 35.0, "bars 250 rate": 35.0, "bars 10000": 90.0, "bars 100000": 60.0},
    ),
    (IN_MEMORY, {"order": 8.0, "order rate": 8.0, "repeat": 8.0, "repeat rate": 8.0}),
)
_PACKAGES = (
    *("strawberry-graphql", "graphql-core", "starlette", "uvicorn", "uvloop", "httptools"),
    *("fastapi", "orjson", "numpy"),
)


def versions(folder: Path, encoder: str) -> str:
    """Return what was measured, on what."""
    ours = f"quantgraph {version('quantgraph')} ({encoder} encoder)"
    names = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    log = folder / f"{MERCURIUS}.log"
    node = f", {log.read_text('utf-8').splitlines()[0]}" if log.is_file() else ""
    machine = f"{os.cpu_count()} cores of {_processor()}"
    return f"{ours}; Python {platform.python_version()}, {names}{node}; {machine}."


def show_table(table: Table) -> str:
    """Return the Markdown of one comparison."""
    work = "" if table.rate else " server's CPU ms |"
    head = f"| server | min | median | max |{work} quantgraph is … times as fast: "
    lines = [
        f"**{table.title}** ({table.unit})\n",
        f"{head}min / median / max | goal |",
        f"|---|--:|--:|--:|{'--:|' if work else ''}--:|--:|",
    ]
    for name, figures in table.figures.items():
        cells = [_number(value) for value in _spread(figures)]
        if work:
            cells.append(_number(median(table.work[name])))
        lines.append(f"| {name} | {' | '.join(cells)} | {_compare(table, name)} |")
    return "\n".join(lines)


def show_variants(tables: Sequence[Table]) -> str:
    """Return how the gateway's other configurations compare with plain Strawberry."""
    lines = [
        "**Other configurations beside plain Strawberry**\n",
        "| | | times as fast: min / median / max | goal |",
        "|---|---|--:|--:|",
    ]
    for name, goals in _VARIANTS:
        for table in tables:
            if name in table.figures and STRAWBERRY in table.figures:
                goal = f"≥ {goals[table.name]:g}" if table.name in goals else ""
                ratios = _ratios(table.ratios(name, STRAWBERRY))
                lines.append(f"| {name} | {table.title} | {ratios} | {goal} |")
    return "\n".join(lines) if len(lines) > 3 else ""


def show_disk(milliseconds: Sequence[float]) -> str:
    """Return what the gateway's journal waits for and no peer does."""
    cells = " / ".join(_number(value) for value in _spread(milliseconds))
    return (
        "An accepted order is on disk before it is sent, and again when it is answered; the peers "
        "keep theirs in memory, but for the raw function that commits one row before it answers: "
        "nothing that keeps an order is faster than that on this disk. One fdatasync took "
        f"{cells} ms here (min / median / max)."
    )


def show_growth(found: dict[str, Growth], rows: int) -> str:
    """Return the peak memory of a large answer."""
    lines = [
        f"**Peak memory growth of an answer of {rows:,} rows** (MB; goal: at most 1/20)\n",
        "| server | first such answer | the next one | share of plain Strawberry's |",
        "|---|--:|--:|--:|",
    ]
    plain = found[STRAWBERRY]
    for name, growth in found.items():
        shares = (
            f"{growth.first / max(plain.first, 1):.3f} / {growth.next / max(plain.next, 1):.3f}"
        )
        cells = f"{growth.first / 1e6:.1f} | {growth.next / 1e6:.1f} | {shares}"
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def show_gaps(found: dict[str, list[float]], rows: int) -> str:
    """Return how long a server let others wait."""
    lines = [
        f"**Answers of /health/live while {rows:,} rows are answered** (ms; goal: within 20)\n",
        "| server | pings | median | max |",
        "|---|--:|--:|--:|",
    ]
    for name, pings in found.items():
        cells = f"{len(pings)} | {_number(median(pings))} | {_number(max(pings))}"
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def draw(tables: Sequence[Table], file: Path) -> None:
    """Draw the medians of every table."""
    panels = [
        report.Panel(
            f"{table.title} ({table.unit})",
            {name: median(values) for name, values in table.figures.items()},
            OURS,
        )
        for table in tables
    ]
    report.draw(panels, file, 2.1)


def _compare(table: Table, name: str) -> str:
    if name == OURS:
        return "| "
    goal = GOALS.get(table.name, {}).get(name)
    wanted = "or ≥ 0.8" if name == RAW else f"≥ {goal:g}" if goal else ""
    return f"{_ratios(table.ratios(OURS, name))} | {wanted}"


def _ratios(values: Sequence[float]) -> str:
    return " / ".join(
        f"{value:.3g}" if value < 100 else f"{value:.0f}" for value in _spread(values)
    )


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    return min(values), median(values), max(values)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
