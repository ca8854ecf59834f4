"""Runs both wires in one process, and stops them cleanly."""

import asyncio
import contextlib
import errno
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeAlias

import uvicorn

from api.app import Front, build_front
from api.assembly import Assembly, open_assembly
from api.lobby import Lobby, lobby_of, openable
from api.log_writer import LogWriter
from api.protocol import protocol
from api.reloading import Adopt, Reloader
from api.sockets import line_protocol
from api.stopping import GRACE_S, Stopper, StopSteps
from api.tls import Identity, identity_of
from grpc_bridge.server import GrpcServer
from grpc_bridge.server import start as start_grpc
from grpc_bridge.tokens import TokenSeal
from quantgraph.config import Config
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.system import Mode
from quantgraph.wire.memory import keep_freed
from resolvers.root import schema_of

_Parts: TypeAlias = tuple[Assembly, Front, GrpcServer | None]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the wires listen; gRPC None where it is switched off."""

    http: str
    grpc: str | None


class _Uvicorn(uvicorn.Server):
    """uvicorn without its own signal handling: it would raise the signal again at the end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that answers. `stop` may be called from any thread, twice to end at once.

    So may `reload`, which returns whether the configuration is one.
    """

    assembly: Assembly
    addresses: Addresses
    stop: Callable[[], None]
    reload: Callable[[], "Future[bool]"]


async def serve(
    config: Config,
    started: Callable[[Running], None],
    log: LogWriter | None = None,
    reread: Callable[[], Config] | None = None,
) -> None:
    """Serve until SIGINT, SIGTERM or `stop`. Calls `started` once both wires listen.

    Requests and acts are told to `log`. `reread` returns the configuration as it is by now, at
    SIGHUP.

    Raises StartupError, with everything closed again.
    """
    identity = identity_of(config)
    keep_freed()  # texts of rows are as large as the chunks of a download
    listener = _bind(config.http.host, config.http.port)
    with contextlib.closing(listener):
        async with open_assembly(config, log=log) as assembly:
            grpc = await _start_grpc(config, assembly, identity)
            stopper: Stopper | None = None
            try:
                schema = schema_of(_contract(assembly))
                front = build_front(schema, assembly.gateway, config, assembly.dials)
                lobby = lobby_of(config.http)
                server = _http_server(config, (front, lobby), identity)
                stopper = _stopper(config, server, (assembly, front, grpc))
                _stop_on_signal(stopper.ask)
                addresses = Addresses(
                    _url(config.http.host, listener, identity), _target(config, grpc)
                )
                adopts = _adopts((assembly, front, grpc), lobby)
                reload = _reloader(assembly, reread or (lambda: config), adopts)
                running = Running(assembly, addresses, stopper.ask, reload)
                await _serve_http(server, listener, lambda: started(running))
            finally:
                if grpc is not None:
                    await (grpc.stop(0) if stopper is None else stopper.closing(grpc.stop))


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop where it exists (not on Windows)."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def _http_server(
    config: Config, entrance: tuple[Front, Lobby], identity: Identity | None
) -> _Uvicorn:
    front, lobby = entrance
    settings = uvicorn.Config(
        front.app,
        http=protocol(front.quick, lobby),
        lifespan="off",
        access_log=False,
        log_config=None,
        ws=line_protocol(config.http.stall_seconds),
        ws_max_size=config.http.max_body_bytes,
        ws_per_message_deflate=False,
        server_header=False,
        ssl_context_factory=None if identity is None else identity.given,
        # Nothing here asks who a proxy says the client is, and believing it would be unsafe.
        proxy_headers=False,
        timeout_graceful_shutdown=int(GRACE_S),
    )
    return _Uvicorn(settings)


async def _serve_http(
    server: _Uvicorn, listener: socket.socket, started: Callable[[], None]
) -> None:
    serving = asyncio.create_task(server.serve([listener]))
    listening = asyncio.create_task(server.listening.wait())
    await asyncio.wait({serving, listening}, return_when=asyncio.FIRST_COMPLETED)
    if listening.done():
        started()
    listening.cancel()
    await serving


def _contract(assembly: Assembly) -> Mode:
    """Return whose contract is told: mock's own fields are of a world that is operated here."""
    return Mode.PROD if assembly.gateway.simulation is None else Mode.MOCK


async def _start_grpc(
    config: Config, assembly: Assembly, identity: Identity | None
) -> GrpcServer | None:
    if not config.grpc.enabled:
        return None
    seal = TokenSeal(assembly.secret)
    shown = None if identity is None else (identity.key, identity.chain, identity.authorities)
    # HTTP's lobby leaves some files to all else: this wire takes no more than a share of them.
    most = min(config.grpc.connections, openable() // 8)
    bounded = config.grpc.model_copy(update={"connections": most})
    return await start_grpc(assembly.gateway, bounded, config.limits, seal, shown)


def _stopper(config: Config, server: _Uvicorn, parts: _Parts) -> Stopper:
    assembly, front, grpc = parts

    def drain() -> None:
        assembly.drain()
        front.drain()
        if grpc is not None:
            grpc.drain()

    def underway() -> int:
        return front.underway.count + (0 if grpc is None else grpc.underway)

    def close(hurried: bool) -> None:
        server.should_exit = True
        server.force_exit = hurried

    return Stopper(config.shutdown, StopSteps(assembly.retire, drain, underway, close))


def _adopts(parts: _Parts, lobby: Lobby) -> tuple[Adopt, ...]:
    """Return who takes its part of a changed configuration."""
    assembly, front, grpc = parts

    def bridge(new: Config) -> None:
        if grpc is not None:
            grpc.adopt(new.limits)

    return assembly.bounded.adopt, front.adopt, bridge, lambda new: lobby.adopt(new.http)


def _reloader(
    assembly: Assembly, reread: Callable[[], Config], adopts: tuple[Adopt, ...]
) -> Callable[[], "Future[bool]"]:
    loop = asyncio.get_running_loop()
    reloader = Reloader(assembly.config, reread, adopts, assembly.workers)

    def reload() -> "Future[bool]":
        return asyncio.run_coroutine_threadsafe(reloader.reload(), loop)

    if threading.current_thread() is threading.main_thread() and sys.platform != "win32":
        loop.add_signal_handler(signal.SIGHUP, reload)
    return reload


def _stop_on_signal(stop: Callable[[], None]) -> None:
    if threading.current_thread() is not threading.main_thread():
        return  # Python delivers signals to the main thread alone
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows' loops have no signal handlers
            signal.signal(number, lambda _number, _frame: stop())


def _bind(host: str, port: int) -> socket.socket:
    """Return a listening socket, or raise PORT_TAKEN or CONFIG_INVALID."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there the option would let a second server share the port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise _unusable(host, port, error) from None
    return listener


def _unusable(host: str, port: int, error: OSError) -> StartupError:
    if error.errno == errno.EADDRINUSE:
        text = f"Port {port} on {host} is taken. Stop what listens there, or choose --port."
        return StartupError(Reason.PORT_TAKEN, text, host=host, port=port)
    text = f"Cannot listen on {host}:{port}: {error.strerror or error}."
    return StartupError(Reason.CONFIG_INVALID, text, host=host, port=port)


def _url(host: str, listener: socket.socket, identity: Identity | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    scheme = "http" if identity is None else "https"
    return f"{scheme}://{shown}:{listener.getsockname()[1]}"


def _target(config: Config, grpc: GrpcServer | None) -> str | None:
    return None if grpc is None else f"{config.grpc.host}:{grpc.port}"
