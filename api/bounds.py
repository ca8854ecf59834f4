"""Who may ask how much, as configured."""

from quantgraph.config import Config
from quantgraph.domain.system import PAGE_ITEMS, Limits, Mode

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
