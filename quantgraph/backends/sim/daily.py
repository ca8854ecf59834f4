"""Daily bars out of nothing: a mean-reverting walk inside the price band, with dividends."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

import numpy as np

from quantgraph.backends.sim.block import Block, Floats, stack
from quantgraph.backends.sim.streams import Ints, bell, below, draw, stream_key
from quantgraph.backends.sim.universe import Profile
from quantgraph.domain.calendar import Dates
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.instruments import Instrument, InstrumentKind
from quantgraph.domain.rules.bands import BANDS
from quantgraph.domain.simulation import CorporateAction
from quantgraph.domain.sources import Source

_FINE = 65_536  # the walk is kept in 1/65536 tick
_HALF = _FINE // 2
_PULL = 250  # sessions that it takes to come back, roughly
_FREE_RATE = 1_000  # 0.01 %: how far a price without a band may go in a day, our own choice
_INDEX_SHARE_PRICE = 15  # yuan: an index counts its members' money, not its points
_TENTHS = 10


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a walk begins: the close (in ticks) before its first session, and its nature.

    `scale` are ticks per yuan, `volume` the usual shares a day where an import tells them.
    `announced`: events of ex-days that somebody else decided, beside those of its nature.
    """

    profile: Profile
    instrument: Instrument
    seed: int
    scale: int
    close: int
    pays: bool
    volume: int | None = None
    announced: tuple[CorporateAction, ...] = ()

    def key(self, purpose: str) -> int:
        """Return the stream key of one purpose of this symbol."""
        return stream_key(self.seed, self.profile.luck or self.profile.symbol, purpose)


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
class _Payout:
    """Cash in ticks per share, and new shares per share: bonus, and converted from reserves.

    `lasting`: the price will not come back from it; of its own cash payouts a path recovers.
    """

    cash: Fraction = Fraction(0)
    bonus: Fraction = Fraction(0)
    conversion: Fraction = Fraction(0)
    lasting: bool = False

    @property
    def whole(self) -> Fraction:
        """What a share becomes."""
        return 1 + self.bonus + self.conversion

    def reference(self, close: int) -> int:
        """Return the ex-right reference price in ticks, half up, as the exchange computes it."""
        return max(int(((close - self.cash) / self.whole + Fraction(1, 2)) // 1), 1)

    def settle(self, level: int, close: int) -> int:
        """Return where the price tends to afterwards, in the unit of `level`."""
        return level * self.reference(close) // close if self.lasting else level // self.whole


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
    years, granted = _payout_days(origin, days), _announced_days(origin, days)
    rates = band_rates(origin.instrument, days).tolist()
    for index, move in enumerate(moves.tolist()):
        reference = close
        if index in years or index in granted:
            payout = _payout(origin, (years.get(index), granted.get(index)), close)
            reference = payout.reference(close)
            fine = fine * reference // close
            level = payout.settle(level, close)
            dividends.append(_dividend(origin, days[index], payout, close))
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


def _payout_days(origin: Origin, days: Dates) -> dict[int, int]:
    """Return session index → year of one payout a year, in June or July, once seasoned."""
    found: dict[int, int] = {}
    if not origin.pays or len(days) == 0 or origin.profile.dividend == 0:
        return found
    first, last = int(str(days[0])[:4]), int(str(days[-1])[:4])
    for year in range(first, last + 1):
        later = int(below(draw(origin.key("payday"), year), 55))
        payday = np.datetime64(date(year, 6, 1)) + np.timedelta64(later, "D")
        index = int(np.searchsorted(days, payday))
        if 100 <= index < len(days):
            found[index] = year
    return found


def _announced_days(origin: Origin, days: Dates) -> dict[int, CorporateAction]:
    """Return session index → event; one whose ex-day is no session of these is left out."""
    found: dict[int, CorporateAction] = {}
    for action in origin.announced:
        index = int(np.searchsorted(days, np.datetime64(action.ex_date)))
        if index < len(days) and days[index] == np.datetime64(action.ex_date):
            found[index] = action
    return found


def _payout(
    origin: Origin, causes: tuple[int | None, CorporateAction | None], close: int
) -> _Payout:
    """Return what a session grants: of one year's own payout, and of what was announced."""
    year, action = causes
    own = _Payout() if year is None else _drawn(origin, year, close)
    if action is None:
        return own
    cash, bonus, conversion = (
        Fraction(each) / 10 for each in (action.cash, action.bonus, action.conversion)
    )
    return _Payout(
        own.cash + cash * origin.scale, own.bonus + bonus, own.conversion + conversion, lasting=True
    )


def _drawn(origin: Origin, year: int, close: int) -> _Payout:
    luck, extra, kind = draw(origin.key("payout"), np.arange(3) + 3 * year)
    cash = close * origin.profile.dividend * (70 + int(below(luck, 61))) // 100_000
    # One year in five a dear stock is made cheaper by new shares, two to four for ten.
    chance = int(below(extra, 15))
    tenths = 2 + chance if chance < 3 and close >= 40 * origin.scale else 0
    paid, shares = Fraction(max(cash, 1)), Fraction(tenths, _TENTHS)
    if kind & np.uint64(1):
        return _Payout(paid, conversion=shares)
    return _Payout(paid, bonus=shares)


def _dividend(origin: Origin, day: np.datetime64, payout: _Payout, close: int) -> Dividend:
    return Dividend(
        symbol=origin.profile.symbol,
        ex_date=day.astype(date),
        ratio=close / payout.reference(close),
        cash=float(payout.cash / origin.scale),
        bonus=float(payout.bonus),
        conversion=float(payout.conversion),
        rights=0.0,
        rights_price=0.0,
        source=Source.SIMULATED,
    )


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
