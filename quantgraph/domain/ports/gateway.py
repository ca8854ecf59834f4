"""Everything the two wires may touch, gathered in one place."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from quantgraph.domain.access import Actor, Principal
from quantgraph.domain.audit import Audit, NoAudit
from quantgraph.domain.bars import BarRequest, BarSeries
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.calls import Calls, NoCalls
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ports.controls import Controls
from quantgraph.domain.ports.depth import Depth, DepthStream
from quantgraph.domain.ports.downloads import Downloads, MissingBars
from quantgraph.domain.ports.lists import PricedLists
from quantgraph.domain.ports.market import (
    BarFrames,
    Bars,
    BarStream,
    DividendHistories,
    Quotes,
    QuoteStream,
    Snapshots,
    Ticks,
)
from quantgraph.domain.ports.reference import (
    Financials,
    FuturesPositions,
    HongKong,
    IpoQuotas,
    Reference,
    Rules,
    SectorEditing,
    Sessions,
)
from quantgraph.domain.ports.simulation import Simulation
from quantgraph.domain.ports.trading import (
    Accounts,
    Allowances,
    Batches,
    Connections,
    Fills,
    Portfolio,
    Previews,
    Trading,
)
from quantgraph.domain.rates import Meter, NoMeter
from quantgraph.domain.subscriptions import OpenStream
from quantgraph.domain.system import PARTS, Limits, Mode, ServerInfo
from quantgraph.domain.terminals import TerminalNews


class Access(Protocol):
    """Who is calling: the one check below all wires."""

    async def authenticate(self, credential: str | None, peer: str = "") -> Principal:
        """Return whose key a caller at `peer` shows. Errors: UNAUTHENTICATED."""
        ...

    def known(self, credential: str | None) -> Principal | None:
        """Return what `authenticate` would where that is known without waiting, else None.

        None of a key that is good from some addresses alone: here nobody says whence he calls.
        """
        ...

    async def recheck(self, principal: Principal, peer: str = "") -> None:
        """Raise UNAUTHENTICATED where a key that was let in before is good no longer."""
        ...


class System(Protocol):
    """The gateway about itself."""

    async def info(self, parts: AbstractSet[str] = PARTS) -> ServerInfo:
        """Return version, mode, clock, limits and capabilities.

        The `parts` are of this moment, others may be older.
        """
        ...

    async def problems(self) -> Mapping[str, str]:
        """Return why the gateway is not ready, by part; empty when it is."""
        ...

    def terminals(self) -> AsyncGenerator[TerminalNews, None]:
        """Yield how the terminals stand now, every change at once, and a heartbeat every 5 s.

        Errors: SHUTTING_DOWN.
        """
        ...


class Subscriptions(Protocol):
    """The live streams of both wires."""

    def open(self, actor: Actor, operation: str) -> AbstractContextManager[None]:
        """Hold a stream open, which the present task serves. Errors: SUBSCRIPTION_LIMIT."""
        ...

    async def held(self, actor: Actor, first: int) -> Sequence[OpenStream]:
        """Return the streams of a key, the newest first, at most so many."""
        ...


class Visits(Protocol):
    """The connections that keys hold open, on both wires."""

    def open(
        self, principal: Principal, actor: Actor, end: Callable[[GatewayError], None]
    ) -> AbstractContextManager[None]:
        """Hold open what a connection serves for a key. Errors: CONNECTION_LIMIT.

        All that is held from one address counts as one connection. `end` is called, with the
        reason, once the key is good no longer; it must not wait.
        """
        ...


class NoVisits:
    """Counts nothing and ends nothing."""

    def open(
        self, principal: Principal, actor: Actor, end: Callable[[GatewayError], None]
    ) -> AbstractContextManager[None]:
        """Let everybody in."""
        return nullcontext()


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
    bar_stream: BarStream
    reference: Reference
    rules: Rules
    sectors: SectorEditing
    sessions: Sessions
    lists: PricedLists
    depth: Depth
    depth_stream: DepthStream
    financials: Financials
    downloads: Downloads
    missing_bars: MissingBars
    ipo_quotas: IpoQuotas
    futures_position_statistics: FuturesPositions
    hong_kong: HongKong
    accounts: Accounts
    connections: Connections
    controls: Controls
    trading: Trading
    batches: Batches
    previews: Previews
    allowances: Allowances
    fills: Fills
    portfolio: Portfolio
    access: Access
    system: System
    subscriptions: Subscriptions
    started_at: datetime
    ready_bars: ReadyBars = no_bars
    # Where the terminal is another gateway: downloads that it writes.
    bar_frames: BarFrames | None = None
    audit: Audit = field(default_factory=NoAudit)
    meter: Meter = field(default_factory=NoMeter)
    calls: Calls = field(default_factory=NoCalls)
    visits: Visits = field(default_factory=NoVisits)
    # Of a simulated world alone: None in dev and prod, whose contracts lack it.
    simulation: Simulation | None = None
