"""A terminal of another gateway, which config names: what is shown to it, and how it is asked."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from api.secret_files import read_secret
from quantgraph.backends.remote.backend import RemoteSettings, RemoteTerminal
from quantgraph.backends.remote.channel import Certificates, Target
from quantgraph.bus.feed import LogFeed
from quantgraph.bus.logs import ACCOUNTS, ORDERS
from quantgraph.bus.places import BusPlace
from quantgraph.domain.clock import Clock, SystemClock
from quantgraph.domain.errors import GatewayError, StartupError
from quantgraph.domain.findings import Finding
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.ports.desk import FarDesk
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import AccountEvent
from quantgraph.domain.system import Mode
from quantgraph.places import TerminalConfig
from quantgraph.services.far_desk import Feeds, SharedDesk

_ADVICE = "See that the gateway there runs, and that target, key and certificates are its own."


def open_agent(
    terminal: TerminalConfig, mode: Mode, clock: Clock | None = None, bus: BusPlace | None = None
) -> Backend:
    """Return the terminal behind another gateway; nothing has connected yet.

    What it tells is read off `bus` while that is there, and from the gateway itself else.

    Raises StartupError: CONFIG_INVALID for a key that cannot be read, TLS_UNUSABLE.
    """
    made = RemoteTerminal(_settings(terminal, mode), clock or SystemClock()).backend()
    return made if made.desk is None else _shared(made, made.desk, bus)


def _shared(backend: Backend, far: FarDesk, bus: BusPlace | None) -> Backend:
    """Return it with each log of its desk followed once, whatever the number of readers here."""
    shared = SharedDesk(far, None if bus is None else _feeds(backend.name, far, bus))

    async def close() -> None:
        await shared.close()
        await backend.close()

    return replace(backend, desk=shared.far, close=close)


def _feeds(name: str, far: FarDesk, bus: BusPlace) -> Feeds:
    def read(data: bytes) -> AccountEvent:
        # At the terminal of the name that it has here, as the agent's own stream is told.
        event = ACCOUNTS.read(data)
        held = event.account
        return event if held is None else replace(event, account=replace(held, terminal=name))

    orders = LogFeed(bus, ORDERS, far.desk.trading.events)
    accounts = LogFeed(bus, replace(ACCOUNTS, read=read), far.desk.connections.events)
    return Feeds(orders.events, accounts.events)


def examine_agent(place: TerminalConfig) -> Iterator[Finding]:
    """Ask the gateway there how it is; nothing is sent but that."""
    try:
        yield Finding("remote terminal", "ok", asyncio.run(_told(place)))
    except GatewayError as error:
        yield Finding("remote terminal", "problem", error.message, _ADVICE)


async def _told(place: TerminalConfig) -> str:
    terminal = RemoteTerminal(_settings(place, Mode.DEV), SystemClock())
    try:
        info = await terminal.agent.ask()
    finally:
        await terminal.backend().close()
    names = ", ".join(f"{each.name} is {each.state}" for each in info.terminals)
    return f"quantgraph {info.version} in mode {info.mode.value}: {names}"


def _settings(terminal: TerminalConfig, mode: Mode) -> RemoteSettings:
    remote = terminal.remote
    certificates = None
    if remote.tls:
        files = (remote.authorities, remote.certificate, remote.certificate_key)
        certificates = Certificates(*(_pem(each) for each in files))
    file = remote.key_file
    key = read_secret("terminal.remote.key_file", file, "an API key") if file else None
    target = Target(remote.target, key, certificates)
    return RemoteSettings(terminal.name, target, float(terminal.data_seconds), mode)


def _pem(name: str) -> bytes | None:
    if not name:
        return None
    try:
        found = Path(name).expanduser().read_bytes()
    except OSError as error:
        text = f"terminal.remote: {name}: {error.strerror or error}."
        raise StartupError(Reason.TLS_UNUSABLE, text) from None
    if b"-----BEGIN " not in found:
        raise StartupError(Reason.TLS_UNUSABLE, f"terminal.remote: {name} is not in PEM form.")
    return found
