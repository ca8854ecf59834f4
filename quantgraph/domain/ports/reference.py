"""What the rooms above may ask of reference data: what there is, and its rules."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from quantgraph.domain.errors import GatewayError
from quantgraph.domain.financials.tables import CompanyFinancials, FinancialRequest
from quantgraph.domain.futures_positions import FuturesPositionStatistics
from quantgraph.domain.hong_kong import Broker, BrokerQueue, BrokerQueueRequest
from quantgraph.domain.instruments import Instrument, Market, Segment
from quantgraph.domain.ipos import IpoQuota
from quantgraph.domain.rules.daily import InstrumentRules
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, Sector, SectorChange
from quantgraph.domain.sessions import SessionDay, TradingDays


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


class Financials(Protocol):
    """Financial statements."""

    async def financials(self, request: FinancialRequest) -> Sequence[CompanyFinancials | None]:
        """Return the statements per symbol, None for an unknown symbol."""
        ...
