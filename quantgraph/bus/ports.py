"""What the bus is to those who publish and read; `connection.py` makes it of NATS."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


class BusAway(Exception):
    """The bus cannot be asked now, or has not answered."""


@dataclass(frozen=True, slots=True)
class Ear:
    """Who listens: `take` gets each message in order; `missed` is told that some were dropped."""

    take: Callable[[bytes], None]
    missed: Callable[[], None]


@dataclass(slots=True)
class BusTally:
    """What this gateway does over the bus.

    `logs_read`: logs that the bus alone tells here now. `repairs`: how often it was found not to
    tell all of one. `kept`: events that were put into its stream.
    """

    logs_read: int = 0
    repairs: int = 0
    kept: int = 0


class Session(Protocol):
    """One connection, from its beginning to its loss; nothing of it is taken up again.

    Every method raises BusAway.
    """

    @property
    def alive(self) -> bool:
        """Whether it has not been lost."""
        ...

    async def ended(self) -> None:
        """Wait until it is lost."""
        ...

    async def tell(self, subject: str, data: bytes) -> None:
        """Publish to whoever listens now; nobody keeps it."""
        ...

    async def keep(self, subject: str, data: bytes, number: int) -> None:
        """Publish into the stream, and return when it is kept: a subject keeps a number once."""
        ...

    async def newest(self, subject: str) -> int | None:
        """Return the number that was kept last, None where there is none."""
        ...

    def listening(self, subjects: Sequence[str], ear: Ear) -> AbstractAsyncContextManager[None]:
        """Listen, from the moment on that this is entered until it is left."""
        ...


class Bus(Protocol):
    """The bus, which comes and goes."""

    @property
    def session(self) -> Session | None:
        """The present connection, None while it is away."""
        ...

    async def met(self) -> Session:
        """Wait for a connection."""
        ...
