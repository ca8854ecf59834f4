"""The clock day as it unfolds: what had traded by any second of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from quantgraph.backends.sim.block import Block, Cut, Floats, stack
from quantgraph.backends.sim.clock import Moment
from quantgraph.backends.sim.daily import Path
from quantgraph.backends.sim.days import MINUTES, Days, of_path
from quantgraph.backends.sim.hours import AUCTION_MS
from quantgraph.backends.sim.memo import Memo
from quantgraph.backends.sim.split import split
from quantgraph.backends.sim.streams import Ints, draw, stream_key

_SECONDS = 60
_FLAT = np.ones(_SECONDS, dtype=np.int64)
_KEPT_DAYS = 2_048  # about 14 kB each
_KEPT_MINUTES = 4_096  # about 4 kB each


@dataclass(frozen=True, slots=True)
class Print:
    """What had traded by an instant: prices in ticks, volume in shares, amount in yuan.

    Before the market opens nothing has: the volume is 0, and so are last, open, high and low.
    `rising`: the last trade went up, so a buyer made it. `usual` is a second's usual volume,
    `scale` the ticks of a yuan.
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


@dataclass(frozen=True, slots=True)
class _Running:
    """Parts of one bar in a row, and their running totals up to each part, it included."""

    parts: Block
    high: Ints
    low: Ints
    volume: Ints
    amount: Floats

    @classmethod
    def of(cls, parts: Block) -> "_Running":
        return cls(
            parts,
            np.maximum.accumulate(parts.high),
            np.minimum.accumulate(parts.low),
            np.cumsum(parts.volume),
            np.cumsum(parts.amount),
        )


@dataclass(frozen=True, slots=True)
class _Day:
    path: Path
    minutes: _Running
    previous: int
    scale: int


class Tapes:
    """Cuts the clock day into minutes and the minute into seconds, as far as anybody looks.

    Quick enough for the event loop once the paths are loaded: all symbols are cut together.
    """

    def __init__(self, seed: int, days: int = _KEPT_DAYS, minutes: int = _KEPT_MINUTES) -> None:
        """Cut nothing yet; keep so many cut days and minutes."""
        self._seed = seed
        self._days: Memo[tuple[str, date], _Day] = Memo(days)
        self._minutes: Memo[tuple[str, date, int], tuple[_Day, _Running]] = Memo(minutes)

    def prints(self, paths: Mapping[str, Path], now: Moment) -> Mapping[str, Print]:
        """Return what each symbol had traded; one without a bar on the day is left out.

        The first second counts as over when the session opens: the opening auction is in it.
        """
        if now.running_ms < AUCTION_MS:
            return {s: _unopened(day) for s, day in self._open_days(paths, now.day).items()}
        second = min(now.session_ms // 1_000, MINUTES * _SECONDS - 1)
        days = self._open_days(paths, now.day)
        minutes = self._open_minutes(days, now.day, second // _SECONDS)
        return {s: _print(day, minutes[s], second) for s, day in days.items()}

    def _open_days(self, paths: Mapping[str, Path], day: date) -> Mapping[str, _Day]:
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
        cuts = [one.minute_cut(self._seed, symbol) for symbol, one in new.items()]
        parts = _split_all([one.bars for one in new.values()], cuts)
        for (symbol, one), minutes in zip(new.items(), parts, strict=True):
            previous, scale = int(one.previous[0]), int(one.scale[0])
            made = _Day(paths[symbol], _Running.of(minutes), previous, scale)
            held[symbol] = self._days.put((symbol, day), made)
        return held

    def _open_minutes(
        self, days: Mapping[str, _Day], day: date, minute: int
    ) -> Mapping[str, _Running]:
        kept = {symbol: self._minutes.get((symbol, day, minute)) for symbol in days}
        held = {s: found[1] for s, found in kept.items() if found and found[0] is days[s]}
        new = [symbol for symbol in days if symbol not in held]
        bars = [days[s].minutes.parts.take(slice(minute, minute + 1)) for s in new]
        cuts = [self._second_cut(symbol, days[symbol].scale, (day, minute)) for symbol in new]
        for symbol, seconds in zip(new, _split_all(bars, cuts), strict=True):
            running = _Running.of(seconds)
            self._minutes.put((symbol, day, minute), (days[symbol], running))
            held[symbol] = running
        return held

    def _second_cut(self, symbol: str, scale: int, place: tuple[date, int]) -> Cut:
        day, minute = place
        counter = day.toordinal() * MINUTES + minute
        keys = draw(stream_key(self._seed, symbol, "seconds"), np.array([counter]))
        return Cut(_SECONDS, keys, np.array([scale], dtype=np.int64), _FLAT)


def _split_all(bars: Sequence[Block], cuts: Sequence[Cut]) -> list[Block]:
    """Cut one bar of every symbol in one go; numpy's overhead is then paid once."""
    if not bars:
        return []
    cut = Cut(
        cuts[0].parts,
        np.concatenate([each.keys for each in cuts]),
        np.concatenate([each.scale for each in cuts]),
        cuts[0].weights,
    )
    parts = split(stack(bars), cut)
    return [parts.take(row) for row in range(len(bars))]


def _unopened(day: _Day) -> Print:
    return Print(0, 0, 0, 0, day.previous, 0, 0.0, rising=False, usual=0, scale=day.scale)


def _print(day: _Day, seconds: _Running, second: int) -> Print:
    minute, place = divmod(second, _SECONDS)
    before, minutes = minute - 1, day.minutes
    high, low = int(seconds.high[place]), int(seconds.low[place])
    volume, amount = int(seconds.volume[place]), float(seconds.amount[place])
    if minute:
        high, low = max(high, int(minutes.high[before])), min(low, int(minutes.low[before]))
        volume += int(minutes.volume[before])
        amount += float(minutes.amount[before])
    last = int(seconds.parts.close[place])
    return Print(
        last=last,
        open=int(minutes.parts.open[0]),
        high=high,
        low=low,
        previous=day.previous,
        volume=volume,
        amount=amount,
        rising=last >= int(seconds.parts.open[place]),
        usual=int(minutes.volume[-1]) // (MINUTES * _SECONDS),
        scale=day.scale,
    )
