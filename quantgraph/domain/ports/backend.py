"""What a trading terminal is to the gateway: the ports that stand for it, whoever makes it.

Life after one vendor's terminal is another module that returns a `Backend`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from quantgraph.domain.ports.depth import Depth, DepthFeed, NoDepth, NoDepthFeed
from quantgraph.domain.ports.desk import FarDesk
from quantgraph.domain.ports.downloads import Downloader
from quantgraph.domain.ports.lists import Catalog
from quantgraph.domain.ports.market import (
    BarFeed,
    BarFrames,
    Bars,
    Dividends,
    QuoteBoard,
    QuoteFeed,
    Quotes,
    Ticks,
)
from quantgraph.domain.ports.reference import (
    Financials,
    FuturesPositions,
    HongKong,
    IpoQuotas,
    Reference,
)
from quantgraph.domain.ports.trading import Accounts, Purses, Terminal
from quantgraph.domain.system import Capability, ClockInfo
from quantgraph.domain.terminals import TerminalStatus


class TerminalQuotes(Quotes, QuoteBoard, QuoteFeed, Protocol):
    """The newest quotes, one by one, as a board and as they come."""


class TerminalData(Bars, Dividends, Ticks, Financials, Protocol):
    """Recorded data: bars of one minute and one day without adjustment, and the rest."""


class TerminalAccounts(Accounts, Purses, Protocol):
    """Accounts, and what their orders may use; nothing here places an order."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A terminal behind the ports.

    `sender` makes the one object that reaches order functions, and is called in prod alone: what
    was never made cannot be asked. `problems` says by part what of the terminal is not there; empty
    while it is connected. `status` says how it stands, and whoever is given to `heed` is called in
    the loop whenever that may have changed. `start` begins to connect and does not wait for it;
    `close` ends all.
    """

    name: str
    kind: str
    quotes: TerminalQuotes
    data: TerminalData
    bar_feed: BarFeed
    reference: Reference
    catalog: Catalog
    quotas: IpoQuotas
    futures_positions: FuturesPositions
    hong_kong: HongKong
    accounts: TerminalAccounts
    downloader: Downloader
    sender: Callable[[], Terminal]
    capabilities: Callable[[], tuple[Capability, ...]]
    problems: Callable[[], Mapping[str, str]]
    status: Callable[[], TerminalStatus]
    heed: Callable[[Callable[[], None]], None]
    start: Callable[[], Awaitable[None]]
    close: Callable[[], Awaitable[None]]
    # Of a terminal that tells none of level 2 nothing needs to be said.
    depth: Depth = field(default_factory=NoDepth)
    depth_feed: DepthFeed = field(default_factory=NoDepthFeed)
    # Of a terminal whose gateway keeps the journal of its orders: the sender is never made then.
    desk: FarDesk | None = None
    # Hears of a changed configuration, as JSON has it, where a process of ours is behind it.
    adopt: Callable[[Mapping[str, object]], None] = lambda said: None
    # Of a terminal whose gateway writes downloads as they go out.
    bar_frames: BarFrames | None = None
    # The time that it lives in, as it stands now, where a gateway of its own says so; else None.
    clock: Callable[[], ClockInfo | None] = lambda: None
    # Those that it is made of, where several terminals stand for one; each is told of by itself.
    parts: tuple["Backend", ...] = ()
