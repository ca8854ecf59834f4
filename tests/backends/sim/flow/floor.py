"""A venue that a recorded day feeds, with orders of ours among the recorded ones."""

from dataclasses import dataclass, field

from quantgraph.backends.sim.core.events import Cancel, Enter, Trade, Turn
from quantgraph.backends.sim.core.tally import Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.flow.shadow import Shadow
from quantgraph.domain.instruments import Market
from quantgraph.domain.rules.sessions import Phase

from .recorded import PHASES

TERMS = Terms(Market.SH, 184_576, (166_118, 203_034))


def phase_of(at):
    return next((span.phase for span in PHASES if span.start <= at < span.end), Phase.CLOSED)


def schedule(frames, start, until):
    """Phases and frames in the order in which they come; a phase before a frame of its instant."""
    turns = {span.end: Phase.CLOSED for span in PHASES} | {
        span.start: span.phase for span in PHASES
    }
    rows = [(at, 0, phase) for at, phase in turns.items() if start < at <= until]
    rows += [(frame.at, 1, frame) for frame in frames.between(start, until)]
    return sorted(rows, key=lambda row: row[:2])


@dataclass
class Run:
    """A venue and everything that it told, with the instant and what led to it."""

    frames: object
    start: int
    until: int
    orders: dict = field(default_factory=dict)  # instant → commands of ours, after its frame
    trades: list = field(default_factory=list)  # (instant, Trade)

    def __post_init__(self):
        self.venue, self.shadow = Venue(TERMS), Shadow()
        phase = phase_of(self.start)
        self.venue.apply(Turn(phase))
        self.tell(self.start, self.shadow.open(self.frames.standing(self.start), phase))

    def tell(self, at, commands):
        for command in commands:
            told = self.venue.apply(command)
            self.trades += [(at, event) for event in told if isinstance(event, Trade)]

    def play(self):
        """Yield each frame after it was fed, before our orders of its instant are."""
        left = sorted(self.orders.items())
        for at, kind, what in schedule(self.frames, self.start, self.until):
            while left and left[0][0] < at:
                self.tell(*left.pop(0))
            if kind == 0:
                self.tell(at, [Turn(what)])
                continue
            self.tell(at, self.shadow.feed(what, self.venue.phase))
            yield what

    def finish(self):
        for _ in self.play():
            pass
        return self


__all__ = ["Cancel", "Enter", "Run", "phase_of"]
