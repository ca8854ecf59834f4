"""Dials: what was measured in the last minutes as percentiles, and since the start as a tally."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from quantgraph.domain.latency import WINDOW_S, Latency, ServerLatency
from quantgraph.services.calls import Tally

# Measurements that percentiles are taken of at most: the newest.
_PLACES = 2_048
# Seconds that percentiles stand: who asks often does not have them sorted each time.
_STANDS_S = 1.0


class Dial:
    """One thing that is measured. Used on the event loop alone."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        """Measure nothing yet; `timer` tells when a measurement was made."""
        self._timer = timer
        self._noted: deque[tuple[float, float]] = deque(maxlen=_PLACES)
        self._known: tuple[float, Latency] = (-math.inf, Latency())
        self.tally = Tally()
        self.noted_at: float | None = None

    def note(self, seconds: float) -> None:
        """Take a measurement; a clock that stepped back has measured nothing less than 0."""
        seconds = max(seconds, 0.0)
        self.noted_at = self._timer()
        self._noted.append((self.noted_at, seconds))
        self.tally.add(seconds)

    def age(self) -> float | None:
        """Return the seconds since the last measurement, None before the first."""
        return None if self.noted_at is None else self._timer() - self.noted_at

    def latency(self) -> Latency:
        """Return the percentiles of the last minutes, at most a second old."""
        now = self._timer()
        if now - self._known[0] >= _STANDS_S:
            self._known = (now, self._reckoned(now))
        return self._known[1]

    def _reckoned(self, now: float) -> Latency:
        while self._noted and now - self._noted[0][0] > WINDOW_S:
            self._noted.popleft()
        held = sorted(seconds for _, seconds in self._noted)
        if not held:
            return Latency()
        return Latency(_rank(held, 0.5), _rank(held, 0.95), _rank(held, 0.99), len(held))


def _rank(held: list[float], share: float) -> float:
    """Return the smallest value that so great a share is not above, in milliseconds."""
    return round(held[math.ceil(share * len(held)) - 1] * 1_000, 3)


@dataclass(frozen=True, slots=True)
class Timings:
    """All dials; see `domain.latency.ServerLatency`. `loop_lag`: how late the loop's timers are."""

    quote_age: Dial = field(default_factory=Dial)
    order_round_trip: Dial = field(default_factory=Dial)
    callback_lag: Dial = field(default_factory=Dial)
    journal_commit: Dial = field(default_factory=Dial)
    loop_lag: Dial = field(default_factory=Dial)

    def latency(self) -> ServerLatency:
        """Return what all users may know."""
        return ServerLatency(
            quote_age=self.quote_age.latency(),
            order_round_trip=self.order_round_trip.latency(),
            callback_lag=self.callback_lag.latency(),
            journal_commit=self.journal_commit.latency(),
        )
