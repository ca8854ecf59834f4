"""A small real gateway in memory: every port, over objects that a test can look at and change."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from quantgraph.backends.sim.catalog import SimCatalog
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.moments import Moment
from quantgraph.backends.sim.paths import Paths
from quantgraph.backends.sim.paths import World as SimWorld
from quantgraph.domain.access import Actor, Principal, Scope
from quantgraph.domain.accounts import Account, AccountStatus, Asset, Connection, Position
from quantgraph.domain.bars import BarColumns, BarRequest, BarSeries, Coverage, Period, Window
from quantgraph.domain.calendar import OFFSET_MS, TradingCalendar, day_start, to_ms
from quantgraph.domain.controls import Control, TradingState, TradingStatus
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import (
    EpochChanged,
    GatewayError,
    IdempotencyConflict,
    InvalidRequest,
    LimitReached,
    NotFound,
    OrderRefused,
    Unauthenticated,
    unknown_account,
    unknown_symbol,
)
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import (
    CompanyFinancials,
    FinancialReport,
    FinancialRequest,
)
from quantgraph.domain.instruments import Instrument, Market, classify
from quantgraph.domain.limits import Allowance, TradingLimits, Usage
from quantgraph.domain.live_bars import Bar, BarEvent, BarWatch
from quantgraph.domain.orders import (
    Destination,
    Fill,
    FillPage,
    FillQuery,
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
    OrderState,
    OrderTicket,
    Origin,
    Side,
    Submission,
)
from quantgraph.domain.portfolio import (
    Concentration,
    DayProfit,
    Exposure,
    Risk,
    SectorExposure,
    Strategy,
    StrategyPage,
    StrategyQuery,
    Unvalued,
    strategy_key,
)
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.previews import Estimate, OrderPreview
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.bands import Band
from quantgraph.domain.rules.daily import Basis
from quantgraph.domain.rules.fees import Fees
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import (
    CustomSector,
    IndexWeight,
    Sector,
    date_not_held,
    group_by_member,
)
from quantgraph.domain.snapshots import QUOTE_FIELDS, QuoteColumns
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import (
    AccountEvent,
    FillEvent,
    LogCursor,
    OrderEvent,
    QuoteEvent,
    QuoteWatch,
    SourceState,
    StreamKind,
)
from quantgraph.domain.subscriptions import OpenStream, Tally
from quantgraph.domain.system import (
    BackendInfo,
    Capability,
    ClockInfo,
    Limits,
    Mode,
    ServerInfo,
)
from quantgraph.domain.ticks import TICK_FIELDS, TickColumns, TickKind, TickRequest
from quantgraph.services.arming import Arming, ArmingParts
from quantgraph.services.batches import OrderBatches
from quantgraph.services.catalog import ListedMarket, PricedCatalog
from quantgraph.services.controls import ControlParts, TradingControls
from quantgraph.services.custom import CustomSectors, SectorLimits
from quantgraph.services.dividends import DividendBook
from quantgraph.services.gate import Gate
from quantgraph.services.rules import RuleBook
from quantgraph.services.sectors import AllSectors
from quantgraph.services.sessions import RuledSessions
from quantgraph.services.snapshots import MarketBoard
from quantgraph.services.subscriptions import StreamBook
from quantgraph.services.ticks import LimitedTicks
from tests.grpc_bridge.simulated import Ground, MemorySimulation

NOW = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
SYMBOLS = ("000001.SZ", "000858.SZ", "600000.SH", "600519.SH")
DIVIDENDS = (
    Dividend("600519.SH", date(2021, 6, 25), 1.01, 19.293, 0.0, 0.0, 0.0, 0.0),
    Dividend("600519.SH", date(2022, 6, 30), 1.02, source=Source.SIMULATED),
    Dividend("600519.SH", date(2023, 6, 30), None),
)
LIMITS = Limits(
    100_000, 1_000, 262_144, 2_000, 12, 30, 5, 2_000, 20, 30, 500, 200, 1_000, 50, 200, 6_000,
    4_194_304, 50, 50, 50_000, 64,
)  # fmt: skip


def weekdays(first: date, last: date) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """Every Monday to Friday, as if there were no holidays."""
    days = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + np.timedelta64(1, "D"))
    return days[np.is_busday(days)]


class MarketClock:
    """Stands still."""

    def now(self) -> datetime:
        return NOW


def daily_columns(seed: int) -> BarColumns:
    """Days from 2020 to the day before NOW."""
    days = weekdays(date(2020, 1, 1), date(2024, 2, 29))
    return _columns(days.astype(np.int64) * 86_400_000 - OFFSET_MS, seed)


def minute_columns(seed: int, first: date) -> BarColumns:
    """Whole sessions of 240 minutes."""
    days = weekdays(first, date(2024, 2, 29)).astype(np.int64) * 86_400_000 - OFFSET_MS
    minutes = np.concatenate([np.arange(570, 690), np.arange(780, 900)]) * 60_000
    return _columns((days[:, None] + minutes[None, :]).ravel(), seed)


def _columns(times: np.ndarray[Any, Any], seed: int) -> BarColumns:
    random = np.random.default_rng(seed)
    close = random.normal(100, 3, len(times)).round(2)
    volume = random.integers(0, 10**9, len(times))
    values = {
        "time": times, "open": close + 0.1, "high": close + 1.0, "low": close - 1.0,
        "close": close, "volume": volume, "amount": close * volume,
        "previous_close": close, "suspended": volume % 7 == 0,
    }  # fmt: skip
    return BarColumns(len(times), values, {"amount": volume % 5 != 0})


@dataclass
class MemoryBars:
    """Series by symbol and period, with the row limit that the services have."""

    held: dict[tuple[str, Period], BarColumns]
    limit: int = LIMITS.bar_rows
    source: Source = Source.IMPORTED
    asked: list[BarRequest] = field(default_factory=list)
    failing: dict[str, GatewayError] = field(default_factory=dict)

    async def bars(self, request: BarRequest) -> Sequence[BarSeries | GatewayError]:
        self.asked.append(request)
        found = [self._series(symbol, request) for symbol in request.symbols]
        rows = sum(each.columns.length for each in found if isinstance(each, BarSeries))
        if rows > self.limit:
            text = f"{rows} rows; at most {self.limit}. Use DownloadBars."
            raise InvalidRequest(Reason.ROW_LIMIT, text, limit=self.limit)
        return found

    def _series(self, symbol: str, request: BarRequest) -> BarSeries | GatewayError:
        if symbol in self.failing:
            return self.failing[symbol]
        if symbol not in SYMBOLS:
            return unknown_symbol(symbol)
        nothing = _columns(np.empty(0, np.int64), 0)
        held = self.held.get((symbol, request.period), nothing)
        times = held.values["time"]
        first, last = (int(times[0]), int(times[-1])) if held.length else (None, None)
        columns = held.take(_rows(times, request.window)).pick(request.fields)
        coverage = Coverage(first, last, complete=True, missing=0)
        anchor = last if request.adjustment != "NONE" else None
        span = (symbol, request.period, request.adjustment, self.source)
        return BarSeries(*span, columns, coverage, anchor)


def _rows(times: np.ndarray[Any, Any], window: Window) -> slice:
    first = 0 if window.start is None else int(np.searchsorted(times, window.start))
    last = len(times) if window.end is None else int(np.searchsorted(times, window.end, "right"))
    count = window.last or (250 if window.start is None else None)
    return slice(first if count is None else max(first, last - count), max(last, first))


@dataclass
class MemoryTicks:
    """A recording of so many rows for every symbol, cut at the limit as the store cuts it."""

    held: int = 3

    async def ticks(self, request: TickRequest) -> TickColumns:
        if request.symbol not in SYMBOLS:
            raise unknown_symbol(request.symbol)
        rows = min(self.held, request.limit)
        types = TICK_FIELDS[request.kind]
        values = {name: np.arange(rows).astype(types[name]) for name in request.fields}
        if "side" in values:
            sides = [1, -1] if request.kind is TickKind.LEVEL2_ORDER else [1, -1, 0]
            values["side"] = np.resize(np.array(sides, np.int8), rows)
        for name in values.keys() & {"type", "phase"}:
            values[name] = np.resize(np.array([1, 2], np.int8), rows)
        return TickColumns(request.symbol, request.kind, Source.IMPORTED, rows, values, {})


def quote(symbol: str, price: float) -> Quote:
    level = (Level(price, 100),)
    figures = (price, None, None, None, 9.5, 1000, 10_000.0)
    return Quote(symbol, 1_700_000_000_000, *figures, level, level, False, Source.SIMULATED)


class MemoryQuotes:
    async def quotes(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        return [quote(each, 10.0) if each in SYMBOLS else unknown_symbol(each) for each in symbols]

    async def board(self, symbols: Sequence[str], fields: tuple[str, ...]) -> QuoteColumns:
        listed = tuple(each for each in symbols if each in SYMBOLS)
        values = {name: np.arange(len(listed)).astype(QUOTE_FIELDS[name]) for name in fields}
        return QuoteColumns(listed, Source.SIMULATED, values, {})


class MemoryBarStream:
    """Says a snapshot and a final bar, then nothing."""

    async def watch(self, watch: BarWatch) -> AsyncGenerator[BarEvent, None]:
        if watch.symbol not in SYMBOLS:
            raise unknown_symbol(watch.symbol)
        place = ("e1", watch.symbol, watch.period)
        bar = Bar(to_ms(NOW), 10.0, 10.5, 9.5, 10.25, 1_200, 12_300.5, None, suspended=False)
        yield BarEvent(StreamKind.SNAPSHOT, *place, bar, False, Source.SIMULATED, 4, None, 0)
        yield BarEvent(StreamKind.UPDATE, *place, bar, True, Source.SIMULATED, 7, 4, 2)
        state = SourceState(connected=True, last_event_time=None, lag_ms=None)
        yield BarEvent(StreamKind.HEARTBEAT, *place, source=state)
        await asyncio.Event().wait()


@dataclass
class MemoryStream:
    """Says a snapshot, then what a test puts in; counts its readers."""

    waiting: list[asyncio.Queue[QuoteEvent | Exception]] = field(default_factory=list)
    watched: list[QuoteWatch] = field(default_factory=list)
    taps: list["MemoryTap"] = field(default_factory=list)
    sent: int = 0
    endless: bool = False

    @property
    def readers(self) -> int:
        return len(self.waiting)

    async def watch(self, watch: QuoteWatch) -> AsyncGenerator[QuoteEvent, None]:
        inbox: asyncio.Queue[QuoteEvent | Exception] = asyncio.Queue()
        self.waiting.append(inbox)
        self.watched.append(watch)
        try:
            for symbol in watch.symbols:
                if symbol not in SYMBOLS:
                    raise unknown_symbol(symbol)
                yield QuoteEvent(StreamKind.SNAPSHOT, "e1", quote(symbol, 10.0), 1)
            while self.endless:
                self.sent += 1
                # A long epoch: what the connection buffers is soon full.
                newest = quote(watch.symbols[0], 10.0)
                yield QuoteEvent(StreamKind.UPDATE, "e" * 100_000, newest, self.sent)
            while True:
                event = await inbox.get()
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.waiting.remove(inbox)

    async def tap(self, watch: QuoteWatch, wake: Callable[[float], None]) -> "MemoryTap":
        self.watched.append(watch)
        for symbol in watch.symbols:
            if symbol not in SYMBOLS:
                raise unknown_symbol(symbol)
        return MemoryTap(self, watch, wake)

    def say(self, event: QuoteEvent | Exception) -> None:
        for inbox in self.waiting:
            inbox.put_nowait(event)
        for tap in self.taps:
            tap.wake(0.0)


class MemoryTap:
    """Implements `QuoteTap` for one reader."""

    def __init__(
        self, stream: MemoryStream, watch: QuoteWatch, wake: Callable[[float], None]
    ) -> None:
        self.stream, self.wake, self.watch = stream, wake, watch
        self.inbox: asyncio.Queue[QuoteEvent | Exception] = asyncio.Queue()
        for symbol in watch.symbols:
            snapshot = QuoteEvent(StreamKind.SNAPSHOT, "e1", quote(symbol, 10.0), 1)
            self.inbox.put_nowait(snapshot)
        stream.waiting.append(self.inbox)
        stream.taps.append(self)

    def due(self, most: int) -> list[QuoteEvent]:
        found: list[QuoteEvent] = []
        while not self.inbox.empty() and len(found) < most:
            event = self.inbox.get_nowait()
            if isinstance(event, Exception):
                raise event
            found.append(event)
        if not found and self.stream.endless:
            self.stream.sent += 1
            # A long epoch: what the connection buffers is soon full.
            newest = quote(self.watch.symbols[0], 10.0)
            found.append(QuoteEvent(StreamKind.UPDATE, "e" * 100_000, newest, self.stream.sent))
        return found

    def next_due(self) -> float | None:
        return None if self.inbox.empty() else 0.0

    def beat(self) -> QuoteEvent:
        state = SourceState(connected=True, last_event_time=None, lag_ms=None)
        return QuoteEvent(StreamKind.HEARTBEAT, "e1", source=state)

    def close(self) -> None:
        if self in self.stream.taps:
            self.stream.taps.remove(self)
            self.stream.waiting.remove(self.inbox)


def instrument(symbol: str) -> Instrument:
    market, kind, board = classify(symbol)
    tick = Decimal("0.01")
    dates = (date(2001, 8, 27), None)
    return Instrument(symbol, f"股票{symbol[:6]}", market, kind, board, tick, *dates, False,
                      Source.SIMULATED)  # fmt: skip


class MemoryReference:
    def __init__(self) -> None:
        self.held = {
            "白酒": Sector(
                "白酒",
                "概念",
                ("000858.SZ", "600519.SH"),
                Source.IMPORTED,
                date(2024, 1, 2),
                (date(2024, 1, 2),),
            ),
            "银行": Sector("银行", None, ("000001.SZ", "600000.SH"), Source.SIMULATED),
            "空": Sector("空", None, (), Source.SIMULATED),
        }

    async def instruments(self, symbols: Sequence[str]) -> Sequence[Instrument | None]:
        return [instrument(each) if each in SYMBOLS else None for each in symbols]

    async def search(
        self, search: InstrumentSearch, first: int, after: str | None
    ) -> tuple[Sequence[Instrument], bool]:
        rest = [
            each
            for each in SYMBOLS
            if each > (after or "")
            and each.startswith(search.text or "")
            and search.admits(instrument(each))
        ]
        return [instrument(each) for each in rest[:first]], len(rest) > first

    async def market_symbols(self, market: Market) -> tuple[str, ...]:
        return tuple(each for each in SYMBOLS if each.endswith(market))

    async def sectors(self) -> Sequence[Sector]:
        return sorted(self.held.values(), key=lambda sector: sector.name)

    async def sector(self, name: str, day: date | None = None) -> Sector | None:
        found = self.held.get(name)
        if found is None or day is None:
            return found
        if found.day is None or day < found.day:
            raise date_not_held(name, day, found.day)
        return found

    async def sectors_of(self, symbols: Sequence[str]) -> Sequence[Sequence[Sector]]:
        return group_by_member(sorted(self.held.values(), key=lambda each: each.name), symbols)

    async def weights(self, index_symbol: str, day: date | None = None) -> Sequence[IndexWeight]:
        if day is not None and day < date(2024, 1, 2):
            raise date_not_held(index_symbol, day, date(2024, 1, 2))
        if index_symbol != "000300.SH":
            return ()
        return [IndexWeight(index_symbol, "600519.SH", 5.5, date(2024, 1, 2), Source.IMPORTED)]


class MemoryDividends:
    async def dividends(
        self, symbols: Sequence[str], period: Period
    ) -> Sequence[Sequence[Dividend] | None]:
        assert period is Period.DAY_1
        return [DIVIDENDS if each == "600519.SH" else None for each in symbols]


class MemoryShelf:
    """Custom sectors that live as long as the test."""

    def load(self) -> Sequence[CustomSector]:
        return ()

    def replace(self, name: str | None, sector: CustomSector | None) -> None:
        del name, sector


class Inline:
    """Work that is short enough to be done at once."""

    async def run(self, work: Any, *args: Any) -> Any:
        return work(*args)


class StillClock:
    """The simulated terminal's clock, at NOW."""

    def moment(self) -> Moment:
        return Moment("e1", NOW.date(), int(NOW.timestamp() * 1000))

    def wait(self, step_ms: int) -> float:
        return step_ms / 1000


def simulated_lists() -> SimCatalog:
    days = weekdays(date(2014, 1, 1), date(2024, 12, 31))
    calendar = TradingCalendar(days, first=date(2014, 1, 1), last=date(2024, 12, 31), source="test")
    paths = Paths(SimWorld(1, calendar, date(2023, 2, 1), NoListings()))
    return SimCatalog(StillClock(), Inline(), paths)


class MemoryFinancials:
    async def financials(self, request: FinancialRequest) -> Sequence[CompanyFinancials | None]:
        return [
            self._company(each, request) if each in SYMBOLS else None for each in request.symbols
        ]

    def _company(self, symbol: str, request: FinancialRequest) -> CompanyFinancials:
        reports: dict[Statement, tuple[FinancialReport, ...]] = {}
        for statement, names in request.fields.items():
            values = {name: float(index) for index, name in enumerate(names)}
            texts = {name: "甲" for name in names if name.endswith(("name", "type", "nature"))}
            row = FinancialReport(symbol, statement, date(2023, 12, 31), date(2024, 3, 1),
                                  Source.IMPORTED, {**values, **texts})  # fmt: skip
            texted = {k: v for k, v in row.values.items() if k != "change_reason"}
            reports[statement] = (replace(row, values=texted),)
        return CompanyFinancials(symbol, reports)


class MemoryAccounts:
    def __init__(self) -> None:
        self.opened: list[Account] = []

    async def accounts(self) -> Sequence[Account]:
        return [
            *(
                Account(each, f"Account {each}", "sim", AccountStatus.CONNECTED)
                for each in ("sim-1", "sim-2")
            ),
            *self.opened,
        ]

    async def asset(self, account_id: str) -> Asset:
        known_account(account_id)
        money = [Decimal(each) for each in ("900000.00", "1000.00", "99000.50", "1000000.50")]
        return Asset(account_id, *money, Source.SIMULATED)

    async def positions(self, account_id: str) -> Sequence[Position]:
        known_account(account_id)
        cost = Decimal("1500.00")
        return [Position(account_id, "600519.SH", 200, 100, cost, None, None, None,
                         Source.SIMULATED)]  # fmt: skip

    async def assets(self, account_ids: Sequence[str]) -> Sequence[Asset | GatewayError]:
        return [await self.asset(each) for each in account_ids]

    async def holdings(
        self, account_ids: Sequence[str]
    ) -> Sequence[Sequence[Position] | GatewayError]:
        return [await self.positions(each) for each in account_ids]


def known_account(account_id: str) -> None:
    if account_id not in ("sim-1", "sim-2"):
        raise unknown_account(account_id)


@dataclass
class MemoryConnections:
    """Statuses in a log that streams read by cursor."""

    log: list[Connection] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    readers: int = 0

    def _account(self, account_id: str) -> Account:
        known_account(account_id)
        status = AccountStatus.CONNECTED
        for each in self.log:
            status = each.account.status if each.account.id == account_id else status
        return Account(account_id, "One", "sim", status)

    async def _set(self, account_id: str, status: AccountStatus) -> Connection:
        account = replace(self._account(account_id), status=status)
        done = Connection(account, changed=account != self._account(account_id))
        if done.changed:
            async with self.news:
                self.log.append(done)
                self.news.notify_all()
        return done

    async def connect(self, account_id: str) -> Connection:
        return await self._set(account_id, AccountStatus.CONNECTED)

    async def disconnect(self, account_id: str) -> Connection:
        return await self._set(account_id, AccountStatus.DISCONNECTED)

    async def events(self, cursor: LogCursor) -> AsyncGenerator[AccountEvent, None]:
        account, at, epoch = self._account(cursor.account_id), cursor.after, "log-2"
        if cursor.epoch not in (None, epoch):
            raise EpochChanged(Reason.EPOCH_CHANGED, "Another log.", epoch=epoch)
        self.readers += 1
        try:
            if at is None:
                at = len(self.log)
                yield AccountEvent(StreamKind.SNAPSHOT, epoch, at, account)
            for each in self.log[at:]:
                at += 1
                yield AccountEvent(StreamKind.UPDATE, epoch, at, each.account, NOW)
            yield AccountEvent(StreamKind.CAUGHT_UP, epoch, at)
            while True:
                async with self.news:
                    while len(self.log) <= at:
                        await self.news.wait()
                at += 1
                yield AccountEvent(StreamKind.UPDATE, epoch, at, self.log[at - 1].account, NOW)
        finally:
            self.readers -= 1


class MemoryTrading:
    """Takes every order below 10,000 shares, in an event log that streams read by cursor."""

    epoch = "log-1"

    def __init__(self) -> None:
        self.held: dict[str, Order] = {}
        self.digests: dict[str, str] = {}
        self.log: list[Order] = []
        self.news = asyncio.Condition()
        self.broken: Exception | None = None
        self.readers = 0

    async def open_orders(self, account_id: str) -> list[Order]:
        return [each for each in self.held.values() if each.account_id == account_id]

    async def submit(self, ticket: OrderTicket) -> Submission:
        if self.broken is not None:
            raise self.broken
        known_account(ticket.account_id)
        known = next((each for each in self.held.values()
                      if each.client_order_id == ticket.client_order_id), None)  # fmt: skip
        if known is not None:
            if self.digests[known.id] != ticket.digest():
                text = "This key was used for another order."
                raise IdempotencyConflict(Reason.IDEMPOTENCY_CONFLICT, text)
            return Submission(known, replayed=True)
        if ticket.quantity >= 10_000:
            raise OrderRefused(Reason.QUANTITY_LIMIT, "Too many.", quantity=ticket.quantity)
        order = self._order(ticket)
        self.digests[order.id] = ticket.digest()
        await self._record(order)
        return Submission(order, replayed=False)

    def _order(self, ticket: OrderTicket) -> Order:
        return Order(
            f"mock_order_{len(self.held)}", ticket.account_id, ticket.client_order_id, None,
            ticket.symbol, ticket.side, ticket.price_type, ticket.limit_price, ticket.quantity, 0,
            None, OrderState.WORKING, Destination.SIMULATED, Origin.OURS, NOW, NOW,
            ticket.expires_at, ticket.strategy, ticket.note,
        )  # fmt: skip

    async def _record(self, order: Order) -> None:
        async with self.news:
            self.held[order.id] = order
            self.log.append(order)
            self.news.notify_all()

    async def cancel(self, key: OrderKey) -> Order:
        order = await self.order(key)
        if order is None:
            raise NotFound(Reason.ORDER_NOT_FOUND, f"No order {key.id or key.client_order_id}.")
        if order.state.final:
            raise OrderRefused(Reason.ORDER_NOT_CANCELABLE, f"It is {order.state}.")
        done = replace(order, state=OrderState.CANCELED, updated_at=NOW + timedelta(seconds=1))
        await self._record(done)
        return done

    async def approve(self, key: OrderKey) -> Order:
        return await self._decided(key, OrderState.WORKING)

    async def reject(self, key: OrderKey) -> Order:
        return await self._decided(key, OrderState.REJECTED)

    async def write_off(self, key: OrderKey, reason: str) -> Order:
        order = await self.order(key)
        if order is None:
            raise NotFound(Reason.ORDER_NOT_FOUND, f"No order {key.id or key.client_order_id}.")
        if key.id is None:
            raise OrderRefused(Reason.WRITE_OFF_NOT_POSSIBLE, f"It is {order.state}.")
        done = replace(order, state=OrderState.EXPIRED, reject_message=reason, written_off_by="k3")
        await self._record(done)
        return done

    async def _decided(self, key: OrderKey, state: OrderState) -> Order:
        order = await self.order(key)
        if order is None:
            raise NotFound(Reason.ORDER_NOT_FOUND, f"No order {key.id or key.client_order_id}.")
        if key.id is None:
            raise OrderRefused(Reason.APPROVAL_NOT_POSSIBLE, f"It is {order.state}.")
        done = replace(order, state=state, submitted_by="k1", approved_by="k2", approval_until=NOW)
        await self._record(done)
        return done

    async def order(self, key: OrderKey) -> Order | None:
        known_account(key.account_id)
        return next(
            (each for each in self.held.values() if each.account_id == key.account_id
             and (each.id == key.id or each.client_order_id == key.client_order_id)), None
        )  # fmt: skip

    async def orders(self, query: OrderQuery) -> OrderPage:
        known_account(query.account_id)
        rest = [each for each in reversed(self.held.values()) if each.account_id == query.account_id
                and (not query.states or each.state in query.states)
                and query.symbol in (None, each.symbol)
                and query.side in (None, each.side)]  # fmt: skip
        ids = [each.id for each in rest]
        start = 0 if query.after is None else ids.index(query.after) + 1
        return OrderPage(tuple(rest[start : start + query.first]), len(rest) > start + query.first)

    async def events(self, cursor: LogCursor) -> AsyncGenerator[OrderEvent, None]:
        known_account(cursor.account_id)
        if cursor.epoch not in (None, self.epoch):
            raise EpochChanged(Reason.EPOCH_CHANGED, "Another log.", epoch=self.epoch)
        at = len(self.log) if cursor.after is None else cursor.after
        self.readers += 1
        try:
            for order in self.held.values() if cursor.after is None else ():
                yield OrderEvent(StreamKind.SNAPSHOT, self.epoch, at, order)
            for order in self.log[at:]:
                at += 1
                yield OrderEvent(StreamKind.UPDATE, self.epoch, at, order)
            state = SourceState(connected=True, last_event_time=None, lag_ms=None)
            yield OrderEvent(StreamKind.CAUGHT_UP, self.epoch, at, source=state)
            while True:
                async with self.news:
                    while len(self.log) <= at:
                        await self.news.wait()
                at += 1
                yield OrderEvent(StreamKind.UPDATE, self.epoch, at, self.log[at - 1])
        finally:
            self.readers -= 1


@dataclass
class MemoryFills:
    """What a test puts in, oldest first."""

    held: list[Fill] = field(default_factory=list)

    async def fills(self, query: FillQuery) -> FillPage:
        known_account(query.account_id)
        rest = [each for each in reversed(self.held) if each.account_id == query.account_id
                and query.symbol in (None, each.symbol)
                and query.order_id in (None, each.order_id)]  # fmt: skip
        ids = [each.id for each in rest]
        start = 0 if query.after is None else ids.index(query.after) + 1
        return FillPage(tuple(rest[start : start + query.first]), len(rest) > start + query.first)

    async def order_fills(
        self, account_id: str, order_ids: Sequence[str]
    ) -> Sequence[Sequence[Fill]]:
        return [[each for each in self.held if each.order_id == wanted] for wanted in order_ids]

    async def events(self, cursor: LogCursor) -> AsyncGenerator[FillEvent, None]:
        known_account(cursor.account_id)
        if cursor.epoch not in (None, "log-1"):
            raise EpochChanged(Reason.EPOCH_CHANGED, "Another log.", epoch="log-1")
        at = len(self.held) if cursor.after is None else cursor.after
        for fill in self.held[at:]:
            at += 1
            yield FillEvent(StreamKind.UPDATE, "log-1", at, fill)
        yield FillEvent(StreamKind.CAUGHT_UP, "log-1", at)
        await asyncio.Event().wait()


class MemoryBook(StreamBook):
    """Tells of two streams, whatever is open."""

    async def held(self, actor: Actor, first: int) -> Sequence[OpenStream]:
        quotes = OpenStream("stream_2", "quotes", False, NOW, Tally(7, 3, 1, 2))
        orders = OpenStream("stream_1", "orderUpdates", True, NOW, Tally(5, 0, 4, None, "sim-1"))
        return [quotes, orders, OpenStream("stream_0", "quotes", False, NOW, None)][:first]


@dataclass
class MemoryPortfolio:
    """One holding with a price and one without, and strategies that a test may change."""

    names: list[str | None] = field(default_factory=lambda: [None, "mean", "trend"])

    async def risk(self, account_id: str) -> Risk:
        known_account(account_id)
        hidden = Unvalued("600519.SH", "PRICE_UNKNOWN", "No price.", "没有价格")
        price, value = Decimal("10.05"), Decimal("1005.00")
        return Risk(
            account_id,
            NOW,
            Decimal("900000.00"),
            None,
            (
                Exposure("000001.SZ", 100, price, value, None),
                Exposure("600519.SH", 200, None, None, None),
            ),
            (
                SectorExposure("银行", "行业", ("000001.SZ",), value, Decimal("0.250000")),
                SectorExposure(None, None, ("600519.SH",), None, None),
            ),
            Concentration("000001.SZ", Decimal("0.250000"), Decimal("0.062500")),
            DayProfit(date(2024, 3, 1), Decimal("-1.25"), None, None),
            (hidden,),
        )

    async def strategies(self, query: StrategyQuery) -> StrategyPage:
        known_account(query.account_id)
        rest = [each for each in self.names if strategy_key(each) > (query.after or "")]
        money = (Decimal("1000.10"), Decimal("5.00"), Decimal("-7.31"), None)
        hidden = (Unvalued("600519.SH", "PRICE_UNKNOWN", "No price.", "没有价格"),)
        found = [Strategy(each, 3, 1, 200, *money, 50, hidden) for each in rest[: query.first]]
        return StrategyPage(tuple(found), len(rest) > query.first)


class MemoryAccess:
    """Keys by their text; without a key as the local administrator, unless `closed`."""

    def __init__(self) -> None:
        self.closed = False
        self.keys = {
            "reader": Principal("k1", Scope.READ),
            "trader": Principal("k2", Scope.TRADE),
            "one": Principal("k3", Scope.TRADE, frozenset({"sim-1"})),
            "ruler": Principal("k4", Scope.ADMIN, frozenset({"sim-1"})),
        }

    async def authenticate(self, credential: str | None, peer: str = "") -> Principal:
        if credential is None and not self.closed:
            return Principal("local", Scope.ADMIN)
        if credential not in self.keys:
            raise Unauthenticated(Reason.UNAUTHENTICATED, "This API key is not known.")
        return self.keys[credential]


class MemorySystem:
    def __init__(self) -> None:
        self.wrong: dict[str, str] = {}
        self.trading = TradingState.ACTIVE
        self.epoch = "w1"

    async def info(self) -> ServerInfo:
        clock = ClockInfo(NOW, True, 1.0, False, Phase.CONTINUOUS, date(2024, 3, 1), self.epoch)
        able = (Capability("bars", True), Capability("level2", False, "not bought"))
        backend = BackendInfo("sim", "sim", True, able)
        parts = (TradingStatus(None, self.trading), clock, LIMITS, (backend,))
        return ServerInfo("0.1.0", Mode.MOCK, *parts, "test", "numpy", NOW)

    async def problems(self) -> dict[str, str]:
        return self.wrong


class MemoryControlLog:
    """What was ordered, newest last."""

    def __init__(self) -> None:
        self.held: list[Control] = []

    def record(self, control: Control) -> None:
        self.held.append(control)

    def present(self) -> list[Control]:
        return list({each.account_id: each for each in self.held}.values())


@dataclass
class MemoryPreviews:
    """What the trading in memory would answer, with money of another size in every field."""

    trading: MemoryTrading

    async def preview(self, ticket: OrderTicket) -> OrderPreview:
        known_account(ticket.account_id)
        orders = self.trading.held.values()
        known = [each for each in orders if each.client_order_id == ticket.client_order_id]
        if known:
            return OrderPreview(NOW, earlier=known[0])
        money = [Decimal(f"{number}.25") for number in range(1, 12)]
        rules = (Basis("Lots: tables", "lots.main", True), Basis("Fees: practice", "fees", False))
        shares = (None, 300) if ticket.side is Side.BUY else (ticket.quantity, 400)
        refusals = (
            OrderRefused(Reason.QUANTITY_LIMIT, "Too many.", quantity=ticket.quantity),
            LimitReached(Reason.RATE_LIMITED, "Too fast.", retry_at=NOW.isoformat()),
        )
        return OrderPreview(
            NOW,
            refusals if ticket.quantity >= 10_000 else (),
            None,
            Estimate(money[0], money[1], Fees(*money[2:7])),
            money[7],
            money[8],
            *shares,
            Band(money[9], money[10]),
            rules,
            needs_approval=ticket.side is Side.SELL,
        )


class MemoryAllowances:
    """The same limits for every account, each of another size."""

    async def allowance(self, account_id: str) -> Allowance:
        known_account(account_id)
        money = [Decimal(f"{number}000.50") for number in range(1, 4)]
        limits = TradingLimits(
            4, 400, money[0], 500, 600, money[1], money[2], Decimal("0.05"), Decimal("5000.00"),
            frozenset(SYMBOLS), frozenset({"000002.SZ"}),
        )  # fmt: skip
        return Allowance(
            account_id, NOW.date(), limits, Usage(2, 20, Decimal("10.10"), Decimal("20.20"))
        )


class MemorySecret:
    """An arming secret in plain text."""

    def check(self, secret: str) -> bool:
        return secret == "open"


class World:
    """The gateway and its parts."""

    def __init__(self) -> None:
        self.bars = MemoryBars(
            {(symbol, Period.DAY_1): daily_columns(seed) for seed, symbol in enumerate(SYMBOLS)}
        )
        self.ticks = MemoryTicks()
        self.stream = MemoryStream()
        self.bar_stream = MemoryBarStream()
        self.trading = MemoryTrading()
        self.fills = MemoryFills()
        self.connections = MemoryConnections()
        self.access = MemoryAccess()
        self.system = MemorySystem()
        self.reference = MemoryReference()
        sizes = SectorLimits(sectors=3, members=3, batch=1_000)
        self.custom = CustomSectors(self.reference, MemoryShelf(), Inline(), sizes)
        first, last = date(1990, 12, 19), date(2026, 12, 31)
        calendar = TradingCalendar(weekdays(first, last), first=first, last=last, source="test")
        self.accounts = MemoryAccounts()
        self.gate = Gate()
        switches = (MemoryControlLog(), Inline(), MarketClock(), self.accounts)
        parts = ControlParts(*switches, self.trading.open_orders, self.trading.cancel)
        self.controls = TradingControls(self.gate, parts)
        keeper = MemorySecret()
        self.arming = Arming(ArmingParts(keeper, Inline(), MarketClock(), 480, reported=True))
        ground = Ground(NOW, calendar, self.accounts, self.accounts.opened, self.reference)
        self.simulation = MemorySimulation(ground)
        self.gateway = Gateway(
            mode=Mode.MOCK,
            limits=LIMITS,
            clock=MarketClock(),
            calendar=calendar,
            bars=self.bars,
            dividends=DividendBook(MemoryDividends(), self.reference),
            ticks=LimitedTicks(self.ticks, LIMITS.bar_rows),
            quotes=MemoryQuotes(),
            snapshots=MarketBoard(
                MemoryQuotes(), AllSectors(self.reference, self.custom), LIMITS.bar_rows
            ),
            quote_stream=self.stream,
            bar_stream=self.bar_stream,
            reference=AllSectors(self.reference, self.custom),
            rules=RuleBook(self.reference, (MemoryQuotes(), self.bars), MarketClock(), calendar),
            sectors=self.custom,
            sessions=RuledSessions(calendar),
            lists=PricedCatalog(
                simulated_lists(), ListedMarket(MemoryQuotes(), self.reference), LIMITS.bar_rows
            ),
            financials=MemoryFinancials(),
            accounts=self.accounts,
            connections=self.connections,
            controls=self.controls,
            trading=self.trading,
            batches=OrderBatches(self.trading, 4),
            previews=MemoryPreviews(self.trading),
            allowances=MemoryAllowances(),
            fills=self.fills,
            portfolio=MemoryPortfolio(),
            access=self.access,
            system=self.system,
            subscriptions=MemoryBook(),
            started_at=NOW,
            simulation=self.simulation,
        )

    async def submit(self, **changes: Any) -> Order:
        """Submit a small order."""
        ticket = OrderTicket("sim-1", "c1", "600519.SH", Side.BUY, 100)
        return (await self.trading.submit(replace(ticket, **changes))).order

    def hold(self, symbol: str, period: Period, columns: BarColumns) -> None:
        self.bars.held[symbol, period] = columns

    def limit_rows(self, rows: int) -> None:
        """Set the row limit of every request to the ports."""
        self.bars.limit = rows
        self.gateway = replace(
            self.gateway,
            limits=replace(LIMITS, bar_rows=rows),
            ticks=LimitedTicks(self.ticks, rows),
        )


def day(year: int, month: int, number: int) -> int:
    """00:00 of a Shanghai day in epoch milliseconds."""
    return day_start(date(year, month, number))
