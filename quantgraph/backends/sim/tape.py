"""The clock day as it unfolds: what had traded by any second of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from quantgraph.backends.sim.block import Block, Cut, Flags, Floats, stack
from quantgraph.backends.sim.daily import Path
from quantgraph.backends.sim.days import MINUTES, Days, of_path
from quantgraph.backends.sim.flow.stored import before_call, meet
from quantgraph.backends.sim.memo import Memo
from quantgraph.backends.sim.moments import Moment
from quantgraph.backends.sim.prices import COLLECTING
from quantgraph.backends.sim.program import Program, program
from quantgraph.backends.sim.split import split
from quantgraph.backends.sim.streams import Ints, draw, stream_key

_SECONDS = 60
_FLAT = np.ones(_SECONDS, dtype=np.int64)
# The opening auction is the first second of all: about a sixth of the first minute.
_OPENING = np.where(np.arange(_SECONDS) == 0, 12, 1)
_KEPT_DAYS = 2_048  # about 14 kB each
_KEPT_MINUTES = 4_096  # about 4 kB each


@dataclass(frozen=True, slots=True)
class Call:
    """An auction: the price and the shares it prints, and what stood before it.

    `last` and `rising` are of the last trade before; of the opening auction its own price.
    """

    price: int
    volume: int
    last: int
    rising: bool


@dataclass(frozen=True, slots=True)
class Print:
    """What had traded by an instant: prices in ticks, volume in shares, amount in yuan.

    Before the first trade the volume is 0; `last`, `open`, `high` and `low` are then where it will
    be, which nobody may be told. `rising`: the last trade went up, so a buyer made it. `usual` is
    a second's usual volume, `scale` the ticks of a yuan. `call`: the auction that collects orders
    now, is about to, or has ended the day.
    """

    last: int
    open: int
    high: int
    low: int
    previous: int
    volume: int
    amount: float
    rising: bool
    usual: int
    scale: int
    call: Call | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """Parts of one bar in a row, and their running totals up to each part, it included."""

    parts: Block
    high: Ints
    low: Ints
    volume: Ints
    amount: Floats
    rising: Flags

    @classmethod
    def of(cls, parts: Block, *, rising: bool) -> "Running":
        """Add up the parts; `rising` tells of the last trade before them."""
        ways = _directions(parts)
        newest = np.maximum.accumulate(np.where(ways != 0, np.arange(len(ways)), -1))
        return cls(
            parts,
            np.maximum.accumulate(parts.high),
            np.minimum.accumulate(parts.low),
            np.cumsum(parts.volume),
            np.cumsum(parts.amount),
            np.where(newest < 0, rising, ways[newest] > 0),
        )


@dataclass(frozen=True, slots=True)
class DayTape:
    """One symbol's day in minutes. `previous` is the close before it, in ticks.

    `lived`: the minutes were recorded, so each opens with a deal of its own.
    """

    path: Path
    day: date
    program: Program
    minutes: Running
    previous: int
    scale: int
    lived: bool = False

    def rising_before(self, minute: int) -> bool:
        """Return whether the last trade before a minute went up."""
        if minute:
            return bool(self.minutes.rising[minute - 1])
        return int(self.minutes.parts.open[0]) >= self.previous

    def read(self, seconds: Running, second: int, at: int) -> Print:
        """Return the state after a second of trading (-1: none yet); `seconds` are its minute's."""
        if second < 0:
            return self._unopened(seconds)
        minute, place = divmod(second, _SECONDS)
        before, minutes = minute - 1, self.minutes
        high, low = int(seconds.high[place]), int(seconds.low[place])
        volume, amount = int(seconds.volume[place]), float(seconds.amount[place])
        if minute:
            high, low = max(high, int(minutes.high[before])), min(low, int(minutes.low[before]))
            volume += int(minutes.volume[before])
            amount += float(minutes.amount[before])
        return Print(
            last=int(seconds.parts.close[place]),
            open=int(minutes.parts.open[0]),
            high=high,
            low=low,
            previous=self.previous,
            volume=volume,
            amount=amount,
            rising=bool(seconds.rising[place]),
            usual=self._usual(),
            scale=self.scale,
            call=self._closing()
            if self.program.calls and at >= self.program.ends - 1_000
            else None,
        )

    def _unopened(self, seconds: Running) -> Print:
        price, rising = int(self.minutes.parts.open[0]), self.rising_before(0)
        return Print(
            last=price,
            open=price,
            high=price,
            low=price,
            previous=self.previous,
            volume=0,
            amount=0.0,
            rising=rising,
            usual=self._usual(),
            scale=self.scale,
            call=Call(price, int(seconds.volume[0]), price, rising),
        )

    def _closing(self) -> Call:
        minutes, before = self.minutes, MINUTES - 2 - COLLECTING
        return Call(
            price=int(minutes.parts.close[-1]),
            volume=int(minutes.parts.volume[-1]),
            last=int(minutes.parts.close[before]),
            rising=bool(minutes.rising[before]),
        )

    def _usual(self) -> int:
        return int(self.minutes.volume[-1]) // (MINUTES * _SECONDS)


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
        """Return what each symbol had traded; one without a bar on the day is left out."""
        days = self._open_days(paths, now.day)
        seconds = {symbol: day.program.second(now.ms) for symbol, day in days.items()}
        places = {symbol: max(second, 0) // _SECONDS for symbol, second in seconds.items()}
        minutes = self._open_minutes(days, now.day, places)
        return {s: day.read(minutes[s], seconds[s], now.ms) for s, day in days.items()}

    def day(self, path: Path, day: date) -> DayTape | None:
        """Return one symbol's cut day, None where it has no bar on it."""
        symbol = path.instrument.symbol
        return self._open_days({symbol: path}, day).get(symbol)

    def minute(self, tape: DayTape, minute: int) -> Running:
        """Return one minute of a cut day, in seconds."""
        symbol = tape.path.instrument.symbol
        return self._open_minutes({symbol: tape}, tape.day, {symbol: minute})[symbol]

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
            cuts = [self._second_cut(symbol, days[symbol].scale, (day, minute)) for symbol in group]
            for symbol, one, cut in zip(group, bars, _split_all(bars, cuts), strict=True):
                lived = days[symbol].lived
                seconds = meet(cut, one.take(0), called=minute == 0) if lived else cut
                running = Running.of(seconds, rising=days[symbol].rising_before(minute))
                self._minutes.put((symbol, day, minute), (days[symbol], running))
                held[symbol] = running
        return held

    def _second_cut(self, symbol: str, scale: int, place: tuple[date, int]) -> Cut:
        day, minute = place
        counter = day.toordinal() * MINUTES + minute
        keys = draw(stream_key(self._seed, symbol, "seconds"), np.array([counter]))
        scales = np.array([scale], dtype=np.int64)
        if minute:
            return Cut(_SECONDS, keys, scales, _FLAT)
        return Cut(_SECONDS, keys, scales, _OPENING, opening=np.ones(1, dtype=np.bool_))


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


def _directions(parts: Block) -> Ints:
    """Return of each part whether it went up (1), down (-1), or neither (0)."""
    way = np.sign(parts.close - parts.open)
    return np.where(parts.volume > 0, way, 0)
