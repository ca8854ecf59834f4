"""The gRPC server: binds, registers every servicer, starts and stops."""

import errno
import secrets
import socket
from typing import NoReturn, TypeAlias

from grpc import ServerCredentials, aio, ssl_server_credentials
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from grpc_bridge.accounts import AccountServicer
from grpc_bridge.bars import BarServicer
from grpc_bridge.calendar import CalendarServicer
from grpc_bridge.catalog import CatalogServicer
from grpc_bridge.controls import ControlServicer
from grpc_bridge.depth import DepthServicer
from grpc_bridge.dividends import DividendServicer
from grpc_bridge.download_jobs import DownloadServicer
from grpc_bridge.ending import Ending
from grpc_bridge.financials import FinancialServicer
from grpc_bridge.health import LiveHealth
from grpc_bridge.hong_kong import HongKongServicer
from grpc_bridge.instruments import InstrumentServicer
from grpc_bridge.interceptor import CallFrame
from grpc_bridge.limits import CallLimits
from grpc_bridge.orders import OrderServicer
from grpc_bridge.portfolio import PortfolioServicer
from grpc_bridge.quotes import QuoteServicer
from grpc_bridge.sectors import SectorServicer
from grpc_bridge.simulation import SimulationServicer
from grpc_bridge.snapshots import SnapshotServicer
from grpc_bridge.system import SystemServicer
from grpc_bridge.ticks import TickServicer
from grpc_bridge.tokens import TokenSeal
from quantgraph.config import GrpcConfig, LimitsConfig
from quantgraph.domain.errors import StartupError
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import (
    accounts_pb2_grpc,
    bars_pb2_grpc,
    calendar_pb2_grpc,
    catalog_pb2_grpc,
    controls_pb2_grpc,
    depth_pb2_grpc,
    dividends_pb2_grpc,
    downloads_pb2_grpc,
    financials_pb2_grpc,
    hong_kong_pb2_grpc,
    instruments_pb2_grpc,
    orders_pb2_grpc,
    portfolio_pb2_grpc,
    quotes_pb2_grpc,
    sectors_pb2_grpc,
    simulation_pb2_grpc,
    snapshots_pb2_grpc,
    system_pb2_grpc,
    ticks_pb2_grpc,
)
from quantgraph.wire.memory import keep_freed
from quantgraph.wires import shown as shown_by

SERVICES = tuple(
    f"quantgraph.v1.{topic}Service"
    for topic in (
        "Account",
        "Bar",
        "Calendar",
        "Catalog",
        "Control",
        "Depth",
        "Dividend",
        "Download",
        "Financial",
        "HongKong",
        "Instrument",
        "Order",
        "Portfolio",
        "Quote",
        "Sector",
        "Snapshot",
        "System",
        "Tick",
    )
)
# Calls of one connection at once; its client keeps more to itself until some have ended.
_CALLS = 1_000
Shown: TypeAlias = tuple[bytes, bytes, bytes | None]
# In mock mode alone.
_SIMULATED = "quantgraph.v1.SimulationService"


def services_of(gateway: Gateway) -> tuple[str, ...]:
    """Return the services that a gateway has: what it does not, reflection does not show."""
    return SERVICES if gateway.simulation is None else (*SERVICES, _SIMULATED)


class GrpcServer:
    """A running gRPC server. `port` is the one it listens on."""

    def __init__(self, server: aio.Server, frame: CallFrame, health: LiveHealth, port: int) -> None:
        """Hold a server that was started."""
        self._server = server
        self._ending = Ending(server)
        self._frame = frame
        self._health = health
        self.port = port

    def adopt(self, limits: LimitsConfig) -> None:
        """Take new limits for the calls that come."""
        own = self._frame.limits
        own.seconds, own.streams = limits.resolver_seconds, limits.subscriptions

    @property
    def underway(self) -> int:
        """How many calls are being answered, streams among them and probes not."""
        return self._frame.underway.count

    def drain(self) -> None:
        """End live streams and take no new one; all else is answered."""
        self._frame.end_streams()

    async def stop(self, grace: float) -> None:
        """Take no new call, end live streams at once, and give the others `grace` seconds.

        Asked again it ends at the earlier of the two times.
        """
        await self._health.stop()
        self._frame.end_streams()
        self._frame.end_probes()
        await self._ending.stop(grace)

    async def wait(self) -> None:
        """Return when the server has stopped."""
        await self._server.wait_for_termination()


async def start(
    gateway: Gateway,
    config: GrpcConfig,
    limits: LimitsConfig | None = None,
    seal: TokenSeal | None = None,
    shown: Shown | None = None,
) -> GrpcServer:
    """Start to answer on config.host and config.port (0 takes a free one).

    `shown`: private key, certificate chain and, where clients need certificates, their authorities,
    all as PEM; None listens in the clear. Without a `seal` resume tokens are good until the server
    stops, and no longer.
    Raises StartupError: PORT_TAKEN, or CONFIG_INVALID for a host that is not ours.
    """
    seconds = (limits or LimitsConfig()).resolver_seconds
    calls = CallLimits(config.max_message_bytes, seconds, gateway.limits.subscriptions)
    frame = CallFrame(gateway, calls)
    options = (
        ("grpc.max_receive_message_length", config.max_message_bytes),
        ("grpc.max_send_message_length", config.max_message_bytes),
        # Linux would let a second server share the port, and clients reach either.
        ("grpc.so_reuseport", 0),
        # A connection that never speaks is closed, and none has all calls to itself.
        ("grpc.server_handshake_timeout_ms", config.handshake_seconds * 1_000),
        # Nor do they take all files: more are closed at once, and the idle make room.
        ("grpc.max_allowed_incoming_connections", config.connections),
        ("grpc.max_connection_idle_ms", config.idle_seconds * 1_000),
        ("grpc.max_concurrent_streams", min(config.calls, _CALLS)),
        # A client that vanished without a word is noticed within 40 s; clients may ask us as often.
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    )
    keep_freed()
    server = aio.server(
        interceptors=(frame,), options=options, maximum_concurrent_rpcs=config.calls
    )
    _register(server, gateway, config, seal or TokenSeal(secrets.token_bytes(32)))
    served = services_of(gateway)
    health = LiveHealth(gateway.system, served)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)  # pyright: ignore[reportUnknownMemberType] no types
    if shown_by(config.reflection, gateway.mode):
        names = (*served, "grpc.health.v1.Health", reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)
    port = _bind(server, config, shown)
    await server.start()
    await health.start()
    return GrpcServer(server, frame, health, port)


def _register(server: aio.Server, gateway: Gateway, config: GrpcConfig, seal: TokenSeal) -> None:
    downloads = DownloadServicer(gateway, config.max_message_bytes)
    financials = FinancialServicer(gateway, config.max_message_bytes)
    accounts_pb2_grpc.add_AccountServiceServicer_to_server(AccountServicer(gateway), server)
    bars_pb2_grpc.add_BarServiceServicer_to_server(BarServicer(gateway, seal), server)
    calendar_pb2_grpc.add_CalendarServiceServicer_to_server(CalendarServicer(gateway), server)
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(CatalogServicer(gateway), server)
    controls_pb2_grpc.add_ControlServiceServicer_to_server(ControlServicer(gateway), server)
    depth_pb2_grpc.add_DepthServiceServicer_to_server(DepthServicer(gateway), server)
    dividends_pb2_grpc.add_DividendServiceServicer_to_server(DividendServicer(gateway), server)
    downloads_pb2_grpc.add_DownloadServiceServicer_to_server(downloads, server)
    financials_pb2_grpc.add_FinancialServiceServicer_to_server(financials, server)
    hong_kong_pb2_grpc.add_HongKongServiceServicer_to_server(HongKongServicer(gateway), server)
    instruments_pb2_grpc.add_InstrumentServiceServicer_to_server(
        InstrumentServicer(gateway), server
    )
    orders_pb2_grpc.add_OrderServiceServicer_to_server(OrderServicer(gateway), server)
    portfolio_pb2_grpc.add_PortfolioServiceServicer_to_server(PortfolioServicer(gateway), server)
    quotes = QuoteServicer(gateway, config.gather_ms / 1_000)
    quotes_pb2_grpc.add_QuoteServiceServicer_to_server(quotes, server)
    sectors_pb2_grpc.add_SectorServiceServicer_to_server(SectorServicer(gateway), server)
    snapshots_pb2_grpc.add_SnapshotServiceServicer_to_server(SnapshotServicer(gateway), server)
    system_pb2_grpc.add_SystemServiceServicer_to_server(SystemServicer(gateway), server)
    ticks_pb2_grpc.add_TickServiceServicer_to_server(TickServicer(gateway), server)
    if gateway.simulation is not None:
        simulation_pb2_grpc.add_SimulationServiceServicer_to_server(
            SimulationServicer(gateway.simulation), server
        )


def _bind(server: aio.Server, config: GrpcConfig, shown: Shown | None) -> int:
    host = f"[{config.host}]" if ":" in config.host else config.host
    try:
        address = f"{host}:{config.port}"
        if shown is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, _credentials(shown))
    except RuntimeError:
        port = 0
    if port == 0:
        _explain(config)
    return port


def _credentials(shown: Shown) -> ServerCredentials:
    key, chain, authorities = shown
    asked = authorities is not None
    return ssl_server_credentials([(key, chain)], authorities, require_client_auth=asked)


def _explain(config: GrpcConfig) -> NoReturn:
    """Find out why a port cannot be had: gRPC itself only says that it failed."""
    host, port = config.host, config.port
    details = {"host": host, "port": port}
    why = "gRPC refuses it"
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.bind(address)
    except OSError as error:
        why = error.strerror or str(error)
        if error.errno == errno.EADDRINUSE:
            text = (
                f"Port {port} on {host} is taken. Stop what listens there, or choose --grpc-port."
            )
            raise StartupError(Reason.PORT_TAKEN, text, details=details) from None
    text = f"Cannot listen on {host}:{port}: {why}."
    raise StartupError(Reason.CONFIG_INVALID, text, details=details)
