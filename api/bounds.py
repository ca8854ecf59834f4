"""Who may ask how much, as configured."""

from collections.abc import Callable
from dataclasses import dataclass

from api.worlds import OrderWay
from quantgraph.config import Config
from quantgraph.domain.system import PAGE_ITEMS, Limits, Mode
from quantgraph.services.catalog import PricedCatalog
from quantgraph.services.custom import CustomSectors, SectorLimits
from quantgraph.services.limited import LimitedBars
from quantgraph.services.meter import KeyMeter
from quantgraph.services.snapshots import MarketBoard
from quantgraph.services.subscriptions import StreamBook
from quantgraph.services.ticks import LimitedTicks
from quantgraph.services.visits import OpenVisits
from quantgraph.services.workers import Workers

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def is_local(config: Config) -> bool:
    """Return whether only programs of this machine reach it, and nothing but a simulation."""
    return config.mode is Mode.MOCK and not open_hosts(config)


def open_hosts(config: Config) -> frozenset[str]:
    """Return the addresses listened on that programs of other machines may reach."""
    hosts = {config.http.host, config.grpc.host if config.grpc.enabled else config.http.host}
    return frozenset(hosts - _LOOPBACK)


def limits_of(config: Config) -> Limits:
    """Return what one request or connection may ask for."""
    limits = config.limits
    return Limits(
        bar_rows=limits.bar_rows,
        batch_symbols=limits.batch_symbols,
        body_bytes=config.http.max_body_bytes,
        query_tokens=limits.query_tokens,
        query_depth=limits.query_depth,
        query_aliases=limits.query_aliases,
        subscriptions=limits.subscriptions,
        ordinary_rows=limits.ordinary_rows,
        query_repeats=limits.query_repeats,
        resolver_seconds=limits.resolver_seconds,
        page_items=PAGE_ITEMS,
        event_streams=limits.event_streams,
        orders_in_flight=limits.orders_in_flight,
        batch_orders=limits.batch_orders,
        custom_sectors=limits.custom_sectors,
        sector_members=limits.sector_members,
        message_bytes=config.grpc.max_message_bytes,
        query_directives=limits.query_directives,
        query_roots=limits.query_roots,
        query_cost=limits.query_cost,
        json_depth=limits.json_depth,
        key_subscriptions=limits.key_subscriptions,
        key_connections=limits.key_connections,
    )


def sizes_of(config: Config) -> SectorLimits:
    """Return how many sectors users may make, and how large."""
    limits = config.limits
    return SectorLimits(limits.custom_sectors, limits.sector_members, limits.batch_symbols)


@dataclass(frozen=True, slots=True)
class Bounded:
    """The parts that hold a limit of their own; `limits` are what is told of them."""

    limits: Limits
    meter: KeyMeter
    orders: OrderWay
    bars: LimitedBars
    ticks: LimitedTicks
    board: MarketBoard
    lists: PricedCatalog
    sectors: CustomSectors
    streams: StreamBook
    visits: OpenVisits
    workers: Workers
    world: Callable[[Config], None]

    def adopt(self, config: Config) -> None:
        """Take all limits from a changed configuration; what is under way stays."""
        limits = config.limits
        self.limits.adopt(limits_of(config))
        self.meter.adopt(config.rates.rates)
        self.orders.adopt(config)
        self.bars.limits = limits
        self.ticks.rows = self.board.rows = self.lists.rows = limits.bar_rows
        self.sectors.limits = sizes_of(config)
        self.streams.most = limits.key_subscriptions
        self.visits.most, self.visits.seconds = limits.key_connections, limits.key_check_seconds
        self.workers.resize(limits.worker_backlog)
        self.world(config)
