"""What a generated path pays its holders: a payout a year of its own, and announced events."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from quantgraph.backends.sim.origins import Origin
from quantgraph.backends.sim.streams import below, draw
from quantgraph.domain.calendar import Dates
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.simulation import CorporateAction
from quantgraph.domain.sources import Source

_TENTHS = 10


@dataclass(frozen=True, slots=True)
class Payout:
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


def payout_days(origin: Origin, days: Dates) -> dict[int, int]:
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


def announced_days(origin: Origin, days: Dates) -> dict[int, CorporateAction]:
    """Return session index → event; one whose ex-day is no session of these is left out."""
    found: dict[int, CorporateAction] = {}
    for action in origin.announced:
        index = int(np.searchsorted(days, np.datetime64(action.ex_date)))
        if index < len(days) and days[index] == np.datetime64(action.ex_date):
            found[index] = action
    return found


def payout_of(
    origin: Origin, causes: tuple[int | None, CorporateAction | None], close: int
) -> Payout:
    """Return what a session grants: of one year's own payout, and of what was announced."""
    year, action = causes
    own = Payout() if year is None else _drawn(origin, year, close)
    if action is None:
        return own
    cash, bonus, conversion = (
        Fraction(each) / 10 for each in (action.cash, action.bonus, action.conversion)
    )
    return Payout(
        own.cash + cash * origin.scale, own.bonus + bonus, own.conversion + conversion, lasting=True
    )


def _drawn(origin: Origin, year: int, close: int) -> Payout:
    luck, extra, kind = draw(origin.key("payout"), np.arange(3) + 3 * year)
    cash = close * origin.profile.dividend * (70 + int(below(luck, 61))) // 100_000
    # One year in five a dear stock is made cheaper by new shares, two to four for ten.
    chance = int(below(extra, 15))
    tenths = 2 + chance if chance < 3 and close >= 40 * origin.scale else 0
    paid, shares = Fraction(max(cash, 1)), Fraction(tenths, _TENTHS)
    if kind & np.uint64(1):
        return Payout(paid, conversion=shares)
    return Payout(paid, bonus=shares)


def dividend_of(origin: Origin, day: np.datetime64, payout: Payout, close: int) -> Dividend:
    """Return a session's payout as an event; `close`, in ticks, is the one before it."""
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
