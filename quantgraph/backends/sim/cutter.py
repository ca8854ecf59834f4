"""Cuts days into minutes and minutes into seconds, as far as anybody looks."""

from collections.abc import Mapping, Sequence
from datetime import date
from zlib import crc32

import numpy as np

from quantgraph.backends.sim.block import Block, Cut, stack
from quantgraph.backends.sim.daily import Path
from quantgraph.backends.sim.days import MINUTES, Days, of_path
from quantgraph.backends.sim.flow.stored import before_call, meet
from quantgraph.backends.sim.memo import Memo
from quantgraph.backends.sim.moments import Moment
from quantgraph.backends.sim.program import program
from quantgraph.backends.sim.split import split
from quantgraph.backends.sim.streams import draw, stream_key
from quantgraph.backends.sim.tape import DayTape, Print, Running

_SECONDS = 60
_FLAT = np.ones(_SECONDS, dtype=np.int64)
# The opening auction is the first second of all: about a sixth of the first minute.
_OPENING = np.where(np.arange(_SECONDS) == 0, 12, 1)
_TOGETHER = 20  # minutes that are cut in one go, of one symbol
_KEPT_DAYS = 2_048  # about 14 kB each
_KEPT_MINUTES = 4_096  # about 4 kB each


class Tapes:
    """Cuts the clock day into minutes and the minute into seconds, as far as anybody looks.

    Quick enough for the event loop once the paths are loaded: all symbols are cut together.
    """

    def __init__(self, seed: int, days: int = _KEPT_DAYS, minutes: int = _KEPT_MINUTES) -> None:
        """Cut nothing yet; keep so many cut days and minutes."""
        self._seed = seed
        self._days: Memo[tuple[str, date], DayTape] = Memo(days)
        self._minutes: Memo[tuple[str, date, int], tuple[DayTape, Running]] = Memo(minutes)

    def prints(self, paths: Mapping[str, Path], now: Moment) -> Mapping[str, Print]:
        """Return what each symbol's screen tells; one without a bar on the day is left out."""
        days = self._open_days(paths, now.day)
        shown = {symbol: day.program.shown(now.ms) for symbol, day in days.items()}
        seconds = {symbol: day.program.second(shown[symbol]) for symbol, day in days.items()}
        places = {symbol: max(second, 0) // _SECONDS for symbol, second in seconds.items()}
        minutes = self._open_minutes(days, now.day, places)
        return {s: day.read(minutes[s], seconds[s], shown[s]) for s, day in days.items()}

    def day(self, path: Path, day: date) -> DayTape | None:
        """Return one symbol's cut day, None where it has no bar on it."""
        symbol = path.instrument.symbol
        return self._open_days({symbol: path}, day).get(symbol)

    def minute(self, tape: DayTape, minute: int) -> Running:
        """Return one minute of a cut day, in seconds."""
        symbol = tape.path.instrument.symbol
        return self._open_minutes({symbol: tape}, tape.day, {symbol: minute})[symbol]

    def cut(self, tape: DayTape, minute: int) -> tuple[int, list[Block]]:
        """Return some minutes in seconds, this one among them, and the number of the first.

        They are not kept. Of one symbol twenty cost little more than one; each symbol's begin
        at other minutes, or thousands of live ones would all be cut within the same second.
        """
        begin = minute - (minute + crc32(tape.path.instrument.symbol.encode())) % _TOGETHER
        # the first minute of the day is cut otherwise than any other
        first = max(begin, min(minute, 1))
        end = min(begin + _TOGETHER, MINUTES) if minute else 1
        bars = tape.minutes.parts.take(slice(first, end))
        made = split(bars, self._second_cut(tape, first, end))
        return first, [
            _met(tape, made.take(row), bars.take(row), first + row) for row in range(end - first)
        ]

    def _open_days(self, paths: Mapping[str, Path], day: date) -> Mapping[str, DayTape]:
        # an import gives a symbol another path: what was cut of the one before is of no use
        held = {
            symbol: found
            for symbol, path in paths.items()
            if (found := self._days.get((symbol, day))) is not None and found.path is path
        }
        new: dict[str, Days] = {}
        for symbol in (symbol for symbol in paths if symbol not in held):
            one = of_path(paths[symbol]).between(day, day)
            if len(one.days):
                new[symbol] = one
        parts = {s: _lived(paths[s], day) for s in new if day in paths[s].minutes}
        made = {symbol: one for symbol, one in new.items() if symbol not in parts}
        cuts = [one.minute_cut(self._seed, paths[s].instrument) for s, one in made.items()]
        cut = _split_all([one.bars for one in made.values()], cuts)
        parts |= dict(zip(made, cut, strict=True))
        for symbol, one in new.items():
            minutes, lived = parts[symbol], day in paths[symbol].minutes
            previous, scale = int(one.previous[0]), int(one.scale[0])
            running = Running.of(minutes, rising=int(minutes.open[0]) >= previous)
            plan = program(paths[symbol].instrument.segment, day)
            tape = DayTape(paths[symbol], day, plan, running, previous, scale, lived)
            held[symbol] = self._days.put((symbol, day), tape)
        return held

    def _open_minutes(
        self, days: Mapping[str, DayTape], day: date, places: Mapping[str, int]
    ) -> Mapping[str, Running]:
        kept = {s: self._minutes.get((s, day, places[s])) for s in days}
        held = {s: found[1] for s, found in kept.items() if found and found[0] is days[s]}
        new = [symbol for symbol in days if symbol not in held]
        # one minute at a time: only those before and after a closing auction look at two
        for minute in sorted({places[symbol] for symbol in new}):
            group = [symbol for symbol in new if places[symbol] == minute]
            bars = [days[s].minutes.parts.take(slice(minute, minute + 1)) for s in group]
            cuts = [self._second_cut(days[symbol], minute, minute + 1) for symbol in group]
            for symbol, one, cut in zip(group, bars, _split_all(bars, cuts), strict=True):
                seconds = _met(days[symbol], cut, one.take(0), minute)
                running = Running.of(seconds, rising=days[symbol].rising_before(minute))
                self._minutes.put((symbol, day, minute), (days[symbol], running))
                held[symbol] = running
        return held

    def _second_cut(self, tape: DayTape, first: int, end: int) -> Cut:
        counters = tape.day.toordinal() * MINUTES + np.arange(first, end)
        keys = draw(stream_key(self._seed, tape.path.instrument.symbol, "seconds"), counters)
        scales = np.full(end - first, tape.scale, dtype=np.int64)
        if first:
            return Cut(_SECONDS, keys, scales, _FLAT)
        return Cut(_SECONDS, keys, scales, _OPENING, opening=np.ones(1, dtype=np.bool_))


def _met(tape: DayTape, cut: Block, bar: Block, minute: int) -> Block:
    """Return a minute's seconds; where it was recorded, those that trade make just its bar."""
    return meet(cut, bar, called=minute == 0) if tape.lived else cut


def _lived(path: Path, day: date) -> Block:
    """Return the recorded minutes of a day as they can be played."""
    minutes = path.minutes[day]
    calls = program(path.instrument.segment, day).calls
    return before_call(minutes) if calls else minutes


def _split_all(bars: Sequence[Block], cuts: Sequence[Cut]) -> list[Block]:
    """Cut one bar of every symbol in one go; numpy's overhead is then paid once."""
    if not bars:
        return []
    opening = [each.opening for each in cuts if each.opening is not None]
    closing = [each.closing for each in cuts if each.closing is not None]
    cut = Cut(
        cuts[0].parts,
        np.concatenate([each.keys for each in cuts]),
        np.concatenate([each.scale for each in cuts]),
        cuts[0].weights,
        np.concatenate(opening) if opening else None,
        np.concatenate(closing) if closing else None,
    )
    parts = split(stack(bars), cut)
    return [parts.take(row) for row in range(len(bars))]
