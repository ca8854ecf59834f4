"""When a share without a band stops by itself: a trade too far from the day's open (临时停牌)."""

from collections.abc import Sequence

from quantgraph.backends.sim.core.tally import Tally
from quantgraph.backends.sim.securities import Security
from quantgraph.domain.rules.halts import HaltRow
from quantgraph.domain.rules.sessions import Phase

_MINUTE_MS = 60_000


class Breaker:
    """Watches one symbol's day; each move of the rules stops it once, up or down."""

    def __init__(self, security: Security, tally: Tally) -> None:
        """Begin where the day stands: what had been reached by then stops nothing any more."""
        self._security = security
        self._left: Sequence[HaltRow] = security.halts
        self.pause(tally, 0)

    @property
    def armed(self) -> bool:
        """Whether anything may still stop it."""
        return bool(self._left)

    def pause(self, tally: Tally, at: int) -> int | None:
        """Return until when (epoch ms) it stops for what has just traded; None: it goes on."""
        if not self._left:
            return None
        hit = [row for row in self._left if _reached(row, tally)]
        if not hit:
            return None
        self._left = [row for row in self._left if row not in hit]
        return self._over(at, max(row.minutes for row in hit) * _MINUTE_MS)

    def _over(self, at: int, left: int) -> int:
        """Return when so many ms of continuous trading have passed, at its end at the latest."""
        until = at
        for span in self._security.phases:
            if span.phase is Phase.CONTINUOUS and span.end > at:
                begin = max(span.start, at)
                until = min(begin + left, span.end)
                left -= until - begin
                if left <= 0:
                    break
        return until


def _reached(row: HaltRow, tally: Tally) -> bool:
    if tally.open is None or tally.high is None or tally.low is None:
        return False
    return max(tally.high - tally.open, tally.open - tally.low) >= row.move * tally.open
