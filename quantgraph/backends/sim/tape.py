"""The clock day as it unfolds: what had traded by any second of it."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from quantgraph.backends.sim.block import Block, Flags, Floats
from quantgraph.backends.sim.daily import Path
from quantgraph.backends.sim.days import MINUTES
from quantgraph.backends.sim.prices import COLLECTING
from quantgraph.backends.sim.program import Program
from quantgraph.backends.sim.streams import Ints

_SECONDS = 60


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
            usual=self.usual,
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
            usual=self.usual,
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

    @property
    def usual(self) -> int:
        """A second's usual volume, in shares."""
        return int(self.minutes.volume[-1]) // (MINUTES * _SECONDS)


def _directions(parts: Block) -> Ints:
    """Return of each part whether it went up (1), down (-1), or neither (0)."""
    way = np.sign(parts.close - parts.open)
    return np.where(parts.volume > 0, way, 0)
