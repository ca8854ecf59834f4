"""An invented company's books, quarter by quarter, in whole yuan so that every sum is exact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from quantgraph.backends.sim.streams import below, draw, stream_key
from quantgraph.backends.sim.universe import Profile

_FIRST_YEAR = 2014
_ENDS = ((3, 31), (6, 30), (9, 30), (12, 31))
# Earliest and latest day of the announcement after the period, inside the legal deadlines.
_DELAYS = ((20, 30), (35, 61), (18, 30), (60, 110))
_LENDERS = ("银行", "保险", "证券")


@dataclass(frozen=True, slots=True)
class Year:
    """Flows since the first of January, yuan."""

    revenue: int = 0
    cost: int = 0
    profit: int = 0
    dividends: int = 0
    operating_cash: int = 0
    cash_change: int = 0


@dataclass(frozen=True, slots=True)
class Quarter:
    """The books at the end of a quarter: balances then, flows since the year began."""

    end: date
    announced: date
    equity: int
    liabilities: int
    cash: int
    year: Year
    luck: Sequence[int]

    @property
    def assets(self) -> int:
        """All assets, yuan."""
        return self.equity + self.liabilities


@dataclass(frozen=True, slots=True)
class _Nature:
    """What stays the same: margin and leverage in ‰, growth in ‰ a quarter, the luck's key."""

    margin: int
    leverage: int
    growth: int
    turnover: int
    key: int


def keep_books(profile: Profile, seed: int, last_year: int) -> list[Quarter]:
    """Return every quarter from 2014, or the year before the listing, to the last year."""
    nature = _nature(profile, seed)
    listed = _FIRST_YEAR if profile.listed is None else profile.listed.year - 1
    equity = round(profile.price * 100) * profile.shares // 100 * 300 // 1_000
    books: list[Quarter] = []
    cash, earned, year = equity // 4, 0, Year()
    for number in range(4 * (max(_FIRST_YEAR, listed)), 4 * (last_year + 1)):
        luck = below(draw(nature.key, np.arange(8) + 8 * number), 1_000).tolist()
        if number % 4 == 0:
            earned, year = year.profit, Year()
        flow = _quarter_flow(nature, equity, earned if number % 4 == 1 else 0, luck)
        equity += flow.profit - flow.dividends
        liabilities = equity * nature.leverage // 1_000
        target = (equity + liabilities) * (120 + luck[5] // 20) // 1_000
        year = _add(year, flow, target - cash)
        cash = target
        end, announced = _dates(number, luck[6])
        books.append(Quarter(end, announced, equity, liabilities, cash, year, luck))
    return books


def _nature(profile: Profile, seed: int) -> _Nature:
    key = stream_key(seed, profile.symbol, "books")
    margin, leverage, growth, turnover = below(draw(key, np.arange(4)), 1_000).tolist()
    lender = profile.industry in _LENDERS
    return _Nature(
        margin=60 + margin * 240 // 1_000,
        leverage=8_000 + 3 * leverage if lender else 300 + leverage,
        growth=growth // 50,
        turnover=60 + turnover * 160 // 1_000,
        key=stream_key(seed, profile.symbol, "quarters"),
    )


def _quarter_flow(nature: _Nature, equity: int, earned: int, luck: Sequence[int]) -> Year:
    """Return the flows of one quarter; a third of last year's profit is paid out in the second."""
    turnover = nature.turnover + nature.growth * (luck[0] - 400) // 1_000
    revenue = equity * turnover // 1_000 * (850 + luck[1] * 300 // 1_000) // 1_000
    profit = revenue * nature.margin // 1_000 * (700 + luck[2] * 600 // 1_000) // 1_000
    cost = revenue * (1_000 - nature.margin) // 1_000 * 8 // 10
    return Year(
        revenue=revenue,
        cost=min(cost, revenue - profit * 3 // 2),
        profit=profit,
        dividends=max(earned, 0) // 3,
        operating_cash=profit * (700 + luck[3] * 700 // 1_000) // 1_000,
    )


def _add(year: Year, flow: Year, cash_change: int) -> Year:
    return Year(
        revenue=year.revenue + flow.revenue,
        cost=year.cost + flow.cost,
        profit=year.profit + flow.profit,
        dividends=year.dividends + flow.dividends,
        operating_cash=year.operating_cash + flow.operating_cash,
        cash_change=year.cash_change + cash_change,
    )


def _dates(number: int, luck: int) -> tuple[date, date]:
    year, quarter = divmod(number, 4)
    end = date(year, *_ENDS[quarter])
    early, late = _DELAYS[quarter]
    return end, end + timedelta(days=early + luck * (late - early) // 1_000)
