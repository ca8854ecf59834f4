"""Time, ids and randomness come in from outside, so that a run can be replayed."""

import secrets
import time
from datetime import UTC, date, datetime
from typing import Protocol


class Clock(Protocol):
    """The time that the market lives in: real in dev and prod, virtual in mock."""

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        ...


class Reading(Protocol):
    """One reading of a clock."""

    @property
    def epoch(self) -> str:
        """The world's epoch."""
        ...

    @property
    def day(self) -> date:
        """Its trading day."""
        ...

    @property
    def ms(self) -> int:
        """The instant, epoch ms."""
        ...


class DatedClock(Clock, Protocol):
    """A clock that knows its trading days."""

    def moment(self) -> Reading:
        """Return epoch, trading day and instant of one reading."""
        ...


class Ids(Protocol):
    """New identifiers."""

    def new(self, prefix: str) -> str:
        """Return an id that was never given before, starting with `prefix`."""
        ...


class Rng(Protocol):
    """A seeded source of randomness."""

    def random(self) -> float:
        """Return a double in [0, 1)."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        return datetime.now(UTC)


# A step of the ids' time is 2^22 ns, about 4 ms: 40 bits of them last until 2116.
_STEP = 22


class RandomIds:
    """When it was given, and 64 random bits: no two gateways ever give the same id.

    The time stands in front because files are indexed by ids: what is new goes to the index's end,
    and does not rewrite a page of it for every order.
    """

    def new(self, prefix: str) -> str:
        """Return a fresh id, for example `order_62f4b0c81e9d…`: 26 hexadecimal digits."""
        return f"{prefix}{time.time_ns() >> _STEP:010x}{secrets.token_hex(8)}"
