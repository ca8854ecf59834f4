"""One symbol's live day: its order book, and the other traders who come to it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from quantgraph.backends.sim.breaks import Breaker
from quantgraph.backends.sim.core.events import Cancel, Command, Enter, Event, Halt, Trade, Turn
from quantgraph.backends.sim.core.tally import Tally
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.depth import Rung
from quantgraph.backends.sim.flow.frames import Frame, Frames
from quantgraph.backends.sim.flow.shadow import Shadow
from quantgraph.backends.sim.scripts import Script
from quantgraph.backends.sim.securities import Security
from quantgraph.domain.orders import Side
from quantgraph.domain.rules.sessions import Phase

_LEVELS = 10
_PLAIN = ("fed", "entered", "halted", "resumes", "more_volume", "more_turnover", "_strangers")
# Below all keys that the shadow of a day ever gives.
_STRANGERS = -(10**12)


@dataclass(frozen=True, slots=True)
class Screen:
    """What a live symbol displays, our orders included: prices in ticks, None before a trade.

    `more_volume` and `more_turnover` (ticks × shares) are what traded beyond the frames, because
    of us; below zero where our orders kept others from trading.
    """

    at: int
    tally: Tally
    bids: tuple[Rung, ...]
    asks: tuple[Rung, ...]
    more_volume: int
    more_turnover: int
    halted: bool
    scripted: bool


class Pit:
    """A venue, fed by the frames of its symbol from the instant on at which it was opened.

    Everything that happens by itself happens at `due`, one phase or frame at a time: `step` does
    it. So what comes out does not depend on how often anybody asks.
    """

    def __init__(self, security: Security, at: int) -> None:
        """Open with what the screen displays at an instant (epoch ms)."""
        self.security = security
        self.frames: Frames = security.frames
        self.following: Script | None = None
        self.halted = False
        # When trading goes on by itself, epoch ms; None: it goes on, or somebody stopped it.
        self.resumes: int | None = None
        self.fed: int = at
        # Orders of ours that came so far: their keys in the venue tell nothing of other symbols.
        self.entered = 0
        self.more_volume = 0
        self.more_turnover = 0
        self._strangers = 0
        phase = security.phase(at)
        self.venue = Venue(security.terms(), security.so_far(at))
        self._shadow = Shadow()
        self.venue.apply(Turn(phase))
        shown = self.frames.standing(at)
        self._run(self._shadow.open(shown, phase, halted=security.dark(shown)))
        self._await()
        self._breaker = Breaker(security, self.venue.tally)

    @property
    def due(self) -> int | None:
        """The instant of what happens here next, None after the day."""
        due = None if self._frame is None else self._frame.at
        if self._turns and (due is None or self._turns[0][0] < due):
            due = self._turns[0][0]
        if self.resumes is not None and (due is None or self.resumes < due):
            due = self.resumes
        return due

    @property
    def turning(self) -> Phase | None:
        """The phase that begins with what is due, None where something else is."""
        if not self._turns or self._turns[0][0] != self.due or self.due == self.resumes:
            return None
        return self._turns[0][1]

    @property
    def symbol(self) -> str:
        """The symbol."""
        return self.security.symbol

    @property
    def stopped(self) -> bool:
        """Whether nothing is matched for now."""
        return self._still or self.venue.halted

    @property
    def steered(self) -> bool:
        """Whether somebody interferes: it would not come back as it is."""
        return self._still or self.scripted

    @property
    def scripted(self) -> bool:
        """Whether it follows another day than its security's."""
        return self.frames is not self.security.frames

    @property
    def phase(self) -> Phase:
        """The phase that it is in."""
        return self.venue.phase

    def step(self) -> list[Event]:
        """Do what is due: of one instant the end of a pause, then phases, then frames."""
        if self.resumes is not None and self.resumes == self.due:
            self.fed = self.resumes
            return self.resume()
        if self._turns and self._turns[0][0] == self.due:
            self.fed, phase = self._turns.pop(0)
            return self._watched((*self._darkened(phase), Turn(phase)), ())
        frame, self._frame = self._frame, next(self._coming, None)
        if frame is None:
            return []
        self.fed = frame.at
        if self._still:
            return self._watched((), (frame,))
        return self._watched(self._shadow.feed(frame, self.venue.phase), (frame,))

    def apply(self, command: Command) -> list[Event]:
        """Let one of ours act."""
        return self._watched((command,), ())

    def pause(self, at: int) -> bool:
        """Stop for a while where the trades until now (epoch ms) call for it; tell whether."""
        until = self._breaker.pause(self.venue.tally, at)
        if until is None or until <= at or self.halted:
            return False
        self.resumes = until
        self._run((Halt(),))
        return True

    def halt(self) -> list[Event]:
        """Stop trading; frames pass unseen until `resume`."""
        self.halted, self.resumes = True, None
        return self._watched((Halt(),), ())

    def resume(self) -> list[Event]:
        """Go on with what the screen shows by now; where it shows a halt, with that."""
        if not self._still:
            return []
        self.halted, self.resumes = False, None
        # First who left and who came meanwhile: the auction that ends the halt is theirs.
        events = self._refresh()
        if self._shadow.halted:
            return events
        return events + self._watched((Halt(resumed=True),), ())

    def script(self, frames: Frames) -> list[Event]:
        """Follow another day from now on."""
        self.frames, self.following = frames, None
        self._await()
        return [] if self._still else self._refresh()

    def follow(self, script: Script) -> list[Event]:
        """Follow a scenario from now on, instead of any before."""
        events = self.script(script.frames(self.security))
        self.following = script
        return events

    def trade(self, price: int, quantity: int) -> list[Event]:
        """Let strangers trade at a price: they take what is better first, then meet there.

        An order that waits at the price already is before them.
        """
        ask = self.venue.best(Side.SELL)
        last = self.venue.tally.last
        up = price >= ask if ask is not None else last is None or price >= last
        taker, maker = (Side.BUY, Side.SELL) if up else (Side.SELL, Side.BUY)
        better = sum(
            rung.quantity
            for rung in self.venue.depth(maker)
            if (rung.price < price if up else rung.price > price)
        )
        standing, coming = self._stranger(), self._stranger()
        told: list[Command] = [
            Enter(standing, maker, quantity, limit=price),
            Enter(coming, taker, quantity + better, limit=price),
            Cancel(standing),
            Cancel(coming),
        ]
        return self._watched(told, ())

    def screen(self) -> Screen:
        """Return what is displayed now; while an auction collects, where it would clear.

        While trading is stopped orders wait unseen: no exchange displays them then.
        """
        venue, levels = self.venue, 0 if self.stopped else _LEVELS
        bids, asks = venue.depth(Side.BUY, levels), venue.depth(Side.SELL, levels)
        clearing = venue.indicative()
        if clearing is not None and levels:
            more = clearing.surplus
            bids = (Rung(clearing.price, clearing.matched + max(more, 0)),)
            asks = (Rung(clearing.price, clearing.matched + max(-more, 0)),)
        return Screen(
            at=self.fed,
            tally=replace(venue.tally),
            bids=bids,
            asks=asks,
            more_volume=self.more_volume,
            more_turnover=self.more_turnover,
            halted=self.stopped,
            scripted=self.frames is not self.security.frames,
        )

    def dump(self) -> dict[str, Any]:
        """Return the state as values that JSON has, once all that is due has happened."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        script = None if self.following is None else self.following.dump()
        parts = {"venue": self.venue.dump(), "shadow": self._shadow.dump(), "script": script}
        return {**plain, **parts}

    @classmethod
    def load(cls, security: Security, state: Mapping[str, Any]) -> "Pit":
        """Go on where a dump stood, with the same fingerprint."""
        pit = cls(security, state["fed"])
        for name in _PLAIN:
            setattr(pit, name, state[name])
        pit.venue, pit._shadow = Venue.load(state["venue"]), Shadow.load(state["shadow"])
        pit._breaker = Breaker(security, pit.venue.tally)
        if state["script"] is not None:
            pit.following = Script.load(state["script"])
            pit.frames = pit.following.frames(security)
            pit._await()
        return pit

    @property
    def _still(self) -> bool:
        """Whether somebody, or a rule, stops it, whatever its screen shows."""
        return self.halted or self.resumes is not None

    def _darkened(self, phase: Phase) -> list[Command]:
        """Return the halt that comes with a phase, so that nobody meets in it before."""
        frame = self._frame
        if frame is None or frame.at != self.fed or self._still:
            return []
        return self._shadow.darken(frame, phase)

    def _await(self) -> None:
        """Look forward from where it stands."""
        self._turns = self.security.turns(self.fed)
        self._coming: Iterator[Frame] = self.frames.between(self.fed, self.security.end)
        self._frame: Frame | None = next(self._coming, None)

    def _refresh(self) -> list[Event]:
        """Come to what the screen shows now, without what was traded meanwhile."""
        shown = self.frames.standing(self.fed)
        quiet = replace(shown, at=self.fed, deals=())
        return self._watched(self._shadow.feed(quiet, self.venue.phase), ())

    def _watched(self, commands: Iterable[Command], frames: Iterable[Frame]) -> list[Event]:
        """Run commands, and count what traded beyond the frames."""
        events = self._run(commands)
        for event in events:
            if isinstance(event, Trade):
                self.more_volume += event.quantity
                self.more_turnover += event.quantity * event.price
        for frame in frames:
            for deal in frame.deals:
                self.more_volume -= deal.quantity
                self.more_turnover -= deal.quantity * deal.price
        return events

    def _run(self, commands: Iterable[Command]) -> list[Event]:
        events: list[Event] = []
        apply = self.venue.apply
        for command in commands:
            events += apply(command)
        return events

    def _stranger(self) -> int:
        self._strangers += 1
        return _STRANGERS - self._strangers
