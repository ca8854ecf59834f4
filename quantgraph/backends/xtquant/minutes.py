"""The bar under way, from what the terminal pushes: a minute's row, or the day so far."""

import asyncio
import math
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from quantgraph.backends.xtquant.codes import lot_of
from quantgraph.backends.xtquant.inbox import Row
from quantgraph.backends.xtquant.quotes import price_of
from quantgraph.domain.bars import Period
from quantgraph.domain.calendar import day_number, day_of, day_start, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.live_bars import Bar, FormingBar
from quantgraph.domain.ports.market import Quotes
from quantgraph.domain.quotes import Quote
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState

if TYPE_CHECKING:
    from quantgraph.backends.xtquant.live import TerminalFeed

_MINUTE_MS = 60_000
_DAY_MINUTES = 1_440
_OFFSET_MINUTES = 480
_AUCTION = 9 * 60 + 29
# Seconds until a follower is told where nothing is pushed: that a bar is over is news as well.
_QUIET_S = 2.0


def read_minute(symbol: str, row: Row, auctions: MutableMapping[str, Bar]) -> Bar | None:
    """Return a pushed minute at its start; None for a row without a price.

    The opening auction is a row of its own, and a part of the minute that it opens: it is kept in
    `auctions` for the row after it.
    """
    ended, close = row.get("time"), price_of(row.get("close"))
    if not isinstance(ended, int) or close is None:
        return None
    volume = _finite(row.get("volume"))
    bar = Bar(
        time=ended - _MINUTE_MS,
        open=price_of(row.get("open")),
        high=price_of(row.get("high")),
        low=price_of(row.get("low")),
        close=close,
        volume=None if volume is None else round(volume * lot_of(symbol)),
        amount=_finite(row.get("amount")),
        previous_close=price_of(row.get("preClose")),
        suspended=False,
    )
    minute = (bar.time // _MINUTE_MS + _OFFSET_MINUTES) % _DAY_MINUTES
    if minute == _AUCTION:
        auctions[symbol] = replace(bar, time=bar.time + _MINUTE_MS)
        return auctions[symbol]
    opened = auctions.get(symbol)
    if opened is None or opened.time != bar.time:
        return bar
    return _joined(opened, bar)


def day_bar(quote: Quote) -> Bar | None:
    """Return the day so far; None before its first trade."""
    if quote.last_price is None or not quote.volume:
        return None
    return Bar(
        time=day_start(day_of(quote.time)),
        open=quote.open,
        high=quote.high,
        low=quote.low,
        close=quote.last_price,
        volume=quote.volume,
        amount=quote.amount,
        previous_close=quote.previous_close,
        suspended=quote.suspended,
    )


class TerminalBars:
    """Implements `BarFeed`: a day is its quote, a minute is what the terminal pushes of it."""

    def __init__(self, feed: "TerminalFeed", quotes: Quotes, clock: Clock) -> None:
        """Follow nothing yet."""
        self._feed = feed
        self._quotes = quotes
        self._clock = clock

    async def follow(self, symbol: str, period: Period) -> AsyncGenerator[FormingBar | None, None]:
        """Yield the bar under way (MIN_1 or DAY_1) at each change, until closed.

        Errors: UNKNOWN_SYMBOL; SUBSCRIPTION_LIMIT beyond 50 symbols' minutes.
        """
        told = self._days(symbol) if period is Period.DAY_1 else self._minutes(symbol)
        async with aclosing(told):
            async for bar in told:
                yield None if bar is None else FormingBar(bar, Source.TERMINAL)

    def state(self) -> SourceState:
        """Return whether the terminal is connected, and when it last gave a quote."""
        return self._feed.state()

    async def _days(self, symbol: str) -> AsyncGenerator[Bar | None, None]:
        async with aclosing(self._feed.follow(symbol)) as quotes:
            reader = asyncio.ensure_future(anext(quotes))
            newest: Quote | None = None
            try:
                while True:
                    done, _ = await asyncio.wait([reader], timeout=_QUIET_S)
                    if done:
                        newest = reader.result()
                        reader = asyncio.ensure_future(anext(quotes))
                    yield self._today(newest)
            finally:
                reader.cancel()
                await asyncio.wait([reader])

    async def _minutes(self, symbol: str) -> AsyncGenerator[Bar | None, None]:
        (found,) = await self._quotes.quotes([symbol])
        if isinstance(found, GatewayError):
            raise found
        lane = self._feed.join_minutes(symbol)
        newest: Bar | None = None
        try:
            yield None
            while True:
                # Where nothing comes the bar is told all the same: it may be over.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_QUIET_S):
                        newest = await lane.take()
                yield self._present(newest)
        finally:
            self._feed.leave_minutes(symbol, lane)

    def _today(self, quote: Quote | None) -> Bar | None:
        if quote is None or day_number(quote.time) != day_number(self._now()):
            return None
        return day_bar(quote)

    def _present(self, bar: Bar | None) -> Bar | None:
        if bar is None or self._now() >= bar.time + _MINUTE_MS:
            return None
        return bar

    def _now(self) -> int:
        return to_ms(self._clock.now())


def _finite(value: object) -> float | None:
    """Return a number; None for what is none, 0 for what is not told."""
    if value is None:
        return 0.0
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _joined(opened: Bar, bar: Bar) -> Bar:
    return replace(
        bar,
        open=opened.open,
        high=max(filter(None, (opened.high, bar.high)), default=None),
        low=min(filter(None, (opened.low, bar.low)), default=None),
        volume=(opened.volume or 0) + (bar.volume or 0),
        amount=(opened.amount or 0.0) + (bar.amount or 0.0),
        previous_close=opened.previous_close,
    )
