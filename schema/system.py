"""The gateway about itself."""

from dataclasses import asdict
from datetime import date, datetime
from functools import lru_cache

import strawberry

from quantgraph.domain import controls, latency
from quantgraph.domain import system as domain
from quantgraph.domain.controls import HaltCause, TradingState
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.system import PARTS, Mode
from schema.context import Info
from schema.terminals import TerminalStatus


@strawberry.type(description="The clock that the market lives in.")
class ClockInfo:
    now: datetime = strawberry.field(description="Its time.")
    simulated: bool = strawberry.field(
        description="True in mock mode: it leaps over nights and holidays, whatever the real time."
    )
    speed: float = strawberry.field(
        description="Its seconds per real second, as they are wanted while it runs."
    )
    trading_day: date = strawberry.field(description="The trading day it is in.")
    epoch: strawberry.ID = strawberry.field(
        description="Changes when the simulated world starts over."
    )
    paused: bool = strawberry.field(
        description="Whether it stands still; its speed is what it goes on at."
    )
    phase: Phase = strawberry.field(
        description="What Shanghai's main-board stocks do now; `sessionPhases` tells of others."
    )
    lagging: bool = strawberry.field(
        description="Whether the simulated exchange cannot follow, or not yet after a jump: time "
        "is held back until its order books have come along, and never runs ahead of them."
    )
    effective_speed: float = strawberry.field(
        description="Its seconds per real second, as they pass: `speed`; 0 while it is paused; "
        "while it is lagging what was measured over the last one or two seconds, which may be more "
        "than `speed` on the way of a jump."
    )

    @classmethod
    def from_domain(cls, clock: domain.ClockInfo) -> "ClockInfo":
        """Show what a clock tells."""
        return cls(
            now=clock.now,
            simulated=clock.simulated,
            speed=clock.speed,
            trading_day=clock.trading_day,
            epoch=strawberry.ID(clock.epoch),
            paused=clock.paused,
            phase=clock.phase,
            lagging=clock.lagging,
            effective_speed=clock.effective_speed,
        )


@strawberry.type(description="What one request or connection may ask for.")
class Limits:
    bar_rows: int = strawberry.field(description="Bars per series and per operation.")
    batch_symbols: int = strawberry.field(description="Symbols in one request.")
    body_bytes: int = strawberry.field(description="Bytes of a request body.")
    query_tokens: int = strawberry.field(description="Lexical tokens of a document.")
    query_depth: int = strawberry.field(description="Nesting of selections.")
    query_aliases: int = strawberry.field(description="Aliases of a document.")
    subscriptions: int = strawberry.field(description="Live operations per connection.")
    ordinary_rows: int = strawberry.field(
        description="Rows per list that may be written one by one, where columns cannot be "
        "written at once."
    )
    query_repeats: int = strawberry.field(
        description="Times that a document may ask for one field in one place."
    )
    resolver_seconds: int = strawberry.field(
        description="Seconds until an unfinished operation is abandoned."
    )
    page_items: int = strawberry.field(description="Items of one page of a list.")
    event_streams: int = strawberry.field(
        description="Server-sent event streams of many operations, of all clients together."
    )
    orders_in_flight: int = strawberry.field(
        description="Orders and cancels on their way to the terminal, of all clients together."
    )
    batch_orders: int = strawberry.field(description="Orders in one `submitOrders`.")
    custom_sectors: int = strawberry.field(description="Sectors that users may make.")
    sector_members: int = strawberry.field(description="Symbols in one of them.")
    message_bytes: int = strawberry.field(description="Bytes of one gRPC message.")
    query_directives: int = strawberry.field(description="Directives of a document.")
    query_roots: int = strawberry.field(description="Root fields of an operation.")
    query_cost: int = strawberry.field(
        description="Points that one operation may cost: about the objects it asks for, where a "
        "hundred rows or values of columns count as one. `extensions.cost` tells what it does."
    )
    json_depth: int = strawberry.field(description="Nesting of `variables` and `extensions`.")
    key_subscriptions: int = strawberry.field(
        description="Live operations per key, on all connections of both wires."
    )
    key_connections: int = strawberry.field(
        description="Connections that a key may hold open: WebSockets, event streams and "
        "streaming rpcs."
    )


@strawberry.type(description="One operation of a back-end.")
class Capability:
    operation: str = strawberry.field(
        description="Name of the operation: a port of the gateway and its method, as in "
        "`trading.submit`, the port alone where both have one name, as in `bars`; or a kind of "
        "one, as in `orders.LIMIT`."
    )
    available: bool = strawberry.field(description="Whether it can be used.")
    reason: str | None = strawberry.field(description="Why not; null if it can.")


@strawberry.type(description="A back-end: a terminal, real or simulated.")
class Backend:
    name: str = strawberry.field(description="Name of the terminal.")
    kind: str = strawberry.field(description="What it is, for example sim.")
    connected: bool = strawberry.field(description="Whether it answers and its reports are taken.")
    capabilities: list[Capability] = strawberry.field(
        description="What it can do, and why not: every operation of the gateway is named."
    )


@strawberry.type(description="Where trading of an account stands, or of the gateway.")
class TradingStatus:
    account_id: strawberry.ID | None = strawberry.field(
        description="Whose it is; null for the gateway, whose halt holds for every account."
    )
    state: TradingState = strawberry.field(description="Whether orders are taken.")
    cause: HaltCause | None = strawberry.field(
        description="Who or what stopped it; null unless it is HALTED or REDUCING."
    )
    reason: str | None = strawberry.field(
        description="Why not everything is taken, in words; null where it is."
    )
    since: datetime | None = strawberry.field(
        description="Since when it is HALTED, REDUCING or DISARMED, by the gateway's clock; null "
        "in other states."
    )
    by: str | None = strawberry.field(
        description="The id of the key that ordered so, `gateway` for the gateway itself; null in "
        "other states."
    )
    armed_until: datetime | None = strawberry.field(
        description="When arming ends; null where trading is not armed or needs no arming."
    )
    dead_man_at: datetime | None = strawberry.field(
        description="When open orders are cancelled and trading is halted unless the timer is set "
        "again; null without a timer."
    )

    @classmethod
    def from_domain(cls, status: controls.TradingStatus) -> "TradingStatus":
        """Show where trading stands."""
        return cls(
            account_id=None if status.account_id is None else strawberry.ID(status.account_id),
            state=status.state,
            cause=status.cause,
            reason=status.reason,
            since=status.since,
            by=status.by,
            armed_until=status.armed_until,
            dead_man_at=status.dead_man_at,
        )


@strawberry.type(description="Percentiles in milliseconds; null where nothing was measured.")
class Latency:
    p50: float | None = strawberry.field(description="Half were at most so much.")
    p95: float | None = strawberry.field(description="95 in 100 were at most so much.")
    p99: float | None = strawberry.field(description="99 in 100 were at most so much.")
    count: int = strawberry.field(description="How many measurements these are of.")

    @classmethod
    def from_domain(cls, found: latency.Latency) -> "Latency":
        """Show a dial."""
        return cls(p50=found.p50, p95=found.p95, p99=found.p99, count=found.count)


@strawberry.type(description="How late the gateway has been lately.")
class ServerLatency:
    quote_age: Latency = strawberry.field(
        description="Age of a quote when it reached the gateway, by the gateway's clock."
    )
    order_round_trip: Latency = strawberry.field(
        description="From sending an order until the terminal answered, real time."
    )
    callback_lag: Latency = strawberry.field(
        description="Age of a report of the terminal when it was taken, by the gateway's clock."
    )
    journal_commit: Latency = strawberry.field(
        description="From an entry of the order journal until it was durable, real time."
    )
    window_seconds: int = strawberry.field(
        description="Seconds that a measurement counts for; the newest 2048 of each do."
    )

    @classmethod
    def from_domain(cls, found: latency.ServerLatency) -> "ServerLatency":
        """Show the dials."""
        return cls(
            quote_age=Latency.from_domain(found.quote_age),
            order_round_trip=Latency.from_domain(found.order_round_trip),
            callback_lag=Latency.from_domain(found.callback_lag),
            journal_commit=Latency.from_domain(found.journal_commit),
            window_seconds=found.window_seconds,
        )


@strawberry.type(description="The gateway about itself.")
class ServerInfo:
    told: strawberry.Private[domain.ServerInfo]
    version: str = strawberry.field(description="Version of quantgraph.")
    mode: Mode = strawberry.field(description="Which world data and orders belong to.")
    trading_state: TradingState = strawberry.field(description="Whether orders are taken.")

    @strawberry.field(
        description="The same with who stopped it, when and why; `tradingStatus` tells of accounts."
    )
    def trading(self) -> TradingStatus:
        return TradingStatus.from_domain(self.told.trading)

    @strawberry.field(description="The market's clock.")
    def clock(self) -> ClockInfo:
        return ClockInfo.from_domain(self.told.clock)

    @strawberry.field(description="What a request may ask for.")
    def limits(self) -> Limits:
        return _limits(self.told.limits)

    data: str = strawberry.field(description="What data is served, in words.")
    row_encoder: str = strawberry.field(
        description='What writes rows of bars: "compiled", or "numpy" where no compiler was.'
    )
    matching_core: str = strawberry.field(
        description=(
            'What matches orders in mock and dev: "compiled", or "python" where no compiler was, '
            "which keeps up with fewer live symbols."
        )
    )
    started_at: datetime = strawberry.field(description="When the gateway started (real time).")
    bus_connected: bool | None = strawberry.field(
        description=(
            "Whether the bus that agents and gateways tell each other by is there now; null where "
            "none is configured. While it is away all goes on by gRPC."
        )
    )

    @strawberry.field(description="How late it has been lately.")
    def latency(self) -> ServerLatency:
        return ServerLatency.from_domain(self.told.latency)

    @strawberry.field(description="The terminals and what they can do.")
    def backends(self) -> list[Backend]:
        return [_backend(each) for each in self.told.backends]

    @strawberry.field(description="How each terminal stands; `terminalUpdates` tells of changes.")
    def terminal_status(self, info: Info) -> list[TerminalStatus]:
        sees = info.context.principal.sees
        return [TerminalStatus.from_domain(each.seen_by(sees)) for each in self.told.terminals]

    @classmethod
    def from_domain(cls, info: domain.ServerInfo) -> "ServerInfo":
        """Show the domain's answer; what is made of many parts is made where it is picked."""
        return cls(
            told=info,
            version=info.version,
            mode=info.mode,
            trading_state=info.trading_state,
            data=info.data,
            row_encoder=info.row_encoder,
            matching_core=info.matching_core,
            started_at=info.started_at,
            bus_connected=info.bus_connected,
        )


_PARTS = {
    "tradingState": "trading",
    "terminalStatus": "terminals",
    "busConnected": "bus_connected",
}


@lru_cache
def parts_of(picked: tuple[str, ...]) -> frozenset[str]:
    """Return the parts of the domain's answer that fields of `ServerInfo` are made of."""
    return PARTS.intersection(_PARTS.get(name, name) for name in picked)


@lru_cache(maxsize=8)  # they do not change, and copying them took half of a small query
def _limits(limits: domain.Limits) -> Limits:
    return Limits(**asdict(limits))


def _backend(backend: domain.BackendInfo) -> Backend:
    return Backend(
        name=backend.name,
        kind=backend.kind,
        connected=backend.connected,
        capabilities=[
            Capability(operation=each.operation, available=each.available, reason=each.reason)
            for each in backend.capabilities
        ],
    )
