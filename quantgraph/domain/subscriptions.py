"""The live streams that a key holds, and how each of their readers keeps up."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from quantgraph.domain.access import Wire


@dataclass(frozen=True, slots=True)
class Tally:
    """How a reader keeps up: `waiting` is what there is for it that it has not taken.

    `symbols`: how many it follows, None where it reads what is told of `account_id`. `skips`:
    whether `conflated` counts what it skipped.
    """

    delivered: int
    conflated: int
    waiting: int
    symbols: int | None = None
    account_id: str | None = None
    skips: bool = True


class Reader(Protocol):
    """Whoever takes the events of one stream."""

    def tally(self) -> Tally:
        """Return how it keeps up now."""
        ...


@dataclass(frozen=True, slots=True)
class OpenStream:
    """One stream of a key; `own` where the asking connection holds it.

    `tally` is None before the first event, and of streams that keep none. `opened_at` is real
    time, UTC.
    """

    id: str
    operation: str
    own: bool
    opened_at: datetime
    tally: Tally | None


# How far a log is ahead of its reader, which has to be looked up.
Lag: TypeAlias = Callable[[], Awaitable[int]]


@dataclass(slots=True)
class Held:
    """What is known of a stream while it is open."""

    id: str
    operation: str
    wire: Wire
    peer: str
    opened_at: datetime
    reader: Reader | None = None
    lag: Lag | None = None


_present: ContextVar[Held | None] = ContextVar("stream", default=None)


def hold(held: Held) -> None:
    """Say which stream the present task serves."""
    _present.set(held)


def attach(reader: Reader, lag: Lag | None = None) -> None:
    """Have the present stream told of by its reader; the last one counts."""
    held = _present.get()
    if held is not None:
        held.reader, held.lag = reader, lag
