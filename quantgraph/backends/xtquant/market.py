"""The terminal's market as one object: every port of market and reference data."""

from collections.abc import Sequence
from datetime import date

from quantgraph.backends.xtquant.bars import BarParts, read_bars
from quantgraph.backends.xtquant.book import InstrumentBook
from quantgraph.backends.xtquant.catalog import TerminalCatalog
from quantgraph.backends.xtquant.data import Data, DataClient
from quantgraph.backends.xtquant.depth import TerminalDepth
from quantgraph.backends.xtquant.dividends import read_dividends
from quantgraph.backends.xtquant.financials import read_financials
from quantgraph.backends.xtquant.quotes import read_board, read_quotes
from quantgraph.backends.xtquant.reference import TerminalReference
from quantgraph.backends.xtquant.ticks import read_ticks
from quantgraph.domain.bars import BarRequest, BarSeries, Period
from quantgraph.domain.calendar import TradingCalendar, to_ms, today
from quantgraph.domain.clock import Clock
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import GatewayError, unknown_symbol
from quantgraph.domain.financials.tables import CompanyFinancials, FinancialRequest
from quantgraph.domain.quotes import Quote
from quantgraph.domain.snapshots import QuoteColumns
from quantgraph.domain.ticks import TickColumns, TickRequest


class TerminalMarket:
    """Implements `Bars` (MIN_1, DAY_1, unadjusted), `Dividends`, `Ticks`, `Quotes`, `QuoteBoard`.

    And `Financials`; `reference`, `catalog` and `depth` are their ports. What the terminal has not
    downloaded is empty here; nothing is made up in its place. Errors of all: SOURCE_UNAVAILABLE,
    TERMINAL_LACKS, TIMED_OUT and OVERLOADED, beside those of the ports.
    """

    def __init__(self, client: DataClient, calendar: TradingCalendar, clock: Clock) -> None:
        """Ask nothing yet."""
        self._client = client
        self._clock = clock
        self._book = InstrumentBook()
        self._parts = BarParts(self._book, calendar)
        self.reference = TerminalReference(client, self._book, self._today)
        self.catalog = TerminalCatalog(client, calendar, self._today)
        self.depth = TerminalDepth(client, self._book, self._today)

    async def bars(self, request: BarRequest) -> Sequence[BarSeries | GatewayError]:
        """Return finished bars; see `ports.Bars`."""
        now = to_ms(self._clock.now())
        return await self._client.run(read_bars, self._parts, request, now)

    async def dividends(
        self, symbols: Sequence[str], period: Period
    ) -> Sequence[Sequence[Dividend] | None]:
        """Return the events per symbol, oldest first; those of minutes and days are the same."""
        del period
        return await self._client.run(read_dividends, symbols)

    async def ticks(self, request: TickRequest) -> TickColumns:
        """Return a recording; see `ports.Ticks`."""
        found = await self._client.run(read_ticks, request)
        if not found.length and (await self.reference.instruments([request.symbol]))[0] is None:
            raise unknown_symbol(request.symbol)
        return found

    async def quotes(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        """Return the newest quote per symbol; see `ports.Quotes`."""
        return await self._client.run(read_quotes, self._book, symbols, self._today())

    async def board(self, symbols: Sequence[str], fields: tuple[str, ...]) -> QuoteColumns:
        """Return the newest quotes of those symbols that are quoted, as columns."""
        return await self._client.run(read_board, symbols, fields)

    async def financials(self, request: FinancialRequest) -> Sequence[CompanyFinancials | None]:
        """Return the asked statements per symbol, None for an unknown one."""
        found = await self._client.run(_read_financials, self._book, request, self._today())
        return [found.get(symbol) for symbol in request.symbols]

    def _today(self) -> date:
        return today(self._clock)


def _read_financials(
    data: Data, book: InstrumentBook, request: FinancialRequest, day: date
) -> dict[str, CompanyFinancials]:
    known = book.find(data, dict.fromkeys(request.symbols), day)
    symbols = [symbol for symbol, found in known.items() if found is not None]
    return read_financials(data, symbols, request)
