"""Which recorded days a simulated market lives again, and what is kept of them in memory."""

from datetime import date
from typing import Protocol

from quantgraph.backends.sim.flow.recording import Recording
from quantgraph.backends.sim.flow.replay import ReplayFrames
from quantgraph.backends.sim.memo import Memo
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Segment
from quantgraph.domain.rules.sessions import PhaseSpan, list_phases

_KEPT = 128  # days of a symbol, about 10 MB each of a level-2 recording


class Recordings(Protocol):
    """Recorded days as the market store holds them, the same as long as the market lives."""

    def until(self, symbol: str) -> date | None:
        """Return the last day that a symbol is replayed on, None if it is not; never blocks."""
        ...

    def read(self, symbol: str, day: date, scale: int) -> Recording | None:
        """Return a day in ticks of 1/`scale` yuan, None where nothing is displayed: blocking."""
        ...


class Replays:
    """Recorded days as frames, read once."""

    def __init__(self, recordings: Recordings, first: date) -> None:
        """Replay from a day on."""
        self.first = first
        self._recordings = recordings
        self._held: Memo[tuple[str, date], tuple[ReplayFrames | None]] = Memo(_KEPT)

    def lives(self, symbol: str, day: date) -> bool:
        """Return whether a symbol's day is replayed; never blocks."""
        until = self._recordings.until(symbol)
        return until is not None and self.first <= day <= until

    def ready(self, symbol: str, day: date) -> ReplayFrames | None:
        """Return the day if it is in memory; never blocks."""
        held = self._held.get((symbol, day))
        return None if held is None else held[0]

    def load(self, symbol: str, segment: Segment, day: date, scale: int) -> ReplayFrames | None:
        """Return the day, None where nothing was displayed on it: blocking."""
        held = self._held.get((symbol, day))
        if held is None:
            recording = self._recordings.read(symbol, day, scale)
            made = None if recording is None else ReplayFrames(recording, _phases(segment, day))
            held = self._held.put((symbol, day), (made,))
        return held[0]


def _phases(segment: Segment, day: date) -> tuple[PhaseSpan, ...]:
    """Return the day's phases; an index has none, and trades at any time."""
    try:
        return list_phases(segment, day)
    except OrderRefused:
        return ()
