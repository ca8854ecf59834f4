"""When the screen of a day changes."""

from dataclasses import dataclass
from typing import Final

# Both exchanges publish a share's level-1 snapshot every three seconds, in auctions as well: the
# displays recorded of 600519.SH on 2023-02-01 lie on that grid from 09:15:00 on.
SCREEN_MS: Final = 3_000
LATE_MS: Final = 10_000  # between two chances of a deal after hours, our own choice


@dataclass(frozen=True, slots=True)
class Stretch:
    """Instants (epoch ms) at which a screen may change: `start` and every `step` ms until `end`."""

    start: int
    end: int
    step: int = 1

    @classmethod
    def once(cls, at: int) -> "Stretch":
        """Return a single instant."""
        return cls(at, at + 1)

    @classmethod
    def trading(cls, start: int, end: int) -> "Stretch":
        """Return the instants of continuous trading: the last second of every three.

        So a whole minute is told before it is over, and what its bar says a screen has shown.
        """
        return cls(start + SCREEN_MS - 1_000, end, SCREEN_MS)

    def newest(self, at: int) -> int | None:
        """Return the newest of them at or before an instant."""
        if at < self.start:
            return None
        return self.start + (min(at, self.end - 1) - self.start) // self.step * self.step

    def within(self, after: int, until: int) -> range:
        """Return those later than `after`, up to and with `until`."""
        skipped = max((after - self.start) // self.step + 1, 0)
        return range(self.start + skipped * self.step, min(until + 1, self.end), self.step)
