"""A small real gateway in memory: every port, over objects that a test can look at and change."""

from dataclasses import replace
from datetime import date
from typing import Any

from quantgraph.domain.bars import BarColumns, Period
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.orders import (
    Order,
    OrderTicket,
    Side,
)
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.system import (
    Mode,
)
from quantgraph.services.arming import Arming, ArmingParts
from quantgraph.services.batches import OrderBatches
from quantgraph.services.catalog import ListedMarket, PricedCatalog
from quantgraph.services.controls import ControlParts, TradingControls
from quantgraph.services.custom import CustomSectors, SectorLimits
from quantgraph.services.depth import CheckedDepth
from quantgraph.services.dividends import DividendBook
from quantgraph.services.gate import Gate
from quantgraph.services.live_depth import SharedDepth
from quantgraph.services.missing import DownloadedBars
from quantgraph.services.rules import RuleBook
from quantgraph.services.sectors import AllSectors
from quantgraph.services.sessions import RuledSessions
from quantgraph.services.snapshots import MarketBoard
from quantgraph.services.ticks import LimitedTicks
from tests.grpc_bridge.memory.accounts import (
    MemoryAccounts,
    MemoryAllowances,
    MemoryConnections,
    MemoryFuturesPositions,
    MemoryIpoQuotas,
)
from tests.grpc_bridge.memory.bars import (
    SYMBOLS,
    MemoryBars,
    MemoryBarStream,
    MemoryTicks,
    daily_columns,
    weekdays,
)
from tests.grpc_bridge.memory.depth import MemoryDepth, MemoryDepthFeed
from tests.grpc_bridge.memory.downloads import memory_downloads
from tests.grpc_bridge.memory.hong_kong import MemoryHongKong
from tests.grpc_bridge.memory.orders import MemoryFills, MemoryPreviews, MemoryTrading
from tests.grpc_bridge.memory.portfolio import MemoryPortfolio
from tests.grpc_bridge.memory.quotes import MemoryQuotes, MemoryStream
from tests.grpc_bridge.memory.reference import (
    MemoryDividends,
    MemoryFinancials,
    MemoryReference,
    MemoryShelf,
    simulated_lists,
)
from tests.grpc_bridge.memory.system import (
    LIMITS,
    NOW,
    Inline,
    MarketClock,
    MemoryAccess,
    MemoryBook,
    MemoryControlLog,
    MemorySecret,
    MemorySystem,
)
from tests.grpc_bridge.simulated import Ground, MemorySimulation


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
        self.downloads = memory_downloads()
        self.depth_feed = MemoryDepthFeed()
        self.depth_stream = SharedDepth(self.depth_feed, lambda: "depth-1")
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
            depth=CheckedDepth(MemoryDepth()),
            depth_stream=self.depth_stream,
            financials=MemoryFinancials(),
            downloads=self.downloads,
            missing_bars=DownloadedBars(self.downloads),
            ipo_quotas=MemoryIpoQuotas(),
            futures_position_statistics=MemoryFuturesPositions(),
            hong_kong=MemoryHongKong(),
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
