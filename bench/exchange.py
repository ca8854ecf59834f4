"""How many orders a second the simulated exchange's books take.

    uv run python -m bench.exchange [--runs 5] [--commands 200000]

One venue takes commands that were made beforehand, fingerprint and all. Writes its table into
docs/performance.md.
"""

import argparse
import platform
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.report import write_table
from quantgraph.backends.sim.core.events import Cancel, Command, Enter, Event, Turn
from quantgraph.backends.sim.core.tally import Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.rules.sessions import Phase
from quantgraph.native import core_name

Run = tuple[float, int]  # seconds of processor time; commands and the events they caused
MARKET_NEEDS = 5_000 * 5
MIDDLE = 10_000


@dataclass(frozen=True)
class Mix:
    """Shares of what is told: new orders that wait, cancels, and the rest come to trade."""

    name: str
    waits: float
    cancels: float
    levels: int = 10


MIXES = (
    Mix("half waits, 35 % cancels, 15 % takers", 0.50, 0.35),
    Mix("a display that changes: 48 % waits, 47 % cancels", 0.48, 0.47),
    Mix("takers: 55 % waits, 45 % takers", 0.55, 0.0),
    Mix("one deep level on each side", 0.50, 0.35, levels=1),
)


def make(mix: Mix, count: int) -> list[Command]:
    rng, told, live = random.Random(mix.name), list[Command](), list[int]()
    for number in range(1, count + 1):
        draw, side = rng.random(), rng.choice((Side.BUY, Side.SELL))
        away = rng.randint(1, mix.levels) * (-1 if side is Side.BUY else 1)
        if mix.waits <= draw < mix.waits + mix.cancels and live:
            place = rng.randrange(len(live))
            live[place], live[-1] = live[-1], live[place]
            told.append(Cancel(live.pop()))
            continue
        waits = draw < mix.waits + mix.cancels
        price = MIDDLE + away if waits else MIDDLE - 3 * away // abs(away)
        told.append(Enter(-number, side, 100 * rng.randint(1, 20), PriceType.LIMIT, price))
        if waits:
            live.append(-number)
    return told


def trade(commands: Sequence[Command]) -> Run:
    venue = Venue(Terms(Market.SZ, MIDDLE))
    return spend(venue.apply, commands)


def spend(apply: Callable[[Command], list[Event]], commands: Sequence[Command]) -> Run:
    apply(Turn(Phase.CONTINUOUS))
    told = len(commands)
    began = time.process_time()
    for command in commands:
        told += len(apply(command))
    return time.process_time() - began, told


def auction(commands: Sequence[Command]) -> Run:
    """Collect them all, then let them trade at one price."""
    venue = Venue(Terms(Market.SZ, MIDDLE))
    venue.apply(Turn(Phase.OPEN_AUCTION))
    told = len(commands)
    began = time.process_time()
    for command in commands:
        told += len(venue.apply(command))
    told += len(venue.apply(Turn(Phase.PRE_OPEN)))
    return time.process_time() - began, told


def naive(commands: Sequence[Command]) -> Run:
    from tests.backends.sim.core.naive import NaiveVenue

    return spend(NaiveVenue(Market.SZ, MIDDLE, (1, 2 * MIDDLE)).apply, commands)


def row(name: str, count: int, runs: Sequence[Run]) -> str:
    rates = [count / seconds for seconds, _ in runs]
    events = statistics.median(told / seconds for seconds, told in runs)
    low, middle, high = min(rates), statistics.median(rates), max(rates)
    figures = f"{low:,.0f} | **{middle:,.0f}** | {high:,.0f} | {events:,.0f}"
    return f"| {name} | {figures} | {middle / MARKET_NEEDS:.1f} |"


def measure(runs: int, count: int) -> str:
    size = f"{count:,} commands a run, {runs} runs"
    program = f"Python {platform.python_version()}, {core_name()} core"
    lines = [
        f"{program}, one thread of {platform.machine()}; {size}.",
        "",
        "| commands a second | min | median | max | events/s | times the need |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for mix in MIXES:
        told = make(mix, count)
        lines.append(row(mix.name, count, [trade(told) for _ in range(runs)]))
    told = make(MIXES[0], count)
    name = "the first mix collected and matched by an opening auction"
    lines.append(row(name, count, [auction(told) for _ in range(runs)]))
    few = told[: min(count, 2_000)]
    name = f"the naive book of the tests, the first {len(few):,} commands"
    lines.append(row(name, len(few), [naive(few) for _ in range(runs)]))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--commands", type=int, default=200_000)
    parser.add_argument("--short", action="store_true", help="see that it works; writes nothing")
    options = parser.parse_args()
    if options.short:
        print(measure(1, 5_000))
        return
    text = measure(options.runs, options.commands)
    print(text)
    write_table("exchange", text)


if __name__ == "__main__":
    main()
