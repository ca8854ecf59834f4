"""Downloads of the simulated terminal: nothing is fetched, but what is there is really read.

Frontends develop against them: a job walks its symbols at a pace, and names those that are unknown.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from quantgraph.backends.sim.futures import PRODUCT
from quantgraph.backends.sim.options import UNDERLYING
from quantgraph.domain.bars import BarRequest, Period, Window, window
from quantgraph.domain.bonds import BondRequest
from quantgraph.domain.downloads import DownloadKind, DownloadProgress, DownloadWish, Told
from quantgraph.domain.errors import GatewayError, Unsupported, unknown_symbol
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import FinancialRequest
from quantgraph.domain.instruments import InstrumentKind
from quantgraph.domain.ports.lists import Catalog
from quantgraph.domain.ports.market import Bars
from quantgraph.domain.ports.reference import Financials, Reference
from quantgraph.domain.reasons import Reason
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sources import Source
from quantgraph.domain.tables import TableRequest, unknown_table

NO_QUOTES = "No history of quotes is generated."
NO_CALENDAR = "The simulated exchange follows the gateway's own calendar."
NO_CONTRACTS = "No contracts that have expired are simulated."
# What this terminal has nothing of.
LACKING: Mapping[DownloadKind, str] = {
    DownloadKind.TICKS: NO_QUOTES,
    DownloadKind.HOLIDAYS: NO_CALENDAR,
    DownloadKind.EXPIRED_CONTRACTS: NO_CONTRACTS,
}
_PERIODS = {DownloadKind.DAYS: Period.DAY_1, DownloadKind.MINUTES: Period.MIN_1}
# Bars read of a symbol at most, the newest: a real download would bring all, and take as long.
_LAST = 240
_INDEX = "000300.SH"
# More funds, and more shares, than are simulated.
_MANY = 500


@dataclass(frozen=True, slots=True)
class SimShelf:
    """What is read: the bars and companies of the market, and its lists."""

    bars: Bars
    reference: Reference
    financials: Financials
    catalog: Catalog


class SimDownloads:
    """Implements `Downloader`; `pace_s` real seconds pass for each symbol or entry of a list."""

    source = Source.SIMULATED

    def __init__(
        self,
        shelf: SimShelf,
        pace_s: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Read `shelf`."""
        self._shelf = shelf
        self._pace_s = pace_s
        self._sleep = sleep

    async def run(self, wish: DownloadWish, told: Told) -> DownloadProgress:
        """Walk what is asked for; see `ports.Downloader`."""
        if wish.kind in LACKING:
            text = f"The simulated terminal downloads no {wish.kind}: {LACKING[wish.kind]}"
            raise Unsupported(Reason.TERMINAL_LACKS, text)
        steps = wish.symbols or await self._entries(wish.kind)
        done = DownloadProgress(0, len(steps))
        for number, each in enumerate(steps, 1):
            await self._sleep(self._pace_s)
            text = await self._read(wish, each) if wish.symbols else each
            done = DownloadProgress(number, len(steps), text)
            told(done)
        return done

    async def _entries(self, kind: DownloadKind) -> tuple[str, ...]:
        """Return what a list is made of, by name."""
        shelf = self._shelf
        match kind:
            case DownloadKind.SECTORS | DownloadKind.TABLE_LIST:
                listed = (
                    shelf.reference.sectors
                    if kind is DownloadKind.SECTORS
                    else shelf.catalog.tables
                )
                return tuple(each.name for each in await listed())
            case DownloadKind.WEIGHTS:
                return tuple(each.symbol for each in await shelf.reference.weights(_INDEX))
            case DownloadKind.BONDS:
                return tuple(each.symbol for each in await shelf.catalog.bonds(BondRequest()))
            case DownloadKind.FUND_LISTS:
                return await self._listed(InstrumentKind.FUND)
            case DownloadKind.SPECIAL_TREATMENTS:
                return await self._listed(InstrumentKind.STOCK, warned=True)
            case _:
                return (UNDERLYING if kind is DownloadKind.OPTION_HISTORY else PRODUCT,)

    async def _listed(self, kind: InstrumentKind, *, warned: bool = False) -> tuple[str, ...]:
        search = InstrumentSearch(kinds=frozenset({kind}))
        found, _ = await self._shelf.reference.search(search, _MANY, None)
        return tuple(each.symbol for each in found if each.is_st or not warned)

    async def _read(self, wish: DownloadWish, symbol: str) -> str:
        """Read what is there of a symbol, and say how much. Errors: UNKNOWN_SYMBOL, ...."""
        if (await self._shelf.reference.instruments([symbol]))[0] is None:
            raise unknown_symbol(symbol)
        if wish.kind is DownloadKind.FINANCIALS:
            return await self._statements(wish, symbol)
        if wish.kind is DownloadKind.TABLE:
            return await self._table(wish, symbol)
        span = window(wish.start, wish.end)
        request = BarRequest((symbol,), _PERIODS[wish.kind], Window(None, span.end, _LAST))
        (series,) = await self._shelf.bars.bars(replace(request, fields=("time",)))
        if isinstance(series, GatewayError):
            raise series
        times = series.columns.values["time"]
        rows = int((times >= (span.start or 0)).sum())
        return f"{symbol}: {rows} bars"

    async def _table(self, wish: DownloadWish, symbol: str) -> str:
        name, catalog = wish.table or "", self._shelf.catalog
        known = {each.name: each for each in await catalog.tables()}
        if name not in known:
            raise unknown_table(name)
        request = TableRequest(name, (symbol,), (), wish.start, wish.end)
        found = await catalog.table_slice(known[name], request, 0)
        return f"{symbol}: {found.total} rows"

    async def _statements(self, wish: DownloadWish, symbol: str) -> str:
        names = dict.fromkeys(Statement, ())
        request = FinancialRequest((symbol,), names, wish.start, wish.end)
        (found,) = await self._shelf.financials.financials(request)
        reports = sum(len(each) for each in found.reports.values()) if found is not None else 0
        return f"{symbol}: {reports} reports"
