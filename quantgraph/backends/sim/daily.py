"""Daily bars out of nothing: a mean-reverting walk inside the price band, with dividends."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from quantgraph.backends.sim.block import Block, Floats, stack
from quantgraph.backends.sim.origins import Origin
from quantgraph.backends.sim.payouts import announced_days, dividend_of, payout_days, payout_of
from quantgraph.backends.sim.streams import Ints, bell, below, draw
from quantgraph.domain.calendar import Dates
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.instruments import Instrument, InstrumentKind
from quantgraph.domain.rules.bands import BANDS
from quantgraph.domain.sources import Source

_FINE = 65_536  # the walk is kept in 1/65536 tick
_HALF = _FINE // 2
_PULL = 250  # sessions that it takes to come back, roughly
_FREE_RATE = 1_000  # 0.01 %: how far a price without a band may go in a day, our own choice
_INDEX_SHARE_PRICE = 15  # yuan: an index counts its members' money, not its points


@dataclass(frozen=True, slots=True)
class Path:
    """All sessions of one symbol: bars, reference prices in ticks, and what it paid.

    `minutes` are those of days that are lived again; all other days are cut where they are needed.
    """

    instrument: Instrument
    days: Dates
    bars: Block
    previous: Ints
    scale: int
    dividends: tuple[Dividend, ...]
    minutes: Mapping[date, Block] = field(default_factory=dict[date, Block])

    def source(self, day: date) -> Source:
        """Return what a quote of the day is: REPLAY or SIMULATED."""
        return Source.REPLAY if day in self.minutes else Source.SIMULATED

    def between(self, first: date, last: date) -> "Path":
        """Return a copy of the sessions of some days, both included, without what was paid."""
        left = int(np.searchsorted(self.days, np.datetime64(first)))
        right = int(np.searchsorted(self.days, np.datetime64(last), side="right"))
        # copies: a view would keep the whole path in memory
        copied = stack([self.bars.take(slice(left, right))])
        previous = self.previous[left:right].copy()
        days = self.days[left:right].copy()
        minutes = {day: each for day, each in self.minutes.items() if first <= day <= last}
        return Path(self.instrument, days, copied, previous, self.scale, (), minutes)


@dataclass(frozen=True, slots=True)
class _Steps:
    """Per session: close, reference price and limits in ticks, and the move drawn, in ppm."""

    close: Ints
    previous: Ints
    low: Ints
    high: Ints
    move: Ints


def walk(origin: Origin, days: Dates) -> Path:
    """Return the path over the sessions `days`; each day depends only on the days before it."""
    numbers = days.astype(np.int64)
    moves = bell(draw(origin.key("close"), numbers)) * _deviation(origin, days) // 1000
    steps, dividends = _steps(origin, days, moves)
    return Path(
        instrument=origin.instrument,
        days=days,
        bars=_bars(origin, numbers, steps),
        previous=steps.previous,
        scale=origin.scale,
        dividends=dividends,
    )


def _deviation(origin: Origin, days: Dates) -> Ints:
    """Return each day's deviation in ppm: calm and rough months alternate."""
    months = days.astype("datetime64[M]").astype(np.int64)
    mood = 150 + below(draw(origin.key("mood"), months), 260)
    return origin.profile.deviation * 100 * mood // 256


def band_rates(instrument: Instrument, days: Dates) -> Ints:
    """Return how far each day's price may go from its reference, in 1/10,000."""
    rates = np.full(len(days), _FREE_RATE, dtype=np.int64)
    for row in BANDS:
        if row.concerns(instrument):
            inside = days >= np.datetime64(row.effective_from)
            if row.effective_to is not None:
                inside &= days <= np.datetime64(row.effective_to)
            rates[inside] = int(row.rate * 10_000)
    return rates


def _steps(origin: Origin, days: Dates, moves: Ints) -> tuple[_Steps, tuple[Dividend, ...]]:
    """Walk from close to close. Sequential on purpose: every band hangs on the close before.

    A band is rounded half up and reaches at least one tick away from the reference price.
    """
    close, fine, level = origin.close, origin.close * _FINE, origin.close * _FINE
    rows: list[tuple[int, int, int, int]] = []
    dividends: list[Dividend] = []
    years, granted = payout_days(origin, days), announced_days(origin, days)
    rates = band_rates(origin.instrument, days).tolist()
    for index, move in enumerate(moves.tolist()):
        reference = close
        if index in years or index in granted:
            payout = payout_of(origin, (years.get(index), granted.get(index)), close)
            reference = payout.reference(close)
            fine = fine * reference // close
            level = payout.settle(level, close)
            dividends.append(dividend_of(origin, days[index], payout, close))
        # Written out, without min and max: this loop is what a cold symbol's first answer costs.
        rate = rates[index]
        low = (2 * reference * (10_000 - rate) + 10_000) // 20_000
        high = (2 * reference * (10_000 + rate) + 10_000) // 20_000
        low = low if low < reference else reference - 1
        low = low if low > 1 else 1  # noqa: FURB136 see above
        high = high if high > reference else reference + 1
        fine += fine * move // 1_000_000 + (level - fine) // _PULL
        close = (fine + _HALF) // _FINE
        if close <= low:
            close, fine = low, max(low * _FINE, fine)
        elif close >= high:
            close, fine = high, min(high * _FINE, fine)
        rows.append((close, reference, low, high))
    table = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return _Steps(table[0], table[1], table[2], table[3], moves), tuple(dividends)


def _bars(origin: Origin, numbers: Ints, steps: _Steps) -> Block:
    swing = steps.previous * origin.profile.deviation
    gap = bell(draw(origin.key("open"), numbers)) * swing // 30_000_000
    opens = np.clip(steps.previous + gap, steps.low, steps.high)
    up = np.abs(bell(draw(origin.key("high"), numbers))) * swing // 20_000_000
    down = np.abs(bell(draw(origin.key("low"), numbers))) * swing // 20_000_000
    high = np.minimum(np.maximum(opens, steps.close) + up, steps.high)
    low = np.maximum(np.minimum(opens, steps.close) - down, steps.low)
    volume = _lots(origin, numbers, steps.move) * origin.scale
    bars = Block(opens, high, low, steps.close, volume, volume.astype(np.float64))
    return replace(bars, amount=_amount(origin, numbers, bars))


def _lots(origin: Origin, numbers: Ints, moves: Ints) -> Ints:
    """Return the day's lots: a share of all shares, more on days that move a lot."""
    usual = 600 + int(below(draw(origin.key("turnover"), 0), 5_000))  # ppm of all shares
    shares = origin.volume or origin.profile.shares * usual // 1_000_000
    lots = max(shares // origin.scale, 1)
    stir = 500 + below(draw(origin.key("volume"), numbers), 1_000)
    stir = stir + np.abs(moves) * 1_000 // (origin.profile.deviation * 100)
    return lots * stir // 1_000 + 40


def _amount(origin: Origin, numbers: Ints, bars: Block) -> Floats:
    """Return whole yuan, between lots × low and lots × high."""
    lots = bars.volume // origin.scale
    if origin.instrument.kind is InstrumentKind.INDEX:
        return (bars.volume * _INDEX_SHARE_PRICE).astype(np.float64)
    middle = (bars.open + bars.high + bars.low + bars.close) * lots // 4
    lean = (bars.high - bars.low) * lots * (below(draw(origin.key("lean"), numbers), 201) - 100)
    money = np.clip(middle + lean // 1_000, bars.low * lots, bars.high * lots)
    return money.astype(np.float64)
