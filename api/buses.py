"""The bus between agents and gateways: only where config names one is NATS imported."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from api.secret_files import read_secret
from quantgraph.bus.names import Names
from quantgraph.bus.places import BusPlace
from quantgraph.config import Config
from quantgraph.domain.errors import GatewayError, StartupError
from quantgraph.domain.findings import Finding
from quantgraph.domain.reasons import Reason
from quantgraph.places import BusConfig

if TYPE_CHECKING:
    from quantgraph.bus.connection import NatsBus

# Seconds that a look at the bus may take.
_LOOK_S = 5.0


def open_bus(config: Config, stack: AsyncExitStack) -> BusPlace | None:
    """Return the bus, which connects from now on; None where `bus.url` is empty.

    Raises StartupError: CONFIG_INVALID where NATS is not installed or the token cannot be read;
    TLS_UNUSABLE.
    """
    if not config.bus.url:
        return None
    bus, place = make_bus(config.bus)
    bus.start()
    stack.push_async_callback(bus.close)
    return place


def make_bus(config: BusConfig) -> "tuple[NatsBus, BusPlace]":
    """Return the bus, which connects once it is started. Raises as `open_bus`."""
    try:
        from quantgraph.bus.connection import NatsBus
        from quantgraph.bus.session import BusSettings
    except ModuleNotFoundError as error:
        text = f'bus.url needs {error.name}, which is not installed: pip install "quantgraph[bus]".'
        raise StartupError(Reason.CONFIG_INVALID, text) from None
    names, file = Names(config.subject), config.token_file
    settings = BusSettings(
        servers=tuple(filter(None, config.url.split(","))),
        names=names,
        token=read_secret("bus.token_file", file, "a token") if file else None,
        tls=_tls(config) if config.secured else None,
        pending=config.pending_mb * 1_000_000,
        kept=config.kept_mb * 1_000_000,
        age=config.kept_hours * 3_600.0,
    )
    bus = NatsBus(settings)
    return bus, BusPlace(bus, names)


def examine_bus(config: BusConfig) -> Iterator[Finding]:
    """Connect to the bus, and have its stream within the bounds of config; nothing is told."""
    if not config.url:
        return
    try:
        yield asyncio.run(_looked_at(config))
    except GatewayError as error:
        advice = "Correct [bus], or install what it says."
        yield Finding("bus", "problem", error.message, advice)


async def _looked_at(config: BusConfig) -> Finding:
    bus, _ = make_bus(config)
    bus.start()
    try:
        async with asyncio.timeout(_LOOK_S):
            await bus.met()
    except TimeoutError:
        why = f"{config.url} cannot be used: {bus.trouble}"
        advice = "See that it runs with JetStream, and knows the token; till then agents are asked."
        return Finding("bus", "warning", why, advice)
    finally:
        await bus.close()
    return Finding("bus", "ok", f"{config.url} is there, and keeps events")


def _tls(config: BusConfig) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context(cafile=_path(config.authorities))
        if config.certificate:
            key = _path(config.certificate_key)
            made.load_cert_chain(str(_path(config.certificate)), key)
    except (OSError, ssl.SSLError) as error:
        text = f"bus: its authorities or certificate cannot be used: {error}."
        raise StartupError(Reason.TLS_UNUSABLE, text) from None
    return made


def _path(name: str) -> str | None:
    return str(Path(name).expanduser()) if name else None
