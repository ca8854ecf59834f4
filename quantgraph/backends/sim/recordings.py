"""Which recorded days a simulated market lives again, and what is kept of them in memory."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Protocol

from quantgraph.backends.sim.flow.recording import Recording
from quantgraph.backends.sim.flow.replay import ReplayFrames
from quantgraph.backends.sim.flow.stored import LivedDay, stored_minutes, traded_minutes
from quantgraph.backends.sim.memo import Memo
from quantgraph.domain.bars import BarColumns
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Instrument, Segment
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

    def minutes(self, symbol: str, day: date) -> tuple[BarColumns, float | None] | None:
        """Return a day's minute bars, and the close before it where that is told: blocking."""
        ...


class Replays:
    """Recorded days, read once: as frames where displays were recorded, else as minutes."""

    def __init__(self, recordings: Recordings, calendar: TradingCalendar, first: date) -> None:
        """Replay from a day on."""
        self.first = first
        self._calendar = calendar
        self._recordings = recordings
        self._held: Memo[tuple[str, date], tuple[ReplayFrames | None]] = Memo(_KEPT)

    def lives(self, symbol: str, day: date) -> bool:
        """Return whether a symbol's day is replayed; never blocks."""
        until = self._recordings.until(symbol)
        return until is not None and self.first <= day <= until

    def ready(self, symbol: str, day: date) -> tuple[ReplayFrames | None] | None:
        """Return what `load` would, if it is in memory; never blocks."""
        return self._held.get((symbol, day))

    def load(self, symbol: str, segment: Segment, day: date, scale: int) -> ReplayFrames | None:
        """Return the day, None where nothing was displayed on it: blocking."""
        held = self._held.get((symbol, day))
        if held is None:
            recording = self._recordings.read(symbol, day, scale)
            made = None if recording is None else ReplayFrames(recording, _phases(segment, day))
            held = self._held.put((symbol, day), (made,))
        return held[0]

    def days(self, instrument: Instrument, scale: int) -> Mapping[date, LivedDay]:
        """Return an instrument's days up to the first one without a trade: blocking."""
        until = self._recordings.until(instrument.symbol)
        return {} if until is None else dict(self._days(instrument, until, scale))

    def _days(
        self, instrument: Instrument, until: date, scale: int
    ) -> Iterator[tuple[date, LivedDay]]:
        for day in self._calendar.between(self.first, until).tolist():
            found = self._day(instrument, day, scale)
            if found is None:
                return
            yield day, found

    def _day(self, instrument: Instrument, day: date, scale: int) -> LivedDay | None:
        frames = self.load(instrument.symbol, instrument.segment, day, scale)
        if frames is not None:
            minutes = traded_minutes(frames.trades, day, scale)
            return None if minutes is None else LivedDay(minutes, frames.previous)
        held = self._recordings.minutes(instrument.symbol, day)
        minutes = None if held is None else stored_minutes(held[0], day, scale)
        if held is None or minutes is None:
            return None
        return LivedDay(minutes, None if held[1] is None else round(held[1] * scale))


def _phases(segment: Segment, day: date) -> tuple[PhaseSpan, ...]:
    """Return the day's phases; an index has none, and trades at any time."""
    try:
        return list_phases(segment, day)
    except OrderRefused:
        return ()
