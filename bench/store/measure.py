"""Lets the stores take turns at the same questions."""

import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.store.dataset import FIELDS, TABLES, Data
from bench.store.peers import OURS, Duck, Ours, Peer
from quantgraph.domain.bars import Period

_PANEL = 300


@dataclass(frozen=True, slots=True)
class Plan:
    """How often: rounds, calls of one series and of a panel in each, and the writer's seconds."""

    rounds: int
    calls: int
    panels: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Case:
    """One question, what it is called, and how many times faster than DuckDB it has to be."""

    title: str
    goal: float
    ask: Callable[[Peer, random.Random], object]
    calls: int


@dataclass(slots=True)
class Table:
    """What was found: by store, one figure a round."""

    title: str
    unit: str
    goal: float
    more_is_better: bool = False
    figures: dict[str, list[float]] = field(default_factory=dict)

    def ratios(self, peer: str, ours: str = OURS) -> list[float]:
        """Return round by round how many times as good `ours` is."""
        pairs = zip(self.figures[ours], self.figures[peer], strict=True)
        return [a / b if self.more_is_better else b / a for a, b in pairs]


def cases(data: Data, plan: Plan) -> Sequence[Case]:
    """Return the questions: the newest minutes of any symbol, and a panel as of an index."""
    names = data.names
    size = min(_PANEL, len(names))
    members = sorted(random.Random(1).sample(names, size))
    days = data.times(Period.DAY_1)

    def panel(fields: Sequence[str], count: int) -> Case:
        since = int(days[-count:][0])
        what = "close" if len(fields) == 1 else f"{len(fields)} columns"
        return Case(
            f"{size} symbols, their last {min(count, len(days))} days, {what}",
            2.0,
            lambda peer, _: peer.panel(members, fields, since),
            plan.panels,
        )

    last = Case(
        "The last 250 minutes of any one symbol, 7 columns",
        10.0,
        lambda peer, draw: peer.last(draw.choice(names), 250),
        plan.calls,
    )
    several = [panel(fields, count) for count in (250, 1_000) for fields in (("close",), FIELDS)]
    return [last, *several]


def verify(peers: Mapping[str, Peer], data: Data) -> None:
    """Compare what the stores answer, double for double."""
    for case in cases(data, Plan(1, 1, 1, 0)):
        found = [_joined(case.ask(peer, random.Random(7))) for peer in peers.values()]
        for other in found[1:]:
            assert found[0].keys() == other.keys()
            assert all((column == other[name]).all() for name, column in found[0].items()), case


def _joined(answer: object) -> dict[str, np.ndarray]:
    parts = answer if isinstance(answer, list) else [answer]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def compare(peers: Mapping[str, Peer], case: Case, rounds: int) -> Table:
    """Return each store's median milliseconds a round; they take turns call by call.

    The first round only warms up.
    """
    table = Table(case.title, "ms", case.goal)
    for turn in range(rounds + 1):
        spent: dict[str, list[float]] = {name: [] for name in peers}
        for call in range(case.calls):
            for name in list(peers) if call % 2 else list(peers)[::-1]:
                draw = random.Random(turn * case.calls + call)
                spent[name].append(_milliseconds(case, peers[name], draw))
        if turn:
            for name, found in spent.items():
                table.figures.setdefault(name, []).append(statistics.median(found))
    return table


def _milliseconds(case: Case, peer: Peer, draw: random.Random) -> float:
    began = time.perf_counter()
    case.ask(peer, draw)
    return (time.perf_counter() - began) * 1000


def ingest(folder: Path, data: Data, rounds: int) -> Table:
    """Return million bars a second from columns in memory to files that are committed."""
    table = Table("Ingest from columns", "million bars a second", 0.25, more_is_better=True)
    held = {period: list(data.batches(period)) for period in TABLES}
    for turn in range(rounds):
        makers: Mapping[str, Callable[[Path], Peer]] = {
            OURS: lambda path: Ours(path, data.calendar),
            "DuckDB": Duck,
            "DuckDB with an index": lambda path: Duck(path, indexed=True),
        }
        for name in list(makers) if turn % 2 else list(makers)[::-1]:
            peer = makers[name](folder / f"{turn} {name}")
            began = time.perf_counter()
            for period, batches in held.items():
                for batch in batches:
                    peer.ingest(period, batch)
            peer.finish()
            spent = time.perf_counter() - began
            table.figures.setdefault(name, []).append(data.size.rows / spent / 1e6)
            peer.close()
    return table
