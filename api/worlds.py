"""What a gateway is assembled over, whatever its mode: a market, a terminal, and their time."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from quantgraph.config import Config
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import DatedClock
from quantgraph.domain.orders import Destination
from quantgraph.domain.ports.depth import Depth, DepthFeed
from quantgraph.domain.ports.downloads import Downloader
from quantgraph.domain.ports.lists import Catalog
from quantgraph.domain.ports.market import BarFeed, QuoteBoard, QuoteFeed, Quotes
from quantgraph.domain.ports.reference import FuturesPositions, HongKong, IpoQuotas
from quantgraph.domain.ports.trading import Accounts, Purses, Terminal
from quantgraph.domain.system import BackendInfo, ClockInfo
from quantgraph.domain.terminals import TerminalStatus
from quantgraph.services.recorded import Recorded
from quantgraph.services.workers import Workers
from quantgraph.store.market import MarketStore

NOT_LINKED = "The terminal is disconnected, or its reports are not being taken."
# What every mode reads, whatever is made of it.
Sources = tuple[MarketStore, TradingCalendar, Workers]


class WorldMarket(Quotes, QuoteBoard, QuoteFeed, Protocol):
    """What a world's prices are."""


class Holder(Accounts, Purses, Protocol):
    """A world's accounts, and what their orders may use."""


@dataclass(frozen=True, slots=True)
class World:
    """The parts that the services stand on.

    `sender` is the one thing here that places orders; `destination` and `prefix` say where they
    go and how their ids begin. `terminals` says how they stand, and whoever is given to `heed`
    hears that they may stand otherwise. `replays`: bars change with every minute of the clock. What
    is not imported is `rest`; `note` is said after it. `start` makes time act, `close` ends it,
    after the streams and the orders' way have rested.
    """

    config: Config
    store: MarketStore
    calendar: TradingCalendar
    workers: Workers
    clock: DatedClock
    market: WorldMarket
    catalog: Catalog
    depth: Depth
    depth_feed: DepthFeed
    bar_feed: BarFeed
    downloader: Downloader
    recorded: Recorded
    holder: Holder
    quotas: IpoQuotas
    futures_positions: FuturesPositions
    hong_kong: HongKong
    sender: Terminal
    destination: Destination
    prefix: str
    replays: bool
    rest: str
    note: str
    clock_info: Callable[[], ClockInfo]
    backends: Callable[[bool], tuple[BackendInfo, ...]]
    terminals: Callable[[], tuple[TerminalStatus, ...]]
    heed: Callable[[Callable[[], None]], None]
    problems: Callable[[bool], Mapping[str, str]]
    start: Callable[[], Awaitable[None]]
    close: Callable[[], Awaitable[None]]
