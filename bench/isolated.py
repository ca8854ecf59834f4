"""Measures what a gateway's clients feel while an agent of its own dies, or stands still.

    uv run --group bench python -m bench.isolated [--short] [--seconds 10]

A gateway in dev, whose first terminal has an agent (`isolate`) over the double of the SDK's native
half, and whose second is another gateway's. Four clients ask it all the while: /health/live, an
account of the other terminal, and a quote and an account of the first, whose agent is killed, and
then stopped (SIGSTOP), for as long as it may be silent.
"""

import argparse
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.report import write_table
from tests.e2e.probes import probed, two_terminals, waited

_AWAY = {"killed": signal.SIGKILL, "stopped": signal.SIGSTOP}


def live(gateway: Any, agent: Any, seconds: float) -> Mapping[str, Mapping[str, Sequence[Any]]]:
    """Return what each client saw, by phase and client."""
    with probed(gateway) as probes:
        time.sleep(2.0)  # connections are made, and documents known
        spans = {"well": (time.monotonic(), time.monotonic() + seconds)}
        time.sleep(seconds)
        for name, number in _AWAY.items():
            begun = time.monotonic()
            os.kill(agent(), number)
            gateway.settled(lambda problems: problems)
            time.sleep(max(0.0, begun + seconds - time.monotonic()))
            spans[name] = (begun, begun + seconds)
            gateway.settled(lambda problems: not problems)
    return {
        phase: {name: waited(probe.seen, start, end) for name, probe in probes.items()}
        for phase, (start, end) in spans.items()
    }


def row(phase: str, name: str, seen: Sequence[Any]) -> str:
    """Return a line of the table."""
    took = sorted(each.ms for each in seen)
    told = Counter(each.told for each in seen)
    figures = (took[len(took) // 2], took[len(took) * 99 // 100], took[-1])
    answers = ", ".join(f"{count} {each}" for each, count in told.most_common())
    return (
        f"| {phase} | {name} | " + " | ".join(f"{each:.1f}" for each in figures) + f" | {answers} |"
    )


def main() -> None:
    """Measure, print, and write the table unless the run is a short one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    seconds = 3.0 if options.short else options.seconds
    with TemporaryDirectory() as folder, two_terminals(Path(folder), seconds) as (gateway, agent):
        phases = live(gateway, agent, seconds)
    lines = [
        f"{seconds:g} s each; Python {sys.version.split()[0]}, {os.cpu_count()} cores.",
        "",
        "| the agent is | asked for | p50, ms | p99, ms | most, ms | answers |",
        "|---|---|--:|--:|--:|---|",
        *(row(phase, name, seen) for phase, by in phases.items() for name, seen in by.items()),
    ]
    table = "\n".join(lines)
    print(table)
    assert {each.told for by in phases.values() for each in by["/health/live"]} == {"200"}
    if not options.short:
        write_table("isolated", table)


if __name__ == "__main__":
    main()
