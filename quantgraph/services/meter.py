"""Token buckets per key, below both wires: who asks too much waits, and others do not."""

import math
import time
from collections.abc import Callable

from quantgraph.domain.errors import LimitReached
from quantgraph.domain.rates import Rates, Standing
from quantgraph.domain.reasons import Reason

# Keys whose buckets are kept: far more than are made. Beyond, the oldest starts anew.
_KEYS = 10_000


class _Bucket:
    """Holds `most` tokens and is given `rate` of them per second."""

    __slots__ = ("at", "held", "most", "rate")

    def __init__(self, most: int, rate: int, now: float) -> None:
        self.most, self.rate = most, rate
        self.held, self.at = float(most), now

    def adopt(self, most: int, rate: int, now: float) -> None:
        """Hold so many from now on, and be given so many."""
        self.held = min(self.fill(now), float(most))
        self.most, self.rate = most, rate

    def fill(self, now: float) -> float:
        """Return what is held now."""
        held = self.held
        if held < self.most:
            held += (now - self.at) * self.rate
            self.held = held = min(held, self.most)
        self.at = now
        return held

    def take(self, wanted: int, now: float) -> float:
        """Take tokens; return the seconds to wait where there are too few and none was taken.

        Whoever wants more than fits in waits for a full one, else it would wait for ever.
        """
        held, needed = self.fill(now), min(wanted, self.most)
        if held >= needed:
            self.held = held - wanted
            return 0.0
        return (needed - held) / self.rate


class KeyMeter:
    """Two buckets for each key."""

    def __init__(self, rates: Rates, timer: Callable[[], float] = time.monotonic) -> None:
        """Fill by `timer`, in seconds of this machine: what is protected is the machine."""
        self.rates = rates
        self._timer = timer
        self._keys: dict[str, tuple[_Bucket, _Bucket]] = {}

    def adopt(self, rates: Rates) -> None:
        """Let keys ask for so much from now on; what they hold stays, as far as it fits."""
        self.rates, now = rates, self._timer()
        for reads, orders in self._keys.values():
            reads.adopt(rates.reads, rates.reads_per_second, now)
            orders.adopt(rates.orders, rates.orders_per_second, now)

    def read(self, key_id: str, points: int) -> Standing:
        """Take points of reads. Errors: RATE_LIMITED."""
        reads, orders, now = self._buckets(key_id)
        wait = reads.take(points, now)
        if wait:
            raise _limited(key_id, f"{self.rates.reads_per_second} points of reads", wait)
        return Standing(int(reads.held), int(orders.fill(now)))

    def order(self, key_id: str, orders: int) -> Standing:
        """Take so many orders. Errors: RATE_LIMITED."""
        reads, bucket, now = self._buckets(key_id)
        wait = bucket.take(orders, now)
        if wait:
            raise _limited(key_id, f"{self.rates.orders_per_second} orders", wait)
        return Standing(int(reads.fill(now)), int(bucket.held))

    def blame(self, key_id: str, points: int) -> Standing:
        """Take points of reads that are owed, down to an empty bucket twice over."""
        reads, orders, now = self._buckets(key_id)
        held = reads.fill(now)
        # What was dearer than a bucket may have left a deeper debt, which stays.
        reads.held = min(held, max(held - points, -float(reads.most)))
        return Standing(int(reads.held), int(orders.fill(now)))

    def _buckets(self, key_id: str) -> tuple[_Bucket, _Bucket, float]:
        now = self._timer()
        found = self._keys.get(key_id) or self._made(key_id, now)
        return found[0], found[1], now

    def _made(self, key_id: str, now: float) -> tuple[_Bucket, _Bucket]:
        if len(self._keys) >= _KEYS:
            del self._keys[next(iter(self._keys))]
        rates = self.rates
        reads = _Bucket(rates.reads, rates.reads_per_second, now)
        made = self._keys[key_id] = reads, _Bucket(rates.orders, rates.orders_per_second, now)
        return made


def _limited(key_id: str, what: str, wait: float) -> LimitReached:
    after = max(1, math.ceil(wait * 1_000))
    text = f"Key {key_id} asks for more than {what} per second; ask again in {after} ms ([rates])."
    return LimitReached(Reason.RATE_LIMITED, text, retry_after_ms=after)
