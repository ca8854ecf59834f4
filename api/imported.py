"""What mock mode takes from the imported data: its listings, its first day, and their summary."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, timedelta

import structlog

from quantgraph.backends.sim.laps import latest_start
from quantgraph.backends.sim.listings import Anchor
from quantgraph.domain.bars import BarColumns, Period
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instruments import Instrument
from quantgraph.services.workers import Workers
from quantgraph.store.market import MarketStore

_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
# Without imports every simulated world begins here.
_FIRST_DAY = date(2023, 2, 1)


class StoreListings:
    """Tells the simulated market what is imported, so that it goes on from there.

    Of the clock's first day and later it tells nothing: the market lives these days itself.
    """

    def __init__(self, store: MarketStore, start: date) -> None:
        """Read from `store` what lies before the clock's first day."""
        self._store = store
        self._last = start - timedelta(days=1)

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Return the imported instruments among the symbols."""
        return self._store.instruments(symbols)

    def version(self) -> Hashable:
        """Return a value that differs after every import; never waits."""
        return self._store.version()

    def anchors(self, symbols: Sequence[str], before: date) -> Mapping[str, Anchor]:
        """Return the newest imported daily bar before a day of those that have any."""
        closes = self._store.last_closes(symbols, before)
        return {
            symbol: Anchor(last.day, last.close, last.volume) for symbol, last in closes.items()
        }

    def levels(self, symbols: Sequence[str], before: date) -> Mapping[str, float]:
        """Return the newest imported minute's close before a day of those that have any."""
        closes = self._store.last_closes(symbols, before, Period.MIN_1)
        return {symbol: last.close for symbol, last in closes.items()}

    def daily(self, symbol: str, start: date | None, end: date | None) -> BarColumns | None:
        """Return the imported daily bars of the days, both included, or None without any."""
        return self._store.daily_bars(symbol, start, min(end or self._last, self._last))


def choose_start(newest: date | None, calendar: TradingCalendar) -> tuple[date, str]:
    """Return the clock's first day, and what is to be said where it is not the expected one.

    It is the trading day after the newest imported bar or tick. Where the calendar ends before a
    world could live for a day, it is the last day on which one can.
    """
    latest = latest_start(calendar)
    if newest is None:
        return _FIRST_DAY, ""
    if newest < latest:
        return calendar.next_session(newest), ""
    _logger.warning("clock_falls_back", start=str(latest), newest=str(newest))
    note = (
        f"; the clock starts on {latest}, not after {newest}, because the trading calendar ends "
        f"on {calendar.last} (calendar.covered_until extends it)"
    )
    return latest, note


class HeldData:
    """What is held, in words that follow every import."""

    def __init__(self, store: MarketStore, workers: Workers, said: tuple[str, str]) -> None:
        """Describe `store` now; `said`: what all that is not held is, and what follows."""
        self._store = store
        self._workers = workers
        self._rest, self._note = said
        self._version = store.version()
        self.text = self._describe()

    async def now(self) -> str:
        """Return what is held now; a server that is too busy to look tells what it saw last."""
        try:
            version = self._store.version()
            if version != self._version:
                self.text = await self._workers.run(self._describe)
                self._version = version
        except GatewayError as error:
            _logger.warning("data_not_described", reason=error.reason.value)
        return self.text

    def _describe(self) -> str:
        return describe(self._store, self._rest) + self._note


def describe(store: MarketStore, rest: str) -> str:
    """Return what is held, in words; what is not held is `rest`."""
    daily, minutes = len(store.symbols(Period.DAY_1)), len(store.symbols(Period.MIN_1))
    if not daily and not minutes:
        return f"{rest} (nothing imported; `quantgraph import` brings recorded data)"
    newest = store.newest_daily()
    until = f" until {newest}" if newest else ""
    return f"imported daily bars of {daily} symbols{until}, minute bars of {minutes}; rest {rest}"
