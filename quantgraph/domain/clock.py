"""Time, ids and randomness come in from outside, so that a run can be replayed."""

import secrets
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The time that the market lives in: real in dev and prod, virtual in mock."""

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
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


class RandomIds:
    """80 random bits after the prefix: no two gateways ever give the same id."""

    def new(self, prefix: str) -> str:
        """Return a fresh id, for example `order_4f9k…`."""
        return f"{prefix}{secrets.token_hex(10)}"
