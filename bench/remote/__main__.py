"""Measures a gateway over another one, the agent, beside that agent asked directly.

    uv run --group bench python -m bench.remote [--short] [--only bulk|quotes|orders] [--rounds 5]

All are processes on loopback; what is asked is asked of both in every round, in turn. Writes its
table into docs/performance.md, not with --short or --only.
"""

import argparse
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from bench.fanout.servers import build
from bench.remote import bulk, orders, quotes
from bench.remote.turns import Turns
from bench.report import write_table

GOALS = {
    bulk.NAME: "≥ 0.70",
    quotes.P50: "≤ 2",
    quotes.P99: "≤ 3",
    orders.P50: "≤ 2",
}


def cases(home: Path, *, short: bool) -> dict[str, AbstractContextManager[Turns]]:
    flow = quotes.Flow(50, 500, 0.5) if short else quotes.Flow()
    return {
        "bulk": bulk.opened(home / "bulk", (4, 20_000) if short else (50, 100_000)),
        "quotes": quotes.opened(home / "quotes", build(home), flow),
        "orders": orders.opened(home / "orders", 10 if short else 80),
    }


def table(found: Sequence[Turns], rounds: int) -> Iterator[str]:
    flow = quotes.Flow()
    yield (
        f"CPython {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f} at the end; {rounds} rounds, min / median / max; "
        f"ratios are of one round each. {flow.symbols:,} symbols are quoted {flow.rate:,} times a "
        "second."
    )
    yield ""
    yield "| | direct | through a gateway | through ÷ direct | goal |"
    yield "|---|---|---|---|---|"
    for each in found:
        yield from each.rows(GOALS)
    yield ""
    for each in found:
        yield from each.costs()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.remote")
    parser.add_argument(
        "--short", action="store_true", help="see that it works; nothing is written"
    )
    parser.add_argument("--only", choices=("bulk", "quotes", "orders"))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rounds = 1 if options.short else options.rounds
    found: list[Turns] = []
    with tempfile.TemporaryDirectory() as home:
        for name, case in cases(Path(home), short=options.short).items():
            if options.only in (None, name):
                with case as turns:
                    turns.run(rounds)
                found.append(turns)
    text = "\n".join(table(found, rounds))
    print(text)
    if not (options.short or options.only):
        write_table("remote", text)


if __name__ == "__main__":
    main()
