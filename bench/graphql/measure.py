"""The measurements: every server in turn, round after round, asked from another process."""

import itertools
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path
from statistics import median

from bench.graphql import client
from bench.graphql.client import Job
from bench.graphql.contestants import BARS, INFO, ORDER, REPEAT, GraphQL, Rest, Running, get


@dataclass
class Table:
    """One comparison: per server one figure a round. `rate`: per second, more is better.

    `work`: milliseconds of processor time that the server spent per answer, a figure a round.
    """

    name: str
    unit: str
    title: str
    rate: bool = False
    figures: dict[str, list[float]] = field(default_factory=dict)
    work: dict[str, list[float]] = field(default_factory=dict)

    def ratios(self, ours: str, peer: str) -> list[float]:
        """Return how many times as fast as the peer, round by round."""
        pairs = zip(self.figures[ours], self.figures[peer], strict=True)
        return [mine / other if self.rate else other / mine for mine, other in pairs]


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    counts: Sequence[int]
    rounds: int
    seconds: float
    clients: int = 16


@dataclass(frozen=True)
class Case:
    """One table's measurement: what is asked of a server, and how."""

    topic: str
    table: Table
    job: Callable[[Running], Job]

    def measure(self, pool: Pool, server: Running) -> None:
        """Ask one server and keep the figure."""
        job = self.job(server)
        if self.table.rate:
            figure = pool.apply(client.throughput, (job,))
        else:
            before = spent(server.pid)
            found = pool.apply(client.latencies, (job,))
            answered = len(found) + job.warm
            work = self.table.work.setdefault(server.name, [])
            work.append((spent(server.pid) - before) / answered)
            figure = median(found)
        self.table.figures[server.name].append(figure)


def spent(pid: int) -> float:
    """Return the milliseconds of processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1000


def run(servers: Sequence[Running], plan: Plan, price: str) -> list[Table]:
    """Return all tables of bars and of small operations."""
    cases = [*bar_cases(plan), *small_cases(plan, price)]
    for case in cases:
        case.table.figures = {
            each.name: [] for each in servers if case.topic in each.contestant.topics
        }
    with get_context("spawn").Pool(1) as pool:
        for turn, case in itertools.product(range(plan.rounds), cases):
            # Another order each round, so that nobody always runs after the same neighbour.
            shuffled = random.Random(turn).sample(servers, len(servers))
            for server in shuffled:
                if server.name in case.table.figures:
                    case.measure(pool, server)
            if case is cases[-1]:
                print(f"round {turn + 1} of {plan.rounds} done", flush=True)
    return [case.table for case in cases]


def bar_cases(plan: Plan) -> Iterator[Case]:
    """Yield the cases of the bar tables."""
    for count in plan.counts:
        table = Table(f"bars {count}", "ms", f"{count:,} rows, one client")
        yield Case(
            BARS, table, lambda server, last=count: _job(plan, server, [server.asks.bars(last)])
        )
    least = min(plan.counts)
    rate = Table(
        f"bars {least} rate", "req/s", f"{least:,} rows, {plan.clients} clients", rate=True
    )
    yield Case(BARS, rate, lambda server: _many(plan, server, [server.asks.bars(least)]))


def small_cases(plan: Plan, price: str) -> Iterator[Case]:
    """Yield the cases of the small operations."""

    def info(server: Running) -> list[bytes]:
        return [_graphql(server.asks).info()]

    def orders(server: Running) -> list[bytes]:
        return [_graphql(server.asks).order(price) for _ in range(20_000)]

    def repeat(server: Running) -> list[bytes]:
        return [_graphql(server.asks).order(price)]

    for topic, name, words, ask in (
        (INFO, "info", "a tiny query", info),
        (ORDER, "order", "submitOrder", orders),
        (REPEAT, "repeat", "submitOrder with a known key", repeat),
    ):
        one = Table(name, "ms", f"{words}, one client")
        yield Case(topic, one, lambda server, ask=ask: _job(plan, server, ask(server)))
        rate = Table(f"{name} rate", "req/s", f"{words}, {plan.clients} clients", rate=True)
        yield Case(topic, rate, lambda server, ask=ask: _many(plan, server, ask(server)))


def gaps(servers: Sequence[Running], rows: int, answers: int) -> dict[str, list[float]]:
    """Return the milliseconds of pings to /health/live while each server makes large answers."""
    ping = get("/health/live")
    found: dict[str, list[float]] = {}
    with get_context("spawn").Pool(1) as pool:
        for server in servers:
            job = Job(server.port, [server.asks.bars(rows)], most=answers)
            found[server.name] = pool.apply(client.gap, (job, ping))
    return found


def disk(folder: Path) -> list[float]:
    """Return the milliseconds of every fdatasync of a little data."""
    found: list[float] = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(50):
            os.write(file.fileno(), bytes(4_096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            found.append((time.perf_counter() - began) * 1000)
    return found


def _graphql(asks: GraphQL | Rest) -> GraphQL:
    assert isinstance(asks, GraphQL)
    return asks


def _job(plan: Plan, server: Running, requests: Sequence[bytes]) -> Job:
    return Job(server.port, requests, seconds=plan.seconds, least=1)


def _many(plan: Plan, server: Running, requests: Sequence[bytes]) -> Job:
    return Job(server.port, requests, seconds=plan.seconds * 1.5, clients=plan.clients)
