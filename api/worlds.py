"""What a gateway is assembled over, whatever its mode: a market, a terminal, and their time."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from quantgraph.config import Config
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import DatedClock
from quantgraph.domain.controls import TradingStatus
from quantgraph.domain.orders import Destination, OrderState
from quantgraph.domain.ports.depth import Depth, DepthFeed
from quantgraph.domain.ports.desk import Desk
from quantgraph.domain.ports.downloads import Downloader
from quantgraph.domain.ports.lists import Catalog
from quantgraph.domain.ports.market import BarFeed, BarFrames, QuoteBoard, QuoteFeed, Quotes
from quantgraph.domain.ports.reference import FuturesPositions, HongKong, IpoQuotas
from quantgraph.domain.ports.trading import Accounts, Purses, Terminal
from quantgraph.domain.system import BackendInfo, ClockInfo, Mode
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

    `sender` makes the one thing here that places orders, once there is a way of them over it: where
    another gateway keeps them nobody calls it. `destination` and `prefix` say where they
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
    sender: Callable[[], Terminal]
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
    # Hears of a changed configuration: a process of its own may have one made of it.
    adopt: Callable[[Config], None] = lambda config: None
    # Downloads that the terminal's own gateway writes, where it has one.
    bar_frames: BarFrames | None = None


class OrderWay(Protocol):
    """Where accounts and orders are kept, as the gateway is assembled over it."""

    # How many changes of orders were recorded here, by state.
    states: Counter[OrderState]

    def desk(self) -> Desk:
        """Return the ports, what is done by them noted in the audit log."""
        ...

    def mode(self) -> Mode:
        """Return which world the orders belong to."""
        ...

    def status(self) -> TradingStatus:
        """Return where all trading stands now."""
        ...

    def connected(self) -> bool:
        """Return whether orders can be sent as far as their terminal is concerned."""
        ...

    def problems(self) -> Mapping[str, str]:
        """Return what of it keeps the gateway from being ready, by part."""
        ...

    def on_change(self, heard: Callable[[], None]) -> None:
        """Call `heard` whenever trading may stand otherwise."""
        ...

    def adopt(self, config: Config) -> None:
        """Take limits from a changed configuration."""
        ...

    def start(self) -> None:
        """Take the terminal's reports from now on."""
        ...

    def drain(self) -> None:
        """End every stream, telling its reader to come back later."""
        ...

    async def rest(self) -> None:
        """Let what is being turned end, while the terminal is still there."""
        ...

    async def close(self) -> None:
        """Finish what is on its way; the terminal is closed before."""
        ...
