"""The other traders of a generated day, read off its tape and its display."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from quantgraph.backends.sim.cadence import LATE_MS, SCREEN_MS
from quantgraph.backends.sim.calling import Scene, show
from quantgraph.backends.sim.core.tally import Tally
from quantgraph.backends.sim.cutter import Tapes
from quantgraph.backends.sim.depth import Display
from quantgraph.backends.sim.flow.dealing import Lapse, split_deals
from quantgraph.backends.sim.flow.frames import Deal, Frame
from quantgraph.backends.sim.flow.lapses import LAPSES, Lapses
from quantgraph.backends.sim.program import Program
from quantgraph.backends.sim.streams import word
from quantgraph.backends.sim.tape import DayTape, Print
from quantgraph.domain.orders import Side
from quantgraph.domain.rules.sessions import Phase

_MINUTE: Final = 60
_LATE_ODDS = 4  # one chance in so many is taken
_SPARE = 8  # units that must trade for one of them to be a minute's opening deal alone
_COUNTERS = 1 << 52  # beyond those of levels, sizes and indicative prices


class GeneratedFrames:
    """Implements `Frames` for one symbol and day: a frame whenever the screen may change.

    After hours that is wherever somebody traded. Shares traded then are not in the day's volume:
    the exchanges publish them apart. Quick enough for the event loop; many minutes are cut at once.
    """

    def __init__(self, tape: DayTape, tapes: Tapes, scene: Scene) -> None:
        """Read a cut day; `tapes` cuts its minutes."""
        self._tape, self._tapes, self._scene = tape, tapes, scene
        self._plan: Program = tape.program
        self._lapses: Lapses | None = None
        self._minute: tuple[int, list[Lapse]] = -1, []
        # what an auction is about to print is on the last screens before it
        self._free = self._plan.ends - 1_000 if self._plan.calls else self._plan.ends

    @property
    def previous(self) -> int:
        """The reference price of the day's band, in ticks."""
        return self._tape.previous

    def standing(self, at: int) -> Frame:
        """Return the newest frame at or before an instant, or one not shown."""
        shown = self._plan.shown(at)
        if shown < self._plan.screens[0].start:
            return Frame(at, (), (), (), shown=False)
        return self._frame(shown)

    def between(self, after: int, until: int) -> Iterator[Frame]:
        """Yield the frames later than `after`, up to and with `until`, in order."""
        for stretch in self._plan.screens:
            instants = stretch.within(after, until)
            if not instants:
                continue
            # As many as a minute has at once: where thousands of symbols take turns, what makes
            # the next frame has left the processor's cache by then. Each begins at other screens,
            # or they would all make theirs within the same second.
            early = (instants[0] // SCREEN_MS + self._scene.key) % LAPSES
            for place in range(-early, len(instants), LAPSES):
                some = instants[max(place, 0) : place + LAPSES]
                yield from [self._frame(each) for each in some]

    def so_far(self, at: int) -> Tally:
        """Return what had traded by an instant."""
        state = self._state(self._plan.shown(at))
        if not state.volume:
            return Tally()
        turnover = _turnover(state.amount, state.scale)
        return Tally(state.open, state.high, state.low, state.last, state.volume, turnover)

    def _frame(self, at: int) -> Frame:
        plan = self._plan
        if plan.begins < at < plan.ends:
            return self._trading(at)
        state = self._state(at)
        book: Display = show(state, self._scene, at)
        return Frame(at, self._called(at, state), book.bids, book.asks)

    def _trading(self, at: int) -> Frame:
        number, place = divmod(self._plan.second(at), _MINUTE)
        lapse = self._read(number)[place // (_MINUTE // LAPSES)]
        if at < self._free:
            second = at // 1_000 % 86_400
            book = self._scene.ladder.display(lapse.close, second, rising=lapse.rising)
        else:
            book = show(self._state(at), self._scene, at)
        return Frame(at, self._traded(number, lapse), book.bids, book.asks)

    def _called(self, at: int, state: Print) -> tuple[Deal, ...]:
        """Return what an auction printed, or somebody traded after hours."""
        plan = self._plan
        if at not in (plan.prints, plan.close):
            return self._late(at, state) if at > plan.close else ()
        volume = state.call.volume if state.call is not None else 0
        if at == plan.prints:
            volume = state.volume if plan.span(Phase.OPEN_AUCTION) is not None else 0
        return (Deal(state.last, volume, None),) if volume else ()

    def _traded(self, minute: int, lapse: Lapse) -> tuple[Deal, ...]:
        if not lapse.volume:
            return ()
        scale, limits = self._tape.scale, self._scene.limits
        opened = self._opened(minute, lapse) if self._tape.lived else None
        if opened is None:
            return split_deals(lapse, scale, limits)
        volume, turnover = lapse.volume - opened.quantity, opened.quantity * opened.price
        rest = lapse._replace(volume=volume, turnover=lapse.turnover - turnover)
        return (opened, *split_deals(rest, scale, limits))

    def _opened(self, minute: int, lapse: Lapse) -> Deal | None:
        """Return the deal that opens a recorded minute, if these are its first ones."""
        first = next(each for each in self._read(minute) if each.volume)
        called = minute == 0 and int(self._tapes.minute(self._tape, 0).volume[0])
        if first is not lapse or called or lapse.volume < _SPARE:
            return None
        lot = self._tape.scale
        taker = Side.BUY if lapse.rising else Side.SELL
        return Deal(lapse.open, lot if lapse.volume >= _SPARE * lot else 1, taker)

    def _late(self, at: int, state: Print) -> tuple[Deal, ...]:
        """Return a deal at the close, now and then: some seconds' worth of shares."""
        luck = word(self._scene.key, _COUNTERS + at // LATE_MS)
        if luck % _LATE_ODDS or not state.volume:
            return ()
        lots = 1 + (luck >> 8) % max(state.usual * 4 // 100, 2)
        return (Deal(state.last, lots * 100, None),)

    def _state(self, at: int) -> Print:
        second = self._plan.second(at)
        minute = self._tapes.minute(self._tape, max(second, 0) // _MINUTE)
        return self._tape.read(minute, second, at)

    def _read(self, number: int) -> list[Lapse]:
        """Return what trades from screen to screen of a minute."""
        if self._minute[0] != number:
            if self._lapses is None or number not in self._lapses:
                self._lapses = self._cut(number)
            self._minute = number, self._lapses.minute(number)
        return self._minute[1]

    def _cut(self, number: int) -> Lapses:
        tape = self._tape
        first, blocks = self._tapes.cut(tape, number)
        rising = [tape.rising_before(first + row) for row in range(len(blocks))]
        return Lapses.of((first, blocks), np.array(rising, np.bool_), tape.scale)


def _turnover(amount: float, scale: int) -> int:
    """Return yuan as ticks x shares."""
    return round(amount * scale)
