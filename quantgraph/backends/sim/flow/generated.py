"""The other traders of a generated day, read off its tape and its display."""

from collections.abc import Iterator
from dataclasses import dataclass

from quantgraph.backends.sim.calling import STEP_MS, Scene, show
from quantgraph.backends.sim.core.tally import Tally
from quantgraph.backends.sim.depth import Display
from quantgraph.backends.sim.flow.dealing import Second, split_deals
from quantgraph.backends.sim.flow.frames import Deal, Frame
from quantgraph.backends.sim.streams import word
from quantgraph.backends.sim.tape import DayTape, Print, Running, Tapes
from quantgraph.domain.orders import Side
from quantgraph.domain.rules.sessions import Phase

_SECOND_MS, _MINUTE = 1_000, 60
_LATE_MS = 10_000  # between two chances of a deal after hours
_LATE_ODDS = 4  # one in so many is taken
_SPARE = 8  # units that a second must have for one of them to be its opening deal alone
_COUNTERS = 1 << 52  # beyond those of levels, sizes and indicative prices


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Instants at which the screen may change: from `start`, before `end`, every `step` ms."""

    start: int
    end: int
    step: int

    def newest(self, at: int) -> int | None:
        """Return the newest of them at or before an instant."""
        if at < self.start:
            return None
        return self.start + (min(at, self.end - 1) - self.start) // self.step * self.step

    def within(self, after: int, until: int) -> range:
        """Return those later than `after`, up to and with `until`."""
        skipped = max((after - self.start) // self.step + 1, 0)
        return range(self.start + skipped * self.step, min(until + 1, self.end), self.step)


class GeneratedFrames:
    """Implements `Frames` for one symbol and day: a frame a second while trading is continuous.

    Auctions change every five seconds and print when they end; after hours there is a frame
    wherever somebody traded. Shares traded after hours are not in the day's volume: the exchanges
    publish them apart. Quick enough for the event loop; a new minute costs more than its seconds.
    """

    def __init__(self, tape: DayTape, tapes: Tapes, scene: Scene) -> None:
        """Read a cut day; `tapes` cuts its minutes."""
        self._tape, self._tapes, self._scene = tape, tapes, scene
        self._plan = tape.program
        self._minute: tuple[int, Running] | None = None
        self._stretches = tuple(sorted(self._lay(), key=lambda each: each.start))

    @property
    def previous(self) -> int:
        """The reference price of the day's band, in ticks."""
        return self._tape.previous

    def standing(self, at: int) -> Frame:
        """Return the newest frame at or before an instant, or an empty one before the first."""
        newest: int | None = None
        for stretch in self._stretches:
            found = stretch.newest(at)
            newest = newest if found is None else found
        return Frame(at, (), (), ()) if newest is None else self._frame(newest)

    def between(self, after: int, until: int) -> Iterator[Frame]:
        """Yield the frames later than `after`, up to and with `until`, in order."""
        for stretch in self._stretches:
            for instant in stretch.within(after, until):
                yield self._frame(instant)

    def so_far(self, at: int) -> Tally:
        """Return what had traded by an instant."""
        state = self._state(at)
        if not state.volume:
            return Tally()
        turnover = _turnover(state.amount, state.scale)
        return Tally(state.open, state.high, state.low, state.last, state.volume, turnover)

    def _lay(self) -> Iterator[_Stretch]:
        """Yield the stretches of the day."""
        plan = self._plan
        begins = plan.span(Phase.OPEN_AUCTION)
        if begins is not None:
            yield _Stretch(begins.start, plan.prints, STEP_MS)
        yield _Stretch(plan.prints, plan.prints + 1, 1)
        yield _Stretch(plan.begins, plan.breaks, _SECOND_MS)
        yield _Stretch(plan.resumes, plan.ends, _SECOND_MS)
        if plan.calls:
            yield _Stretch(plan.ends, plan.close, STEP_MS)
            yield _Stretch(plan.close, plan.close + 1, 1)
        late = plan.span(Phase.AFTER_HOURS)
        if late is not None:
            yield _Stretch(late.start + _LATE_MS, late.end, _LATE_MS)

    def _frame(self, at: int) -> Frame:
        state = self._state(at)
        book: Display = show(state, self._scene, at)
        return Frame(at, self._deals(at, state), book.bids, book.asks)

    def _deals(self, at: int, state: Print) -> tuple[Deal, ...]:
        plan = self._plan
        if at in (plan.prints, plan.close):
            volume = self._printed(at, state)
            return (Deal(state.last, volume, None),) if volume else ()
        if plan.begins < at < plan.ends:
            return self._traded(plan.second(at), state)
        return self._late(at, state) if at > plan.close else ()

    def _printed(self, at: int, state: Print) -> int:
        if at == self._plan.prints:
            collected = self._plan.span(Phase.OPEN_AUCTION) is not None
            return state.volume if collected else 0
        return state.call.volume if state.call is not None else 0

    def _traded(self, second: int, state: Print) -> tuple[Deal, ...]:
        running, place = self._seconds(second), second % _MINUTE
        parts = running.parts
        volume = int(parts.volume[place])
        if not volume:
            return ()
        opened = self._opened(running, place)
        volume -= sum(deal.quantity for deal in opened)
        scale = state.scale
        traded = Second(
            open=int(parts.open[place]),
            high=int(parts.high[place]),
            low=int(parts.low[place]),
            close=int(parts.close[place]),
            volume=volume,
            turnover=_turnover(float(parts.amount[place]), scale)
            - sum(deal.price * deal.quantity for deal in opened),
            lot=scale,
            risen=bool(running.rising[place - 1]) if place else state.rising,
            rising=state.rising,
        )
        return (*opened, *split_deals(traded, self._scene.limits))

    def _opened(self, running: Running, place: int) -> tuple[Deal, ...]:
        """Return the deal that opens a recorded minute, if this second is its first."""
        parts, lot = running.parts, self._tape.scale
        before = int(running.volume[place - 1]) if place else 0
        volume = int(parts.volume[place])
        if not self._tape.lived or before or volume < _SPARE:
            return ()
        quantity = lot if volume >= _SPARE * lot else 1
        taker = Side.BUY if running.rising[place] else Side.SELL
        return (Deal(int(parts.open[place]), quantity, taker),)

    def _late(self, at: int, state: Print) -> tuple[Deal, ...]:
        """Return a deal at the close, now and then: some seconds' worth of shares."""
        luck = word(self._scene.key, _COUNTERS + at // _LATE_MS)
        if luck % _LATE_ODDS or not state.volume:
            return ()
        lots = 1 + (luck >> 8) % max(state.usual * 4 // 100, 2)
        return (Deal(state.last, lots * 100, None),)

    def _state(self, at: int) -> Print:
        second = self._plan.second(at)
        return self._tape.read(self._seconds(second), second, at)

    def _seconds(self, second: int) -> Running:
        minute = max(second, 0) // _MINUTE
        if self._minute is None or self._minute[0] != minute:
            self._minute = minute, self._tapes.minute(self._tape, minute)
        return self._minute[1]


def _turnover(amount: float, scale: int) -> int:
    """Return yuan as ticks x shares."""
    return round(amount * scale)
