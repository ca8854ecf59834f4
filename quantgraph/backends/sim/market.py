"""The simulated market as one object: bars, dividends, quotes, reference and financials."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from quantgraph.backends.sim import directory
from quantgraph.backends.sim.announced import check_action, recorded
from quantgraph.backends.sim.board import QuoteTable
from quantgraph.backends.sim.bookkeeper import Bookkeeper
from quantgraph.backends.sim.cadence import SCREEN_MS
from quantgraph.backends.sim.catalog import SimCatalog
from quantgraph.backends.sim.depth import LEVELS
from quantgraph.backends.sim.feed import FeedParts, Runner, SimFeed
from quantgraph.backends.sim.live import Screens, no_screens
from quantgraph.backends.sim.moments import MarketClock
from quantgraph.backends.sim.paths import Paths, World
from quantgraph.backends.sim.quoting import Quoter
from quantgraph.backends.sim.screen import Screen
from quantgraph.backends.sim.securities import Source as Prices
from quantgraph.backends.sim.series import SeriesReader
from quantgraph.domain.bars import BarRequest, BarSeries, Period
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import GatewayError, Unsupported, bad_request, unknown_symbol
from quantgraph.domain.financials.tables import CompanyFinancials, FinancialRequest
from quantgraph.domain.instruments import Instrument, Market
from quantgraph.domain.live_bars import FormingBar
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, Sector, group_by_member
from quantgraph.domain.simulation import CorporateAction
from quantgraph.domain.snapshots import QuoteColumns
from quantgraph.domain.streams import SourceState

# So many symbols in memory are answered on the event loop: a worker's turn costs more than one
# quote does (0.1 ms), and many would keep everybody else waiting.
_FEW = 16


@dataclass(frozen=True, slots=True)
class MarketParts:
    """What the market lives by: its clock, workers for long work, trading ms between quotes."""

    clock: MarketClock
    runner: Runner
    interval_ms: int = SCREEN_MS
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class SimMarket:
    """Implements `Bars` (MIN_1, DAY_1, unadjusted), `Dividends`, `Quotes`, `QuoteFeed`, more.

    `Reference` and `Financials` are answered for the universe alone: what was imported is the
    store's to tell. Nothing later than the clock is ever told.
    """

    def __init__(self, world: World, parts: MarketParts) -> None:
        """Generate nothing until it is asked for."""
        self._clock = parts.clock
        self._run = parts.runner.run
        self._calendar = world.calendar
        self.announced = world.announced
        self._paths = Paths(world)
        self._series = SeriesReader(self._paths)
        self._quoter = Quoter(self._paths, parts.interval_ms)
        self._deep = Quoter(self._paths, parts.interval_ms, LEVELS)
        self.catalog = SimCatalog(parts.clock, parts.runner, self._paths)
        self._table = QuoteTable(self._paths, self._quoter)
        self._books = Bookkeeper(world.seed, world.calendar.last.year)
        self._screens: Screens = no_screens
        feed = FeedParts(
            paths=self._paths,
            quoter=self._quoter,
            clock=parts.clock,
            runner=parts.runner,
            interval_ms=parts.interval_ms,
            screens=self._displayed,
            sleep=parts.sleep,
        )
        self.feed = SimFeed(feed)

    def show(self, screens: Screens) -> None:
        """Quote live symbols from their order books from now on."""
        self._screens = screens

    async def _displayed(self, symbols: Sequence[str]) -> Mapping[str, Screen]:
        return await self._screens(symbols)

    async def bars(self, request: BarRequest) -> Sequence[BarSeries | GatewayError]:
        """Return finished bars; per symbol UNKNOWN_SYMBOL, or what cannot be made here."""
        found = await self._run(self._series.read, request, self._clock.moment())
        pairs = list(zip(request.symbols, found, strict=True))
        absent = [symbol for symbol, series in pairs if isinstance(series, GatewayError)]
        known = await self._unquoted(absent)
        return [known.get(symbol) or series for symbol, series in pairs]

    async def dividends(
        self, symbols: Sequence[str], period: Period
    ) -> Sequence[Sequence[Dividend] | None]:
        """Return what generated symbols paid until today; None for imported and unknown ones."""
        del period  # minutes are cut out of days: they share their events
        return await self._run(self._dividends, symbols, self._day())

    async def announce(self, action: CorporateAction) -> None:
        """Let a symbol's path follow an event from its ex-day on, which is after today.

        Raises UNKNOWN_SYMBOL, BAD_REQUEST, PRICES_RECORDED, ACTION_LIMIT.
        """
        await self._run(self._check_action, action, self._day())
        # Nothing waits from here on: a fast clock must not have come to the ex-day meanwhile.
        if action.ex_date <= self._day():
            text = f"The ex-day {action.ex_date} is not after today, {self._day()}."
            raise bad_request(text, field="ex_date")
        self.announced.add(action)
        await self.feed.renew()

    async def source(self, symbol: str, day: date) -> Prices | None:
        """Return where the prices of a symbol's day come from, None where it does not trade then.

        Errors: UNKNOWN_SYMBOL, NOT_QUOTED.
        """
        path = self._paths.ready(symbol, day)
        if path is None:
            path = (await self._run(self._paths.load, (symbol,), day)).get(symbol)
        if path is None:
            raise (await self._unquoted([symbol])).get(symbol) or unknown_symbol(symbol)
        # where the path was in memory the day is cut here: a few ms, once a day and symbol
        frames = self._quoter.frames(path, day)
        if frames is None:
            return None
        return Prices(Decimal(frames.previous) / path.scale, frames, frames.so_far)

    async def quotes(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        """Return the newest quote per symbol. Errors per symbol: UNKNOWN_SYMBOL."""
        return await self._newest(self._quoter, symbols)

    async def deep(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        """Return the same with every level that is displayed."""
        return await self._newest(self._deep, symbols)

    async def _newest(
        self, quoter: Quoter, symbols: Sequence[str]
    ) -> Sequence[Quote | GatewayError]:
        screens = await self._screens(symbols)
        now = self._clock.moment()
        paths = self._paths.recall_paths(symbols, now.day) if len(symbols) <= _FEW else None
        if paths is not None:
            found = quoter.quote(paths, now, screens)
        else:
            found = await self._run(quoter.read, symbols, now, screens)
        known = await self._unquoted([symbol for symbol in symbols if symbol not in found])
        return [
            found.get(symbol) or known.get(symbol) or unknown_symbol(symbol) for symbol in symbols
        ]

    async def board(self, symbols: Sequence[str], fields: tuple[str, ...]) -> QuoteColumns:
        """Return the newest quotes of those symbols that exist, as columns."""
        screens = await self._screens(symbols)
        return await self._run(self._table.read, symbols, fields, self._clock.moment(), screens)

    async def forming(self, symbol: str, period: Period) -> FormingBar | None:
        """Return the bar under way (MIN_1 or DAY_1); None where nothing has traded in it."""
        now = self._clock.moment()
        path = self._paths.ready(symbol, now.day)
        if path is None:
            path = (await self._run(self._paths.load, (symbol,), now.day)).get(symbol)
        return None if path is None else self._quoter.forming(path, now, period)

    def follow(self, symbol: str) -> AsyncGenerator[Quote, None]:
        """Yield the present quote and every new one until closed. Errors: UNKNOWN_SYMBOL."""
        return self.feed.follow(symbol)

    def state(self) -> SourceState:
        """Return that the simulation runs, and its last quote."""
        return self.feed.state()

    async def instruments(self, symbols: Sequence[str]) -> Sequence[Instrument | None]:
        """Return the instrument per symbol that is listed on the clock's day."""
        day = self._day()
        found = self._paths.recall(symbols, day) if len(symbols) <= _FEW else None
        # a share that is still to be listed is in memory without being quoted yet
        if found is None or any(symbol not in found for symbol in symbols):
            found = await self._run(self._known, symbols, day)
        return [found.get(symbol) for symbol in symbols]

    async def search(
        self, search: InstrumentSearch, first: int, after: str | None
    ) -> tuple[Sequence[Instrument], bool]:
        """Return a page of the universe, and whether more follow.

        Options, futures and new issues are in no list: they are found where they are named.
        """
        # the first text that is searched spells the names of the whole universe
        found = await self._run(self._search, search, first + 1, after)
        return found[:first], len(found) > first

    async def market_symbols(self, market: Market) -> tuple[str, ...]:
        """Return the universe's symbols of an exchange."""
        return directory.market_symbols(market, self._day())

    async def sectors(self) -> Sequence[Sector]:
        """Return all sectors of the universe, by name."""
        return directory.list_sectors(self._day())

    async def sector(self, name: str, day: date | None = None) -> Sector | None:
        """Return one sector as of a day, or None; a day that has not come is today."""
        today = self._day()
        return directory.find_sector(name, day or today, today)

    async def sectors_of(self, symbols: Sequence[str]) -> Sequence[Sequence[Sector]]:
        """Return per symbol the sectors that it is in."""
        return group_by_member(await self.sectors(), symbols)

    async def weights(self, index_symbol: str, day: date | None = None) -> Sequence[IndexWeight]:
        """Return the sample of 000300.SH, heaviest first; empty for any other symbol."""
        today = self._day()
        return directory.list_weights(index_symbol, self._calendar, min(day or today, today))

    async def financials(self, request: FinancialRequest) -> Sequence[CompanyFinancials | None]:
        """Return the asked statements per symbol, None for an unknown one."""
        return await self._run(self._financials, request, self._day())

    def _search(self, search: InstrumentSearch, first: int, after: str | None) -> list[Instrument]:
        day = self._day()
        listed = directory.list_instruments(day)
        if search.symbols:
            listed += self.catalog.find([*search.symbols], day).values()
        return directory.search_listed(search, first, after, listed)

    def _known(self, symbols: Sequence[str], day: date) -> Mapping[str, Instrument]:
        quoted = self._paths.instruments(symbols, day)
        others = [symbol for symbol in symbols if symbol not in quoted]
        return {**quoted, **self.catalog.find(others, day)}

    async def _unquoted(self, symbols: Sequence[str]) -> Mapping[str, GatewayError]:
        """Return why there are no prices of those symbols that are known all the same."""
        if not symbols:
            return {}
        known = await self._run(self.catalog.find, symbols, self._day())
        return {symbol: _not_quoted(symbol) for symbol in known}

    def _day(self) -> date:
        return self._clock.moment().day

    def _check_action(self, action: CorporateAction, day: date) -> None:
        path = self._paths.load((action.symbol,), day).get(action.symbol)
        if path is None:
            raise unknown_symbol(action.symbol)
        if self._paths.anchored((action.symbol,)):
            raise recorded(action.symbol)
        check_action(action, path, day)

    def _dividends(self, symbols: Sequence[str], day: date) -> list[Sequence[Dividend] | None]:
        paths, anchored = self._paths.load(symbols, day), self._paths.anchored(symbols)
        return [
            [paid for paid in paths[symbol].dividends if paid.ex_date <= day]
            if symbol in paths and symbol not in anchored
            else None
            for symbol in symbols
        ]

    def _financials(self, request: FinancialRequest, day: date) -> list[CompanyFinancials | None]:
        known = self._paths.instruments(request.symbols, day)
        return [
            self._books.read(symbol, request, day) if symbol in known else None
            for symbol in request.symbols
        ]


def _not_quoted(symbol: str) -> Unsupported:
    text = (
        f"{symbol} is known, but the simulator makes no prices of options and futures, and none of "
        "shares before their first day."
    )
    return Unsupported(Reason.NOT_QUOTED, text, symbol=symbol)
