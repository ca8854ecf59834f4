"""One symbol's live day: its order book, and the other traders who come to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from quantgraph.backends.sim.arrears import Arrears
from quantgraph.backends.sim.breaks import Breaker
from quantgraph.backends.sim.core.events import Command, Event, Halt, Trade, Turn
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.flow.frames import Frame, Frames
from quantgraph.backends.sim.flow.shadow import Shadow
from quantgraph.backends.sim.injected import strangers_meet
from quantgraph.backends.sim.screen import Screen, display
from quantgraph.backends.sim.scripts import Script
from quantgraph.backends.sim.securities import Security
from quantgraph.domain.rules.sessions import Phase

_LEVELS = 10
_CONTINUOUS: Final = Phase.CONTINUOUS  # an enum's members are looked up in its class
_PLAIN = ("fed", "entered", "halted", "resumes", "more_volume", "more_turnover", "_strangers")
# Below all keys that the shadow of a day ever gives.
_STRANGERS = -(10**12)


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
        self._venue = Venue(security.terms(), security.so_far(at))
        self._shadow = Shadow()
        self._arrears = Arrears(security.symbol)
        # The instant of what happens here next, None after the day.
        self.due: int | None = None
        self._turns: list[tuple[int, Phase]] = []
        self._coming: Iterator[Frame] = iter(())
        self._frame: Frame | None = None
        shown = self.frames.standing(at)
        told = self._shadow.open(shown, phase, halted=security.dark(shown))
        self._run([Turn(phase), *told])
        self._await()
        self._breaker = Breaker(security, self._venue.tally)

    @property
    def venue(self) -> Venue:
        """The order book, told of all that is shown by now."""
        self._catch_up()
        return self._venue

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
        return self._still or self._venue.halted

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
        return self._venue.phase

    def step(self, leaving: Sequence[int] = ()) -> list[Event]:
        """Do what is due: of one instant the end of a pause, then phases, then frames.

        `leaving`: ours whose cancels wait. A frame that meets none of ours may be told later.
        """
        frame = self._frame
        if self.resumes is not None and self.resumes == self.due:
            self.fed = self.resumes
            return self.resume()
        if self._turns and self._turns[0][0] == self.due:
            return self._turn(leaving)
        if frame is None:
            return []
        self._frame = next(self._coming, None)
        self._plan()
        if self._may_wait and self._arrears.owe(frame, self._venue):
            return []
        self._catch_up()
        return self._feed(frame)

    def apply(self, command: Command) -> list[Event]:
        """Let one of ours act."""
        self._catch_up()
        return self._watched([command], ())

    def pause(self, at: int) -> bool:
        """Stop for a while where the trades until now (epoch ms) call for it; tell whether."""
        if not self._breaker.armed:
            return False
        until = self._breaker.pause(self._venue.tally, at)
        if until is None or until <= at or self.halted:
            return False
        self.resumes = until
        self._plan()
        self._run([Halt()])
        return True

    def halt(self) -> list[Event]:
        """Stop trading; frames pass unseen until `resume`."""
        self._catch_up()
        self.halted, self.resumes = True, None
        self._plan()
        return self._watched([Halt()], ())

    def resume(self) -> list[Event]:
        """Go on with what the screen shows by now; where it shows a halt, with that."""
        if not self._still:
            return []
        self.halted, self.resumes = False, None
        self._plan()
        # First who left and who came meanwhile: the auction that ends the halt is theirs.
        events = self._refresh()
        if self._shadow.halted:
            return events
        return events + self._watched([Halt(resumed=True)], ())

    def script(self, frames: Frames) -> list[Event]:
        """Follow another day from now on."""
        self._catch_up()
        self.frames, self.following = frames, None
        self._await()
        return [] if self._still else self._refresh()

    def heard(self) -> None:
        """Look forward again: its frames tell more than they did."""
        if self._frame is None:
            self._await()

    def follow(self, script: Script) -> list[Event]:
        """Follow a scenario from now on, instead of any before."""
        events = self.script(script.frames(self.security))
        self.following = script
        return events

    def trade(self, price: int, quantity: int) -> list[Event]:
        """Let strangers trade at a price: they take what is better first, then meet there.

        An order that waits at the price already is before them.
        """
        keys = self._stranger(), self._stranger()
        return self._watched([*strangers_meet(self.venue, price, quantity, keys)], ())

    def screen(self) -> Screen:
        """Return what is displayed now.

        While trading is stopped orders wait unseen: no exchange displays them then.
        """
        venue = self.venue
        self._arrears.watch()
        book = display(venue, 0 if self.stopped else _LEVELS)
        return Screen(
            at=self.fed,
            tally=replace(venue.tally),
            bids=book.bids,
            asks=book.asks,
            more_volume=self.more_volume,
            more_turnover=self.more_turnover,
            halted=self.stopped,
            scripted=self.scripted,
        )

    def dump(self) -> dict[str, Any]:
        """Return the state as values that JSON has, once all that is due has happened."""
        venue = self.venue.dump()  # first: it brings the rest up to now
        plain = {name: getattr(self, name) for name in _PLAIN}
        script = None if self.following is None else self.following.dump()
        parts = {"venue": venue, "shadow": self._shadow.dump(), "script": script}
        return {**plain, **parts}

    @classmethod
    def load(cls, security: Security, state: Mapping[str, Any]) -> "Pit":
        """Go on where a dump stood, with the same fingerprint."""
        pit = cls(security, state["fed"])
        for name in _PLAIN:
            setattr(pit, name, state[name])
        pit._venue, pit._shadow = Venue.load(state["venue"]), Shadow.load(state["shadow"])
        pit._breaker = Breaker(security, pit._venue.tally)
        if state["script"] is not None:
            pit.following = Script.load(state["script"])
            pit.frames = pit.following.frames(security)
            pit._await()
        pit._plan()
        return pit

    @property
    def _still(self) -> bool:
        """Whether somebody, or a rule, stops it, whatever its screen shows."""
        return self.halted or self.resumes is not None

    @property
    def _may_wait(self) -> bool:
        """Whether no more than who trades with whom can come of a frame."""
        trading = self._venue.phase is _CONTINUOUS and not self.stopped
        return trading and not self._breaker.armed

    def _turn(self, leaving: Sequence[int]) -> list[Event]:
        self._catch_up()
        self.fed, phase = self._turns.pop(0)
        self._plan()
        return self._watched([*self._darkened(phase), Turn(phase, tuple(leaving))], ())

    def _feed(self, frame: Frame) -> list[Event]:
        self.fed = frame.at
        if self._still:
            return self._watched([], (frame,))
        return self._watched(self._shadow.feed(frame, self._venue.phase), (frame,))

    def _catch_up(self) -> None:
        """Tell the book what it is owed; orders of ours see nothing of it."""
        if self._arrears:
            for frame in self._arrears.settle():
                self._feed(frame)

    def _plan(self) -> None:
        """Set what is due next, after anything that may change it."""
        due = None if self._frame is None else self._frame.at
        if self._turns and (due is None or self._turns[0][0] < due):
            due = self._turns[0][0]
        if self.resumes is not None and (due is None or self.resumes < due):
            due = self.resumes
        self.due = due

    def _darkened(self, phase: Phase) -> list[Command]:
        """Return the halt that comes with a phase, so that nobody meets in it before."""
        frame = self._frame
        if frame is None or frame.at != self.fed or self._still:
            return []
        return self._shadow.darken(frame, phase)

    def _await(self) -> None:
        """Look forward from where it stands."""
        self._turns = self.security.turns(self.fed)
        self._coming = self.frames.between(self.fed, self.security.end)
        self._frame = next(self._coming, None)
        self._plan()

    def _refresh(self) -> list[Event]:
        """Come to what the screen shows now, without what was traded meanwhile."""
        shown = self.frames.standing(self.fed)
        quiet = replace(shown, at=self.fed, deals=())
        return self._watched(self._shadow.feed(quiet, self._venue.phase), ())

    def _watched(self, commands: list[Command], frames: tuple[Frame, ...]) -> list[Event]:
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

    def _run(self, commands: list[Command]) -> list[Event]:
        events: list[Event] = []
        venue = self._venue
        for command in commands:
            events += venue.apply(command)
        return events

    def _stranger(self) -> int:
        self._strangers += 1
        return _STRANGERS - self._strangers
