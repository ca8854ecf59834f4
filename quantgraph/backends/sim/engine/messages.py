"""What goes through the pipes between the gateway and an exchange in a process of its own."""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from quantgraph.backends.sim.engine.flat import pickled
from quantgraph.backends.sim.engine.port import Kept, Opening
from quantgraph.backends.sim.hall import Rules
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.simulation import CorporateAction

# Bytes of one message: a snapshot of 5,000 order books is the largest.
MOST = 1 << 28
HEAD = 4  # bytes that tell the length of what follows, big-endian


@dataclass(frozen=True, slots=True)
class Begin:
    """Open a world."""

    opening: Opening


@dataclass(frozen=True, slots=True)
class Quoted:
    """An instrument, and all events that were announced of it: its prices hang on them."""

    instrument: Instrument
    announced: tuple[CorporateAction, ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """Read a state and keep it; `quoted` are its live symbols."""

    kept: Kept
    quoted: tuple[Quoted, ...]


@dataclass(frozen=True, slots=True)
class Adopt:
    """Go on from the state that was read."""

    rules: Rules


@dataclass(frozen=True, slots=True)
class Enlist:
    """List an instrument for a day; the frames are made where the exchange is."""

    quoted: Quoted
    day: date


@dataclass(frozen=True, slots=True)
class Advance:
    """Move to an instant (epoch ms), for so many real seconds at once, about."""

    at: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Hurry:
    """End the advance of this number after the step that it is at. It gets no answer."""

    number: int


@dataclass(frozen=True, slots=True)
class Act:
    """Call a function of the exchange; `soon`: between two steps, also while it moves.

    Before it, time passes up to `reached` (epoch ms): it was known that nothing happens by then.
    """

    work: Callable[..., object]
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]
    soon: bool
    reached: int | None = None


Question: TypeAlias = Begin | Load | Adopt | Enlist | Advance | Act


@dataclass(frozen=True, slots=True)
class Call:
    """A question under the number that its answer will bear."""

    number: int
    question: Question


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call: a value, a refusal, or the words of a defect.

    `next`: the instant (epoch ms) before which an advance changes nothing; None: that is not told.
    """

    number: int
    value: object = None
    next: int | None = None
    error: GatewayError | None = None
    defect: str | None = None


def pack(message: object) -> bytes:
    """Return a message with its length. Raises ValueError where it is longer than `MOST`."""
    body = pickled(message)
    if len(body) > MOST:
        text = f"A message of {len(body)} bytes; {MOST} are the most."
        raise ValueError(text)
    return len(body).to_bytes(HEAD, "big") + body


def size(head: bytes) -> int:
    """Return the length that a head tells. Raises ValueError where it is longer than `MOST`."""
    length = int.from_bytes(head, "big")
    if length > MOST:
        text = f"A message of {length} bytes; {MOST} are the most."
        raise ValueError(text)
    return length


def unpack(body: bytes) -> Any:  # noqa: ANN401 - any of the classes above, or a setup
    """Return the message: both ends are one program, and nobody else holds the pipe."""
    return pickle.loads(body)  # noqa: S301 - our own child or parent wrote it
