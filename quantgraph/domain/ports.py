"""What the rooms above may ask for. Backends implement these; services wrap them and are them.

All methods are coroutines or async generators and never block the event loop; who takes a
generator closes it (`contextlib.aclosing`), and closing it frees what it holds. Failures are
`GatewayError`s; a batch answers per item and puts the error in that item's place, so that one
bad symbol never costs the others their answer.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeAlias

from quantgraph.domain.access import Principal
from quantgraph.domain.accounts import Account, Asset, Connection, Means, Position
from quantgraph.domain.bars import BarRequest, BarSeries, Period
from quantgraph.domain.bonds import BondRequest, BondValue, ConvertibleBond
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import Clock
from quantgraph.domain.dividends import Dividend, DividendHistory, DividendRequest
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.etfs import EtfBasket
from quantgraph.domain.financials.tables import CompanyFinancials, FinancialRequest
from quantgraph.domain.futures import MainContract, MainRequest
from quantgraph.domain.instruments import Instrument, Market, Segment
from quantgraph.domain.ipos import Ipo, IpoRequest
from quantgraph.domain.options import OptionChain
from quantgraph.domain.orders import (
    Fill,
    FillPage,
    FillQuery,
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
    OrderTicket,
    Submission,
)
from quantgraph.domain.portfolio import Risk, StrategyPage, StrategyQuery
from quantgraph.domain.quotes import Quote
from quantgraph.domain.rules.daily import InstrumentRules
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, Sector, SectorChange
from quantgraph.domain.sessions import SessionDay, TradingDays
from quantgraph.domain.snapshots import MarketSnapshot, QuoteColumns, SnapshotRequest
from quantgraph.domain.streams import (
    AccountEvent,
    LogCursor,
    OrderEvent,
    QuoteEvent,
    QuoteWatch,
    SourceState,
)
from quantgraph.domain.system import Limits, Mode, ServerInfo
from quantgraph.domain.terminal import ExecutionReport, PlacedOrder
from quantgraph.domain.ticks import TickColumns, TickRequest


class Bars(Protocol):
    """Bar history."""

    async def bars(self, request: BarRequest) -> Sequence[BarSeries | GatewayError]:
        """Return one series per symbol of the request, in its order.

        Only the columns in `request.fields` are read and returned. Errors per symbol:
        UNKNOWN_SYMBOL, ADJUSTMENT_UNAVAILABLE, SOURCE_UNAVAILABLE.
        """
        ...


class Dividends(Protocol):
    """Ex-right events."""

    async def dividends(
        self, symbols: Sequence[str], period: Period
    ) -> Sequence[Sequence[Dividend] | None]:
        """Return the events per symbol, oldest first, of its bars of a base period.

        The events come from where those bars come from: a series never mixes two sources. An
        empty sequence says that there were none; None says that nobody knows (adjusted prices
        are then ADJUSTMENT_UNAVAILABLE).
        """
        ...


class DividendHistories(Protocol):
    """Ex-right events as history: those that adjusted prices of the day are made by."""

    async def histories(self, request: DividendRequest) -> Sequence[DividendHistory | GatewayError]:
        """Return one history per symbol of the request, in its order.

        Errors: START_AFTER_END; per symbol UNKNOWN_SYMBOL.
        """
        ...


class Ticks(Protocol):
    """Recorded snapshots and trades."""

    async def ticks(self, request: TickRequest) -> TickColumns:
        """Return the recording of one symbol; empty columns where nothing is held.

        Errors: UNKNOWN_SYMBOL.
        """
        ...


class Quotes(Protocol):
    """Newest states."""

    async def quotes(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        """Return the newest quote per symbol. Errors per symbol: UNKNOWN_SYMBOL."""
        ...


class QuoteBoard(Protocol):
    """Newest states of many symbols at once."""

    async def board(self, symbols: Sequence[str], fields: tuple[str, ...]) -> QuoteColumns:
        """Return the asked columns of those symbols that exist, all of one moment."""
        ...


class Snapshots(Protocol):
    """Newest states of a whole exchange or sector."""

    async def snapshot(self, request: SnapshotRequest) -> MarketSnapshot:
        """Return every symbol of the selection, in order; unlisted members are left out.

        A fixed number of calls below, whatever the number of symbols. Errors: UNKNOWN_SECTOR,
        ROW_LIMIT.
        """
        ...


class QuoteFeed(Protocol):
    """A terminal's live feed, before it is shared among subscribers."""

    def follow(self, symbol: str) -> AsyncGenerator[Quote, None]:
        """Yield every new quote of a symbol until closed. Errors: UNKNOWN_SYMBOL."""
        ...

    def state(self) -> SourceState:
        """Return whether the feed is connected, and its last event."""
        ...


class QuoteStream(Protocol):
    """Live quotes for subscribers."""

    def watch(self, watch: QuoteWatch) -> AsyncGenerator[QuoteEvent, None]:
        """Yield a snapshot per symbol, then updates, and a heartbeat every 5 s.

        Errors: UNKNOWN_SYMBOL, SUBSCRIPTION_LIMIT; SLOW_CONSUMER ends a BUFFER watch whose
        buffer overflows.
        """
        ...


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

    async def option_chain(self, underlying: str) -> OptionChain:
        """Return the contracts listed on the present day; no expiries where there are none."""
        ...

    async def ipos(self, request: IpoRequest) -> Sequence[Ipo]:
        """Return the announced new issues by subscription day and symbol."""
        ...

    async def main_contracts(self, request: MainRequest) -> Sequence[MainContract] | None:
        """Return the main contract of each asked trading day up to the present one.

        None for an unknown product. Errors: CALENDAR_NOT_COVERED.
        """
        ...


class PricedLists(Protocol):
    """The same lists with what prices tell of them."""

    async def etf_basket(self, symbol: str) -> EtfBasket:
        """Return a fund's list for the present trading day.

        Errors: UNKNOWN_SYMBOL, NO_ETF_LIST.
        """
        ...

    async def option_chain(self, underlying: str) -> OptionChain:
        """Return the contracts listed on the present day; no expiries where there are none.

        Errors: UNKNOWN_SYMBOL.
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

    async def bonds(self, request: BondRequest) -> Sequence[BondValue]:
        """Return the listed convertible bonds of a request, by symbol; unknown ones are absent."""
        ...


class Financials(Protocol):
    """Financial statements."""

    async def financials(self, request: FinancialRequest) -> Sequence[CompanyFinancials | None]:
        """Return the statements per symbol, None for an unknown symbol."""
        ...


class Accounts(Protocol):
    """Accounts as the terminal states them."""

    async def accounts(self) -> Sequence[Account]:
        """Return every account of the terminal."""
        ...

    async def asset(self, account_id: str) -> Asset:
        """Return the money of an account. Errors: UNKNOWN_ACCOUNT."""
        ...

    async def positions(self, account_id: str) -> Sequence[Position]:
        """Return the holdings of an account, by symbol. Errors: UNKNOWN_ACCOUNT."""
        ...

    async def assets(self, account_ids: Sequence[str]) -> Sequence[Asset | GatewayError]:
        """Return the money per account. Errors per account: UNKNOWN_ACCOUNT."""
        ...

    async def holdings(
        self, account_ids: Sequence[str]
    ) -> Sequence[Sequence[Position] | GatewayError]:
        """Return the holdings per account, by symbol. Errors per account: UNKNOWN_ACCOUNT."""
        ...


class Purses(Protocol):
    """What the order rules ask of an account: no valuation, no quote, cheap enough per order."""

    async def means(self, account_id: str, symbol: str) -> Means:
        """Return what an order for the symbol may use.

        Errors: UNKNOWN_ACCOUNT; ACCOUNT_DISCONNECTED where it may use nothing.
        """
        ...


class Connections(Protocol):
    """Which accounts take orders. What is said here lasts, also across a restart.

    A disconnected account is read as before, its open orders live on, are reported and can be
    canceled; a submit is refused (ACCOUNT_DISCONNECTED), except the repeat of a known key.
    """

    async def connect(self, account_id: str) -> Connection:
        """Take orders for an account; nothing changes where they are taken already.

        Errors: UNKNOWN_ACCOUNT; SOURCE_UNAVAILABLE where the terminal does not serve the account.
        """
        ...

    async def disconnect(self, account_id: str) -> Connection:
        """Refuse orders for an account; nothing changes where they are refused already.

        Once this returns no submit that comes later is sent. Errors: UNKNOWN_ACCOUNT.
        """
        ...

    def events(self, cursor: LogCursor) -> AsyncGenerator[AccountEvent, None]:
        """Replay the status log after the cursor, say CAUGHT_UP, then yield what happens.

        Without a cursor: a SNAPSHOT of the account instead of the replay. Errors:
        UNKNOWN_ACCOUNT, EPOCH_CHANGED.
        """
        ...


class Trading(Protocol):
    """Orders, with every promise kept that lies below: guard, journal, terminal."""

    async def submit(self, ticket: OrderTicket) -> Submission:
        """Submit once per (account, client order id); a repeat is answered from the journal.

        Errors: OrderRefused, IdempotencyConflict, TradingDisabled, LimitReached.
        """
        ...

    async def cancel(self, key: OrderKey) -> Order:
        """Ask for a cancel; the order is then PENDING_CANCEL or CANCELED.

        Errors: ORDER_NOT_FOUND, ORDER_NOT_CANCELABLE, TradingDisabled, LimitReached.
        """
        ...

    async def order(self, key: OrderKey) -> Order | None:
        """Return one order, or None. Errors: UNKNOWN_ACCOUNT."""
        ...

    async def orders(self, query: OrderQuery) -> OrderPage:
        """Return a page of orders, newest first. Errors: UNKNOWN_ACCOUNT, INVALID_CURSOR."""
        ...

    def events(self, cursor: LogCursor) -> AsyncGenerator[OrderEvent, None]:
        """Replay the log after the cursor, say CAUGHT_UP, then yield what happens.

        Without a cursor: a SNAPSHOT per open order instead of the replay. Errors:
        UNKNOWN_ACCOUNT, EPOCH_CHANGED.
        """
        ...


class Fills(Protocol):
    """Executions, out of the durable log of orders."""

    async def fills(self, query: FillQuery) -> FillPage:
        """Return a page of fills, newest first. Errors: UNKNOWN_ACCOUNT, INVALID_CURSOR."""
        ...

    async def order_fills(
        self, account_id: str, order_ids: Sequence[str]
    ) -> Sequence[Sequence[Fill]]:
        """Return the fills per order, oldest first; none for an order that is not there.

        Errors: UNKNOWN_ACCOUNT; ROW_LIMIT where they are more than 10,000 together.
        """
        ...


class Portfolio(Protocol):
    """What an account risks and what its strategies earn."""

    async def risk(self, account_id: str) -> Risk:
        """Return the risk of an account now. Errors: UNKNOWN_ACCOUNT."""
        ...

    async def strategies(self, query: StrategyQuery) -> StrategyPage:
        """Return a page of an account's strategies, by name.

        Errors: UNKNOWN_ACCOUNT; ROW_LIMIT where it has traded under more names and symbols than
        can be kept apart (50,000 pairs).
        """
        ...


class Terminal(Protocol):
    """The terminal's own order functions, below the journal. Only the journal calls these."""

    async def place(self, order: Order) -> PlacedOrder:
        """Send an order once. Errors: OrderRefused only on proof that it was not accepted."""
        ...

    async def withdraw(self, order: Order) -> None:
        """Ask for a cancel. Errors: ORDER_NOT_CANCELABLE."""
        ...

    def reports(self) -> AsyncGenerator[ExecutionReport, None]:
        """Yield every change of every order until closed; may repeat and reorder."""
        ...


class Access(Protocol):
    """Who is calling: the one check below all wires."""

    async def authenticate(self, credential: str | None) -> Principal:
        """Return whose key this is. Errors: UNAUTHENTICATED."""
        ...

    def known(self, credential: str | None) -> Principal | None:
        """Return what `authenticate` would where that is known without waiting, else None."""
        ...


class System(Protocol):
    """The gateway about itself."""

    async def info(self) -> ServerInfo:
        """Return version, mode, clock, limits and capabilities."""
        ...

    async def problems(self) -> Mapping[str, str]:
        """Return why the gateway is not ready, by part; empty when it is."""
        ...


# Answers as `Bars.bars` where the answer is at hand, without waiting; else None.
ReadyBars: TypeAlias = Callable[[BarRequest], Sequence[BarSeries | GatewayError] | None]


def no_bars(_: BarRequest) -> None:
    """Have nothing at hand."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Everything the two wires may touch, as ports."""

    mode: Mode
    limits: Limits
    clock: Clock
    calendar: TradingCalendar
    bars: Bars
    dividends: DividendHistories
    ticks: Ticks
    quotes: Quotes
    snapshots: Snapshots
    quote_stream: QuoteStream
    reference: Reference
    rules: Rules
    sectors: SectorEditing
    sessions: Sessions
    lists: PricedLists
    financials: Financials
    accounts: Accounts
    connections: Connections
    trading: Trading
    fills: Fills
    portfolio: Portfolio
    access: Access
    system: System
    started_at: datetime
    ready_bars: ReadyBars = no_bars
