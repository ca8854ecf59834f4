"""How much one key may ask for in a while, and how much of that is left."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

# The acts that send something to the exchange.
ORDERS = frozenset({"submitOrder", "submitOrders", "approveOrder"})
# What takes risk away is never kept waiting, nor counted.
RELIEF = frozenset(
    {
        "cancelOrder",
        "cancelAllOrders",
        "rejectOrder",
        "haltTrading",
        "disarmTrading",
        "setDeadMan",
    }
)


@dataclass(frozen=True, slots=True)
class Rates:
    """Two buckets of each key: points of reads, and orders. Each fills again by the second."""

    reads: int
    reads_per_second: int
    orders: int
    orders_per_second: int

    @property
    def policy(self) -> str:
        """What every key may, as the IETF's draft of RateLimit headers writes it."""
        reads = max(1, round(self.reads / self.reads_per_second))
        orders = max(1, round(self.orders / self.orders_per_second))
        return f'"reads";q={self.reads};w={reads}, "orders";q={self.orders};w={orders}'


class Standing(NamedTuple):
    """What a key may still ask for at once: whole points of reads, and orders."""

    reads: int
    orders: int

    @property
    def left(self) -> str:
        """What is left, as the same draft writes it."""
        reads, orders = self
        return f'"reads";r={max(0, reads)}, "orders";r={max(0, orders)}'


class Meter(Protocol):
    """Counts what each key asks for, on both wires together."""

    @property
    def rates(self) -> Rates:
        """What every key may."""
        ...

    def read(self, key_id: str, points: int) -> Standing:
        """Take points of reads. Errors: RATE_LIMITED, and then nothing is taken."""
        ...

    def order(self, key_id: str, orders: int) -> Standing:
        """Take so many orders. Errors: RATE_LIMITED, and then nothing is taken."""
        ...

    def blame(self, key_id: str, points: int) -> Standing:
        """Take points for what was refused after work; there may be fewer than none left."""
        ...


class NoMeter:
    """Counts nothing."""

    @property
    def rates(self) -> Rates:
        """One of each, as if it were given back at once."""
        return Rates(1, 1, 1, 1)

    def read(self, key_id: str, points: int) -> Standing:
        """Let pass."""
        del key_id, points
        return Standing(1, 1)

    def order(self, key_id: str, orders: int) -> Standing:
        """Let pass."""
        return self.read(key_id, orders)

    def blame(self, key_id: str, points: int) -> Standing:
        """Let pass."""
        return self.read(key_id, points)
