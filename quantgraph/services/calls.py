"""Counts the requests of both wires, and hands each on to whoever writes a line of it."""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from quantgraph.domain.calls import Call
from quantgraph.domain.traces import Trail

# Seconds: from what is answered where it is received to what is abandoned.
BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
# Operations of several root fields, and requests that never became one: names stay few.
SEVERAL, NONE = "several", "none"


@dataclass(slots=True)
class Tally:
    """Durations: how many, the seconds of all, and by `BOUNDS` with the rest behind."""

    count: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def join(self, other: "Tally") -> None:
        """Count those of another as well."""
        self.count += other.count
        self.seconds += other.seconds
        self.buckets = [mine + its for mine, its in zip(self.buckets, other.buckets, strict=True)]

    def add(self, seconds: float) -> None:
        """Count one more."""
        self.count += 1
        self.seconds += seconds
        self.buckets[bisect_left(BOUNDS, seconds)] += 1


# Transport, operation, outcome, and whether it was a stream.
Kind: TypeAlias = tuple[str, str, str, bool]


class Tracer(Protocol):
    """Chooses the requests that are traced, and tells of them."""

    def trail(self, parent: str | None) -> Trail | None:
        """Return a new trail where a request is to be traced; see `Calls.trail`."""
        ...

    def ended(self, call: Call, trail: Trail) -> None:
        """Tell a request and its steps. Never waits, never raises."""
        ...


class CallBook:
    """Implements `Calls`. Called on the loop alone, by every request: it does next to nothing.

    Its kinds are bounded: transports, fields and rpcs of the contracts, and codes of errors.
    """

    def __init__(
        self, line: Callable[[Call], None] | None = None, tracer: Tracer | None = None
    ) -> None:
        """Count from nought; `line` hears of each request, and never waits, nor does `tracer`."""
        self._line = line
        self._tracer = tracer
        self._tallies: dict[Kind, Tally] = {}

    def ended(self, call: Call) -> None:
        """Count a request that has ended."""
        fields = call.fields
        operation = fields[0] if len(fields) == 1 else SEVERAL if fields else NONE
        kind = call.transport, operation, call.outcome, call.lasting
        tally = self._tallies.get(kind)
        if tally is None:
            tally = self._tallies[kind] = Tally()
        tally.add(call.seconds)
        if self._line is not None:
            self._line(call)
        if call.trail is not None and self._tracer is not None:
            self._tracer.ended(call, call.trail)

    def trail(self, parent: str | None) -> Trail | None:
        """Return where the steps of a request are noted; None where it is not traced."""
        return None if self._tracer is None else self._tracer.trail(parent)

    def tallies(self) -> Iterable[tuple[Kind, Tally]]:
        """Return what was counted, by kind."""
        return self._tallies.items()
