"""What the gateway says about itself."""

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum

from quantgraph.domain.controls import TradingState, TradingStatus
from quantgraph.domain.latency import ServerLatency
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.terminals import TerminalStatus

# Items of one page of any list, on both wires.
PAGE_ITEMS = 500


class Mode(StrEnum):
    """Which world orders and data belong to."""

    MOCK = "mock"
    DEV = "dev"
    PROD = "prod"


@dataclass(frozen=True, slots=True)
class ClockInfo:
    """The clock that the market lives in. `simulated` clocks leap over nights and holidays.

    `speed` is what it is to run at when it is not `paused`; while it is `lagging` order books
    cannot follow, and it runs at `effective_speed`. `phase` is that of Shanghai's main-board
    stocks.
    """

    now: datetime
    simulated: bool
    speed: float
    paused: bool
    phase: Phase
    trading_day: date
    epoch: str
    lagging: bool = False
    effective_speed: float = 1.0


@dataclass(slots=True, unsafe_hash=True)
class Limits:
    """What one request or connection may ask for, as it is now: a reload changes it in place.

    Whoever keeps one as it was, or by its hash, takes a copy.
    """

    bar_rows: int
    batch_symbols: int
    body_bytes: int
    query_tokens: int
    query_depth: int
    query_aliases: int
    subscriptions: int
    ordinary_rows: int
    query_repeats: int
    resolver_seconds: int
    page_items: int
    event_streams: int
    orders_in_flight: int
    batch_orders: int
    custom_sectors: int
    sector_members: int
    message_bytes: int
    query_directives: int
    query_roots: int
    query_cost: int
    json_depth: int
    key_subscriptions: int
    key_connections: int

    def adopt(self, new: "Limits") -> None:
        """Take over all of another."""
        for each in fields(self):
            setattr(self, each.name, getattr(new, each.name))


@dataclass(frozen=True, slots=True)
class Capability:
    """One operation of a backend, and why not where it is not available."""

    operation: str
    available: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """A backend and its capability report."""

    name: str
    kind: str
    connected: bool
    capabilities: tuple[Capability, ...]


# What of a gateway changes while it runs: whoever needs little asks for little.
PARTS = frozenset(
    {"trading", "clock", "limits", "backends", "data", "terminals", "latency", "bus_connected"}
)


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What `serverInfo` answers on both wires.

    `bus_connected`: whether the bus between agents and gateways is there; None without one.
    """

    version: str
    mode: Mode
    trading: TradingStatus
    clock: ClockInfo
    limits: Limits
    backends: tuple[BackendInfo, ...]
    data: str
    row_encoder: str
    matching_core: str
    started_at: datetime
    terminals: tuple[TerminalStatus, ...]
    latency: ServerLatency = field(default_factory=ServerLatency)
    bus_connected: bool | None = None

    @property
    def trading_state(self) -> TradingState:
        """Whether submits are taken, of all accounts together."""
        return self.trading.state
