"""What the rooms above may ask of reference data: what there is, and its rules."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from quantgraph.domain.bonds import BondRequest, BondValue, ConvertibleBond
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.etfs import EtfBasket
from quantgraph.domain.financials.tables import CompanyFinancials, FinancialRequest
from quantgraph.domain.futures import MainContract, MainRequest
from quantgraph.domain.futures_positions import FuturesPositionStatistics
from quantgraph.domain.hong_kong import Broker, BrokerQueue, BrokerQueueRequest
from quantgraph.domain.instruments import Instrument, Market, Segment
from quantgraph.domain.ipos import Ipo, IpoQuota, IpoRequest
from quantgraph.domain.options import OptionChain
from quantgraph.domain.rules.daily import InstrumentRules
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, Sector, SectorChange
from quantgraph.domain.sessions import SessionDay, TradingDays
from quantgraph.domain.tables import (
    TablePage,
    TableRequest,
    TableSearch,
    TableSlice,
    TerminalTable,
)
from quantgraph.domain.treatments import SpecialTreatment


class Reference(Protocol):
    """Instruments, sectors and weights."""

    async def instruments(self, symbols: Sequence[str]) -> Sequence[Instrument | None]:
        """Return the instrument per symbol, None where there is none."""
        ...

    async def search(
        self, search: InstrumentSearch, first: int, after: str | None
    ) -> tuple[Sequence[Instrument], bool]:
        """Return up to `first` instruments in symbol order after a symbol, and whether more follow.

        Errors: UNKNOWN_SECTOR.
        """
        ...

    async def market_symbols(self, market: Market) -> tuple[str, ...]:
        """Return every known symbol of an exchange, in order."""
        ...

    async def sectors(self) -> Sequence[Sector]:
        """Return all sectors as they are now, by name."""
        ...

    async def sector(self, name: str, day: date | None = None) -> Sector | None:
        """Return one sector as it is now, or as it was at the end of a day; None if unknown.

        Errors: DATE_NOT_HELD where what is held does not tell the members of the day.
        """
        ...

    async def sectors_of(self, symbols: Sequence[str]) -> Sequence[Sequence[Sector]]:
        """Return per symbol the sectors that it is in now, by name."""
        ...

    async def weights(self, index_symbol: str, day: date | None = None) -> Sequence[IndexWeight]:
        """Return the newest held weights of an index (not after a day), heaviest first.

        Empty if none are held at all. Errors: DATE_NOT_HELD where only later ones are.
        """
        ...


class Rules(Protocol):
    """What the market rules say of instruments."""

    async def rules(
        self, symbols: Sequence[str], day: date | None
    ) -> Sequence[InstrumentRules | GatewayError]:
        """Return the rules of a day, of today without one, per symbol.

        Errors: CALENDAR_NOT_COVERED; per symbol UNKNOWN_SYMBOL.
        """
        ...


class SectorEditing(Protocol):
    """Lists of symbols that users make. Every change is durable before it is answered.

    Each act may be repeated: what is done already changes nothing and says so. Names are unique
    among all sectors; errors of all: BAD_REQUEST, SECTOR_READ_ONLY for a sector of the market,
    STORE_UNAVAILABLE.
    """

    async def create(
        self, name: str, symbols: Sequence[str], category: str | None = None
    ) -> SectorChange:
        """Make a sector. Errors: SECTOR_NAME_TAKEN, UNKNOWN_SYMBOL, SECTOR_LIMIT."""
        ...

    async def rename(self, name: str, new_name: str) -> SectorChange:
        """Give a sector another name. Errors: SECTOR_NAME_TAKEN, UNKNOWN_SECTOR."""
        ...

    async def add(self, name: str, symbols: Sequence[str]) -> SectorChange:
        """Add members at the end. Errors: UNKNOWN_SECTOR, UNKNOWN_SYMBOL, SECTOR_LIMIT."""
        ...

    async def remove(self, name: str, symbols: Sequence[str]) -> SectorChange:
        """Take members out. Errors: UNKNOWN_SECTOR."""
        ...

    async def delete(self, name: str) -> SectorChange:
        """Delete a sector; one that does not exist is gone already."""
        ...


class Sessions(Protocol):
    """Trading days, and what an exchange does at which time of one."""

    async def trading_days(
        self, market: Market, start: date | None, end: date | None
    ) -> TradingDays:
        """Return the days from start to end, both included; None is the end of what is covered.

        Errors: START_AFTER_END, CALENDAR_NOT_COVERED.
        """
        ...

    async def session_day(self, segment: Segment, day: date) -> SessionDay:
        """Return the phases of a day; none where it is no trading day.

        Errors: CALENDAR_NOT_COVERED, RULE_UNKNOWN.
        """
        ...


class Catalog(Protocol):
    """What a terminal lists besides instruments."""

    async def bonds(self, request: BondRequest) -> Sequence[ConvertibleBond]:
        """Return the listed convertible bonds of a request, by symbol; unknown ones are absent."""
        ...

    async def etf_basket(self, symbol: str) -> EtfBasket | None:
        """Return a fund's list for the present trading day, None where there is none."""
        ...

    async def option_chain(self, underlying: str, day: date | None = None) -> OptionChain:
        """Return the contracts listed on a day, or the present one; maybe no expiries.

        Errors: BAD_REQUEST for a day to come, DATE_NOT_HELD for one that no list is held of.
        """
        ...

    async def ipos(self, request: IpoRequest) -> Sequence[Ipo]:
        """Return the announced new issues by subscription day and symbol."""
        ...

    async def main_contracts(self, request: MainRequest) -> Sequence[MainContract] | None:
        """Return the main contract of each asked trading day up to the present one.

        None for an unknown product. Errors: CALENDAR_NOT_COVERED.
        """
        ...

    async def tables(self) -> Sequence[TerminalTable]:
        """Return the tables that the terminal knows of, by name."""
        ...

    async def table_slice(
        self, table: TerminalTable, request: TableRequest, first: int
    ) -> TableSlice:
        """Return up to `request.first` of the rows that match, from row `first` on.

        Errors: TERMINAL_LACKS where its files cannot be read here.
        """
        ...

    async def special_treatments(self, symbols: Sequence[str]) -> Sequence[SpecialTreatment]:
        """Return the days of special treatment of each share, oldest first; maybe none.

        Errors: NOT_DOWNLOADED.
        """
        ...


class HongKong(Protocol):
    """What a terminal tells of Hong Kong's market: who waits in its books."""

    async def broker_queues(self, request: BrokerQueueRequest) -> Sequence[BrokerQueue]:
        """Return the newest queues of a share, oldest first; none where none are held.

        Errors: TERMINAL_LACKS; SOURCE_UNAVAILABLE, TIMED_OUT of a real terminal.
        """
        ...

    async def brokers(self) -> Sequence[Broker]:
        """Return the brokers by number. Errors: as for queues."""
        ...


class FuturesPositions(Protocol):
    """What accounts of futures hold."""

    async def futures_position_statistics(
        self, account_id: str
    ) -> Sequence[FuturesPositionStatistics]:
        """Return what an account of futures holds, by contract and direction.

        Nothing of an account for shares. Errors: UNKNOWN_ACCOUNT; SOURCE_UNAVAILABLE, TIMED_OUT,
        TERMINAL_LACKS of a real terminal.
        """
        ...


class IpoQuotas(Protocol):
    """How much of new issues an account may subscribe."""

    async def ipo_quotas(self, account_id: str) -> Sequence[IpoQuota]:
        """Return the quotas of the present day, one per part of the market.

        Errors: UNKNOWN_ACCOUNT; SOURCE_UNAVAILABLE, TIMED_OUT, TERMINAL_LACKS of a real terminal.
        """
        ...


class PricedLists(Protocol):
    """The same lists with what prices tell of them."""

    async def etf_basket(self, symbol: str) -> EtfBasket:
        """Return a fund's list for the present trading day.

        Errors: UNKNOWN_SYMBOL, NO_ETF_LIST.
        """
        ...

    async def option_chain(self, underlying: str, day: date | None = None) -> OptionChain:
        """Return the contracts listed on a day, or the present one; maybe no expiries.

        Errors: UNKNOWN_SYMBOL, BAD_REQUEST for a day to come, DATE_NOT_HELD.
        """
        ...

    async def ipos(self, request: IpoRequest) -> Sequence[Ipo]:
        """Return the announced new issues by subscription day and symbol.

        Errors: START_AFTER_END, ROW_LIMIT.
        """
        ...

    async def main_contracts(self, request: MainRequest) -> Sequence[MainContract]:
        """Return the main contract of each asked trading day up to the present one.

        Errors: UNKNOWN_PRODUCT, START_AFTER_END, ROW_LIMIT, CALENDAR_NOT_COVERED.
        """
        ...

    async def special_treatments(self, symbols: Sequence[str]) -> Sequence[SpecialTreatment]:
        """Return the days of special treatment of each share, oldest first; maybe none.

        Errors: NOT_DOWNLOADED, ROW_LIMIT.
        """
        ...

    async def bonds(self, request: BondRequest) -> Sequence[BondValue]:
        """Return the listed convertible bonds of a request, by symbol; unknown ones are absent."""
        ...

    async def tables(
        self, search: TableSearch, first: int, after: str | None
    ) -> tuple[Sequence[TerminalTable], bool]:
        """Return up to `first` tables by name after a name, and whether more follow."""
        ...

    async def table_rows(self, request: TableRequest) -> TablePage:
        """Return a page of a table's rows, in the table's own order.

        Errors: UNKNOWN_TABLE, START_AFTER_END, BAD_REQUEST for an unknown column, INVALID_CURSOR
        where the table has changed since the page before; TERMINAL_LACKS of a real terminal.
        """
        ...


class Financials(Protocol):
    """Financial statements."""

    async def financials(self, request: FinancialRequest) -> Sequence[CompanyFinancials | None]:
        """Return the statements per symbol, None for an unknown symbol."""
        ...
