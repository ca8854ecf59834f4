"""What is measured in turn, directly and through a gateway, and how it is shown."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

WAYS = ("direct", "remote")


@dataclass(frozen=True)
class Sample:
    """One figure of one round, and the CPU seconds that it cost, by process."""

    value: float
    costs: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass
class Turns:
    """Figures by name, `turn(way)` measures all of them once; whether larger ones are better."""

    names: Sequence[str]
    turn: Callable[[str], Mapping[str, Sample]]
    cost: str
    larger: bool = False
    found: dict[str, dict[str, list[Sample]]] = field(default_factory=dict)

    def run(self, rounds: int) -> None:
        """Measure both ways in every round, the first one of a round last in the next."""
        for number in range(rounds):
            for way in WAYS if number % 2 else WAYS[::-1]:
                for name, sample in self.turn(way).items():
                    self.found.setdefault(name, {}).setdefault(way, []).append(sample)
                    print(name, way, sample, flush=True)

    def rows(self, goals: Mapping[str, str]) -> Iterator[str]:
        """Yield a table's rows: both ways, and round by round how many times the direct one."""
        for name in self.names:
            direct, remote = (self._values(name, way) for way in WAYS)
            ratios = [ours / bare for ours, bare in zip(remote, direct, strict=True)]
            cells = (name, spread(direct), spread(remote), spread(ratios), goals.get(name, ""))
            yield f"| {' | '.join(cells)} |"

    def costs(self) -> Iterator[str]:
        """Yield what each process spent, in medians."""
        name = self.names[0]
        for way in WAYS:
            samples = self.found[name][way]
            if samples[0].costs:
                spent = (
                    f"{process} {statistics.median(s.costs[process] for s in samples):.3g}"
                    for process in samples[0].costs
                )
                yield f"- {name}, {way}: {self.cost} {', '.join(spent)}."

    def _values(self, name: str, way: str) -> list[float]:
        return [sample.value for sample in self.found[name][way]]


def spread(values: Sequence[float]) -> str:
    """Return least, median and most."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{low:.2f} / **{middle:.2f}** / {high:.2f}"
