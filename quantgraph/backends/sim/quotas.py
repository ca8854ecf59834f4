"""What an account of simulated money may subscribe of new issues."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from quantgraph.backends.sim.moments import MarketClock
from quantgraph.domain.accounts import Position
from quantgraph.domain.bars import BarColumns, BarRequest, BarSeries, Period, window
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.instruments import InstrumentKind, Market, classify
from quantgraph.domain.ipos import IpoQuota
from quantgraph.domain.ports.market import Bars
from quantgraph.domain.ports.trading import Accounts
from quantgraph.domain.rules.allotments import AHEAD, AVERAGED, allotments, allotted
from quantgraph.domain.sources import Source


class HeldQuotas:
    """Implements `IpoQuotas` by the closes of what is held; it counts as held all that time."""

    def __init__(
        self, accounts: Accounts, bars: Bars, time: tuple[TradingCalendar, MarketClock]
    ) -> None:
        """Ask what is held and how it closed."""
        self._accounts, self._bars = accounts, bars
        self._calendar, self._clock = time

    async def ipo_quotas(self, account_id: str) -> Sequence[IpoQuota]:
        """Return the quotas of the clock's day. Errors: UNKNOWN_ACCOUNT."""
        held = [each for each in await self._accounts.positions(account_id) if _counts(each)]
        worth = await self._worth(held)
        rows = allotments(self._clock.moment().day)
        return [
            IpoQuota(row.market, row.board, allotted(row, worth[row.market]), Source.SIMULATED)
            for row in rows
            if row.market is not None
        ]

    async def _worth(self, held: Sequence[Position]) -> dict[Market, Decimal]:
        """Return the average worth of shares by market, yuan; a day without a close counts 0."""
        worth = dict.fromkeys(Market, Decimal(0))
        if not held:
            return worth
        last = self._calendar.offset(self._clock.moment().day, -AHEAD)
        days = window(self._calendar.offset(last, 1 - AVERAGED), last)
        symbols = tuple(each.symbol for each in held)
        request = BarRequest(symbols, Period.DAY_1, days, fields=("close",))
        for each, series in zip(held, await self._bars.bars(request), strict=True):
            if isinstance(series, BarSeries):
                market, _, _ = classify(each.symbol)
                worth[market] += _closes(series.columns) * each.quantity / AVERAGED
        return worth


def _closes(columns: BarColumns) -> Decimal:
    missing, closes = columns.missing("close"), columns.values["close"]
    whole = closes if missing is None else closes[~missing]
    return Decimal(repr(float(np.nansum(whole))))


def _counts(position: Position) -> bool:
    _, kind, _ = classify(position.symbol)
    return kind is InstrumentKind.STOCK
