"""Generated days at a venue without us."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from quantgraph.backends.sim.core.events import Command, Event, Refused, Trade, Turn
from quantgraph.backends.sim.core.tally import Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.flow.frames import Frame
from quantgraph.backends.sim.flow.generated import GeneratedFrames
from quantgraph.backends.sim.flow.shadow import Shadow
from quantgraph.backends.sim.program import Program
from quantgraph.backends.sim.quoting import Quoter
from quantgraph.domain.instruments import classify
from quantgraph.domain.orders import Side


@dataclass
class Floor:
    """A venue that takes what the frames of one day tell, and whatever a test enters."""

    frames: GeneratedFrames
    venue: Venue
    plan: Program
    shadow: Shadow
    at: int

    @classmethod
    def open(cls, quoter: Quoter, symbol: str, day: date, at: int | None = None) -> "Floor":
        """Open with the frame that stands; None: before the day begins."""
        frames = quoter.frames(quoter._paths.load([symbol], day)[symbol], day)
        assert frames is not None
        return cls.over(frames, symbol, frames._plan.spans[0].start - 1 if at is None else at)

    @classmethod
    def over(cls, frames: GeneratedFrames, symbol: str, at: int) -> "Floor":
        """Open over frames that were made already."""
        limits, plan = frames._scene.limits, frames._plan
        band = None if limits is None else (limits.low, limits.high)
        terms = Terms(classify(symbol)[0], frames._tape.previous, band)
        floor = cls(frames, Venue(terms, frames.so_far(at)), plan, Shadow(), at)
        floor.venue.apply(Turn(plan.phase(at)))
        for command in floor.shadow.open(frames.standing(at), plan.phase(at)):
            floor.venue.apply(command)
        return floor

    def run(self, until: int) -> Iterator[tuple[Frame, list[Command], list[Event]]]:
        """Feed every frame until an instant; yield it, what was told, and what came of it."""
        for frame in self.frames.between(self.at, until):
            events: list[Event] = []
            phase = self.plan.phase(frame.at)
            if phase is not self.venue.phase:
                events += self.venue.apply(Turn(phase))
            commands = self.shadow.feed(frame, phase)
            for command in commands:
                events += self.venue.apply(command)
            self.at = frame.at
            yield frame, commands, events


def check_frame(floor: Floor, frame: Frame, events: list[Event]) -> None:
    """Assert that the venue printed and shows what the frame does, and refused nothing."""
    trades = [event for event in events if isinstance(event, Trade)]
    assert not [event for event in events if isinstance(event, Refused)]
    for deal in frame.deals:
        left = deal.quantity
        while left:
            trade = trades.pop(0)
            assert (trade.price, trade.quantity) == (deal.price, min(trade.quantity, left))
            left -= trade.quantity
    assert trades == []
    assert floor.venue.depth(Side.BUY) == frame.bids
    assert floor.venue.depth(Side.SELL) == frame.asks
