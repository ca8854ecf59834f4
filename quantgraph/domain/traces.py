"""The steps of a request: noted where they are taken, for the requests that are traced."""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from time import perf_counter_ns, time_ns
from types import TracebackType
from typing import Final, NamedTuple, TypeAlias

from quantgraph.domain.calls import GONE, OK
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason

# Steps of one request; what it begins and leaves running may take any number more.
_MOST = 64
# What W3C's Trace Context says of who asks: trace, span, and whether it is sampled.
_PARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
# Returns the values of those arguments of a request that may be told, by name.
Asked: TypeAlias = Callable[[frozenset[str]], Mapping[str, str]]


class Step(NamedTuple):
    """One step: nanoseconds since the epoch and of its length; OK, GONE or the code of its end."""

    name: str
    began: int
    took: int
    outcome: str


class Parent(NamedTuple):
    """The span of a client that a request is part of."""

    trace: int
    span: int
    sampled: bool


class Trail:
    """What is noted of one request that is traced, by whichever of its tasks."""

    __slots__ = ("_left", "_zero", "asked", "later", "parent", "steps")

    def __init__(self, parent: Parent | None) -> None:
        """Begin."""
        self.parent = parent
        self.steps: list[Step] = []
        self.asked: Asked | None = None
        # Once the request was told: takes the steps that end after it.
        self.later: Callable[[Step], None] | None = None
        # The wall clock is read once: its corrections would have steps overlap.
        self._zero = time_ns() - perf_counter_ns()
        self._left = _MOST

    def note(self, name: str, began: int, outcome: str) -> None:
        """Take a step that has ended now; `began` by `perf_counter_ns`."""
        if not self._left:
            return
        self._left -= 1
        step = Step(name, self._zero + began, perf_counter_ns() - began, outcome)
        if self.later is None:
            self.steps.append(step)
        else:
            self.later(step)


_trail: ContextVar[Trail | None] = ContextVar("trail", default=None)
_UNTRACED: Final = nullcontext()


def follow(trail: Trail | None) -> None:
    """Have the steps of the present context noted there, those of its tasks included."""
    if trail is not None:
        _trail.set(trail)


def step(name: str) -> AbstractContextManager[None]:
    """Note what is done inside as one step of the present request; next to nothing untraced."""
    trail = _trail.get()
    return _UNTRACED if trail is None else _Noted(trail, name)


def parent_of(text: str | None) -> Parent | None:
    """Return what a `traceparent` header says, None where it says nothing that can be read."""
    found = None if text is None else _PARENT.fullmatch(text)
    if found is None:
        return None
    trace, span, flags = found.groups()
    return Parent(int(trace, 16), int(span, 16), bool(int(flags, 16) & 1))


class _Noted(AbstractContextManager[None]):
    __slots__ = ("_began", "_name", "_trail")

    def __init__(self, trail: Trail, name: str) -> None:
        self._trail, self._name = trail, name

    def __enter__(self) -> None:
        self._began = perf_counter_ns()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._trail.note(self._name, self._began, _outcome(error))


def _outcome(error: BaseException | None) -> str:
    if error is None:
        return OK
    if isinstance(error, GatewayError):
        return error.reason.value
    return Reason.INTERNAL.value if isinstance(error, Exception) else GONE
