"""How virtual time runs: wanted from real time, shown as far as the order books have come."""

import math
from dataclasses import dataclass, replace

# Real seconds that may be made up for later: books are brought on in pieces, and disks are slow.
_GRACE_S = 0.5
# From so many real seconds of them on it is said to lag.
_NOTICED_S = 0.25
# Real seconds over which the effective speed is taken, twice that at most.
_WINDOW_S = 1.0


@dataclass(frozen=True, slots=True)
class Course:
    """How time runs from a real instant on: `elapsed` running ms had passed at `since`.

    Nothing beyond `leash` is shown, whatever is wanted; `leap` is where a jump goes that may not
    be reached yet. A lap through all days began at `origin`; `worlds` counts the restarts.
    """

    since: float
    elapsed: float
    speed: float
    paused: bool = False
    origin: int = 0
    worlds: int = 0
    leap: float = 0.0
    leash: float = math.inf

    def wanted(self, real: float) -> float:
        """Return the running ms that should have passed at a real instant."""
        if self.paused:
            return self.elapsed
        return self.elapsed + (real - self.since) * 1000 * self.speed

    def shown(self, real: float) -> float:
        """Return the running ms that are shown to have passed: what is wanted, on its leash."""
        return min(self.wanted(real), self.leash)

    def held(self, real: float) -> bool:
        """Return whether the leash holds it back."""
        return self.wanted(real) > self.leash

    def lagging(self, real: float) -> bool:
        """Return whether it is held back by more than is made up for unnoticed."""
        behind = self.wanted(real) - self.shown(real)
        return behind > _NOTICED_S * 1000 * self.speed or self.shown(real) < self.leap

    def anew(self, real: float) -> "Course":
        """Return it from here on: time that could not be kept is let go, a jump is not.

        Otherwise a clock that was too fast for its market would race on once it is slowed down.
        """
        return self._kept(real, self.leap)

    def eased(self, real: float) -> "Course":
        """Return it from here on, with a little of the time that is to be made up for."""
        return self._kept(real, max(self.leap, self.shown(real) + _GRACE_S * 1000 * self.speed))

    def _kept(self, real: float, most: float) -> "Course":
        kept = max(self.shown(real), min(self.wanted(real), most))
        return replace(self, since=real, elapsed=kept)


class Odometer:
    """Measures how fast time was shown to run over the last one or two real seconds."""

    def __init__(self, real: float, shown: float) -> None:
        """Begin at a real instant (seconds), at so many running ms."""
        self._old = self._new = real, shown

    def note(self, real: float, shown: float) -> None:
        """Take a reading."""
        if real - self._new[0] >= _WINDOW_S:
            self._old, self._new = self._new, (real, shown)

    def speed(self, real: float, shown: float) -> float:
        """Return simulated seconds per real second until now, 0 before any time has passed."""
        since, before = self._old
        return (shown - before) / (real - since) / 1000 if real > since else 0.0
