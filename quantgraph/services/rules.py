"""Answers what the market rules say of instruments on a day."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from quantgraph.domain.bars import BarRequest, BarSeries, Period, window
from quantgraph.domain.calendar import TradingCalendar, today
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError, unknown_symbol
from quantgraph.domain.ports.market import Bars, Quotes
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.quotes import Quote
from quantgraph.domain.rules.daily import InstrumentRules, rules_of
from quantgraph.domain.rules.ticks import in_ticks


class RuleBook:
    """Implements `ports.Rules`: one call for instruments and one for prices, however many."""

    def __init__(
        self,
        reference: Reference,
        prices: tuple[Quotes, Bars],
        clock: Clock,
        calendar: TradingCalendar,
    ) -> None:
        """Take previous closes from quotes today, and from daily bars before."""
        self._reference = reference
        self._quotes, self._bars = prices
        self._clock = clock
        self._calendar = calendar

    async def rules(
        self, symbols: Sequence[str], day: date | None
    ) -> Sequence[InstrumentRules | GatewayError]:
        """Answer per symbol; see `ports.Rules`."""
        now = today(self._clock)
        day = day or now
        self._calendar.is_session(day)  # raises where nobody knows which rules will hold
        found = await self._reference.instruments(symbols)
        listed = [each.symbol for each in found if each is not None]
        closes = await self._closes(listed, day, now)
        return [
            unknown_symbol(symbol)
            if instrument is None
            else rules_of(instrument, day, closes.get(symbol), self._calendar)
            for symbol, instrument in zip(symbols, found, strict=True)
        ]

    async def _closes(self, symbols: list[str], day: date, now: date) -> Mapping[str, Decimal]:
        if day > now or not symbols:
            return {}
        if day == now:
            quotes = await self._quotes.quotes(symbols)
            closes = [each.previous_close if isinstance(each, Quote) else None for each in quotes]
        else:
            closes = [_close(each) for each in await self._bars.bars(_request(symbols, day))]
        pairs = zip(symbols, closes, strict=True)
        return {symbol: in_ticks(symbol, close) for symbol, close in pairs if close is not None}


def _request(symbols: list[str], day: date) -> BarRequest:
    span = window(day, day, None)
    return BarRequest(tuple(symbols), Period.DAY_1, span, fields=("time", "previous_close"))


def _close(series: BarSeries | GatewayError) -> float | None:
    if isinstance(series, GatewayError) or not series.columns.length:
        return None
    missing = series.columns.missing("previous_close")
    if missing is not None and missing[0]:
        return None
    close: float = series.columns.values["previous_close"][0].item()
    return close
