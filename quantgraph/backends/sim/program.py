"""When a symbol's generated day collects orders, prints and trades, by the dated phases."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time
from functools import lru_cache

import numpy as np

from quantgraph.backends.sim.block import Flags
from quantgraph.backends.sim.cadence import LATE_MS, SCREEN_MS, Stretch
from quantgraph.domain.calendar import Dates, at
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Segment
from quantgraph.domain.rules.sessions import PHASES, Phase, PhaseSpan, list_phases

# How a day is quoted of what no rule tells the phases of, such as an index: it has no auctions.
_TABLE = (
    (Phase.PRE_OPEN, time(9, 25), time(9, 30)),
    (Phase.CONTINUOUS, time(9, 30), time(11, 30)),
    (Phase.LUNCH, time(11, 30), time(13, 0)),
    (Phase.CONTINUOUS, time(13, 0), time(15, 0)),
)


def closing_days(segment: Segment, days: Dates) -> Flags:
    """Return which days end with a closing auction."""
    found = np.zeros(len(days), dtype=np.bool_)
    for row in PHASES:
        if row.phase is Phase.CLOSE_AUCTION and row.covers(segment):
            inside = days >= np.datetime64(row.effective_from)
            if row.effective_to is not None:
                inside &= days <= np.datetime64(row.effective_to)
            found |= inside
    return found


@dataclass(frozen=True, slots=True)
class Program:
    """A day's phases, epoch ms. The first continuous one begins `begins`, the last one `ends`.

    `screens`: when the screen changes, in order.
    """

    spans: tuple[PhaseSpan, ...]
    prints: int
    begins: int
    breaks: int
    resumes: int
    ends: int
    close: int
    screens: tuple[Stretch, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Lay out the screens of the day."""
        laid = sorted(_screens(self), key=lambda each: each.start)
        object.__setattr__(self, "screens", tuple(laid))

    def phase(self, instant: int) -> Phase:
        """Return the phase at an instant of the day."""
        for span in self.spans:
            if span.start <= instant < span.end:
                return span.phase
        return Phase.CLOSED

    def span(self, phase: Phase) -> PhaseSpan | None:
        """Return the first stretch of a phase, None where the day has none."""
        return next((span for span in self.spans if span.phase is phase), None)

    @property
    def calls(self) -> bool:
        """Whether an auction closes the day."""
        return self.ends < self.close

    def called(self, instant: int) -> bool:
        """Return whether the closing auction is about to begin, in the next second, or has."""
        return self.calls and instant >= self.ends - 1_000

    def shown(self, instant: int) -> int:
        """Return since when a screen has stood; before the day's first one the instant itself."""
        found = instant
        for stretch in self.screens:
            if instant < stretch.start:
                break
            found = stretch.newest(instant) or found
        return found

    def second(self, instant: int) -> int:
        """Return the newest second of trading, lunch left out, that a screen shows; -1: none.

        Second 0 is the opening auction, which prints before continuous trading begins. A closing
        auction is in the last second of all, and hidden with its minute until it prints.
        """
        if instant < self.prints:
            return -1
        if instant < self.resumes:
            newest = (min(instant, self.breaks - 1) - self.begins) // 1_000
            return max(newest, 0)
        morning = (self.breaks - self.begins) // 1_000
        if instant >= self.close:
            return morning + (self.close - self.resumes) // 1_000 - 1
        return morning + (min(instant, self.ends - 1) - self.resumes) // 1_000


def _screens(plan: Program) -> Iterator[Stretch]:
    collects = plan.span(Phase.OPEN_AUCTION)
    if collects is not None:
        yield Stretch(collects.start, plan.prints, SCREEN_MS)
    yield Stretch.once(plan.prints)
    # whoever was left over by the auction may leave again: before anybody new comes
    if plan.begins > plan.prints:
        yield Stretch.once(plan.begins)
    yield Stretch.trading(plan.begins, plan.breaks)
    yield Stretch.trading(plan.resumes, plan.ends)
    if plan.calls:
        yield Stretch(plan.ends, plan.close, SCREEN_MS)
        yield Stretch.once(plan.close)
    late = plan.span(Phase.AFTER_HOURS)
    if late is not None:
        yield Stretch(late.start + LATE_MS, late.end, LATE_MS)


@lru_cache(4096)
def program(segment: Segment, day: date) -> Program:
    """Return the program of a trading day; without rules that of a continuous day."""
    try:
        spans = list_phases(segment, day)
    except OrderRefused:
        spans = tuple(
            PhaseSpan(phase, at(day, start), at(day, end), "", verified=False, acts=())
            for phase, start, end in _TABLE
        )
    trading = [span for span in spans if span.phase is Phase.CONTINUOUS]
    called = next((span.end for span in spans if span.phase is Phase.CLOSE_AUCTION), None)
    before = next((span.start for span in spans if span.phase is Phase.PRE_OPEN), trading[0].start)
    return Program(
        spans=spans,
        prints=before,
        begins=trading[0].start,
        breaks=trading[0].end,
        resumes=trading[-1].start,
        ends=trading[-1].end,
        close=called or trading[-1].end,
    )
