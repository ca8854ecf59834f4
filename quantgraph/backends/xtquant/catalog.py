"""What the terminal lists besides instruments: bonds, funds' lists, options, issues, mains."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from quantgraph.backends.xtquant import chains, lists, treatments
from quantgraph.backends.xtquant.codes import from_vendor, to_vendor
from quantgraph.backends.xtquant.data import Data, DataClient
from quantgraph.backends.xtquant.days import day_digits, ms_day
from quantgraph.backends.xtquant.instrument_tags import read_tags
from quantgraph.backends.xtquant.tables import TableBook, read_slice
from quantgraph.backends.xtquant.terminal_subscriptions import read_subscriptions
from quantgraph.domain.bonds import BondRequest, ConvertibleBond
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.etfs import EtfBasket
from quantgraph.domain.futures import MainContract, MainRequest
from quantgraph.domain.instrument_tags import InstrumentTags, TagRequest, wanted_tags
from quantgraph.domain.instruments import InstrumentKind, classify
from quantgraph.domain.ipos import Ipo, IpoRequest
from quantgraph.domain.options import OptionChain, chain_not_held, day_to_come
from quantgraph.domain.sources import Source
from quantgraph.domain.tables import TableRequest, TableSlice, TerminalTable
from quantgraph.domain.terminal_subscriptions import TerminalSubscription
from quantgraph.domain.treatments import SpecialTreatment, treatments_not_downloaded

Today: TypeAlias = Callable[[], date]
# The sector that lists every convertible bond, in the terminal's own words.
_BONDS = "沪深转债"
# Every stock-index future there is: the exchange has no others that the gateway has symbols of.
_PRODUCTS = frozenset({"IF", "IH", "IC", "IM"})
_MAIN_CODE, _SECOND_CODE = "合约在交易所的代码", "次主力合约代码"


class TerminalCatalog:
    """Implements `Catalog` over the terminal's downloaded lists."""

    def __init__(self, client: DataClient, calendar: TradingCalendar, today: Today) -> None:
        """Ask nothing yet."""
        self._client = client
        self._calendar = calendar
        self._today = today
        self._tables = TableBook()
        self._baskets: tuple[date | None, Mapping[str, Mapping[str, Any]]] = (None, {})

    async def bonds(self, request: BondRequest) -> Sequence[ConvertibleBond]:
        """Return the listed convertible bonds of a request, by symbol; unknown ones are absent."""
        codes: Sequence[str] = [to_vendor(each) for each in request.symbols]
        if not codes:
            codes = await self._client.ask("get_stock_list_in_sector", _BONDS)
        found = await self._client.run(_read_bonds, codes)
        wanted = frozenset(request.stock_symbols)
        bonds = [bond for bond in found if not wanted or bond.stock_symbol in wanted]
        return sorted(bonds, key=lambda bond: bond.symbol)

    async def etf_basket(self, symbol: str) -> EtfBasket | None:
        """Return a fund's list for the present trading day, None where there is none.

        The SDK reads all funds' lists at once, from the terminal's own files: once a day.
        """
        day = self._today()
        if self._baskets[0] != day:
            told: Mapping[str, Mapping[str, Any]] = await self._client.ask("get_etf_info")
            # Nothing was downloaded yet: it is looked for again the next time.
            self._baskets = (day if told else None, told)
        found = self._baskets[1].get(to_vendor(symbol))
        return None if found is None else lists.read_basket(symbol, found, day)

    async def tables(self) -> Sequence[TerminalTable]:
        """Return the tables that the terminal lists, by name."""
        return await self._client.run(self._tables.read)

    async def table_slice(
        self, table: TerminalTable, request: TableRequest, first: int
    ) -> TableSlice:
        """Return some of a table's rows; see `ports.Catalog`."""
        return await self._client.run(read_slice, table, request, first)

    async def option_chain(self, underlying: str, day: date | None = None) -> OptionChain:
        """Return the contracts listed on a day, or the present one; maybe no expiries.

        Errors: BAD_REQUEST for a day to come, DATE_NOT_HELD for one that was not downloaded.
        """
        today = self._today()
        if day is not None and day > today:
            raise day_to_come(day, today)
        if day is not None and day < today:
            listed = await self._client.run(chains.read_day, underlying, day)
            if listed is None:
                raise chain_not_held(day)
            return chains.build(underlying, listed)
        codes: Sequence[str] = await self._client.ask(
            "get_option_list", to_vendor(underlying), day_digits(today), "", True
        )
        contracts = await self._client.run(chains.read_contracts, codes)
        return chains.build(underlying, contracts)

    async def ipos(self, request: IpoRequest) -> Sequence[Ipo]:
        """Return the announced new issues by subscription day and symbol."""
        told: Sequence[Mapping[str, Any]] = await self._client.ask(
            "get_ipo_info", day_digits(request.start), day_digits(request.end)
        )
        read = [issue for each in told if (issue := lists.read_issue(each)) is not None]
        asked = [
            issue
            for issue in read
            if (request.start is None or issue.subscription_date >= request.start)
            and (request.end is None or issue.subscription_date <= request.end)
        ]
        return sorted(asked, key=lambda issue: (issue.subscription_date, issue.symbol))

    async def special_treatments(self, symbols: Sequence[str]) -> Sequence[SpecialTreatment]:
        """Return the days of special treatment of each share. Errors: NOT_DOWNLOADED."""
        found = await self._client.run(treatments.read_treatments, symbols)
        if found is None:
            raise treatments_not_downloaded()
        return found

    async def instrument_tags(self, request: TagRequest) -> Sequence[InstrumentTags]:
        """Return the vendor's tags of each symbol. Errors: BAD_REQUEST, TERMINAL_LACKS."""
        wanted = wanted_tags(request, await self._client.run(Data.tags))
        # A symbol at a time: other questions come in between.
        return [
            await self._client.run(read_tags, symbol, wanted)
            for symbol in dict.fromkeys(request.symbols)
        ]

    async def terminal_subscriptions(self) -> Sequence[TerminalSubscription]:
        """Return what all programs follow. Errors: TERMINAL_LACKS but of a research edition."""
        return await self._client.run(read_subscriptions)

    async def main_contracts(self, request: MainRequest) -> Sequence[MainContract] | None:
        """Return the main contract of each asked trading day up to the present one.

        Days before the present one need the downloaded history, and are left out without it.
        None for an unknown product. Errors: CALENDAR_NOT_COVERED.
        """
        if request.product not in _PRODUCTS:
            return None
        today = self._today()
        if request.start is None and request.end is None:
            code: str = await self._client.ask("get_main_contract", f"{request.product}00.IF")
            found = from_vendor(code)
            row = None if found is None else (found, None)
            return [] if row is None else [_contract(request.product, today, row)]
        start, end = request.start or today, min(request.end or today, today)
        if start > end:
            return []
        days: list[date] = self._calendar.between(start, end).tolist()
        history = await self._client.run(_read_mains, f"{request.product}00.IF")
        return [
            _contract(request.product, day, row)
            for day in days
            if (row := _on(history, day)) is not None
        ]


def _read_bonds(data: Data, codes: Sequence[str]) -> list[ConvertibleBond]:
    symbols = [(code, symbol) for code in codes if (symbol := from_vendor(code)) is not None]
    read = (
        lists.read_bond(symbol, data.call("get_cb_info", code))
        for code, symbol in symbols
        if classify(symbol)[1] is InstrumentKind.BOND
    )
    return [bond for bond in read if bond is not None]


Mains: TypeAlias = Sequence[tuple[date, tuple[str, str | None]]]


def _read_mains(data: Data, code: str) -> Mains:
    """Return since which day which contract is the main one, and the second, oldest first."""
    frame = data.history("historymaincontract", code)
    rows: Sequence[Mapping[str, Any]] = [] if frame is None else frame.to_dict("records")
    found: list[tuple[date, tuple[str, str | None]]] = []
    for row in rows:
        day, main = ms_day(row.get("time")), from_vendor(f"{row.get(_MAIN_CODE)}.IF")
        if day is not None and main is not None:
            found.append((day, (main, from_vendor(f"{row.get(_SECOND_CODE)}.IF"))))
    return sorted(found)


def _on(history: Mains, day: date) -> tuple[str, str | None] | None:
    return next((row for since, row in reversed(history) if since <= day), None)


def _contract(product: str, day: date, row: tuple[str, str | None]) -> MainContract:
    return MainContract(product, day, *row, Source.TERMINAL)
