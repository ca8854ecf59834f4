"""Looks at what the terminal's SDK needs on this machine, and asks the terminal how it is."""

import asyncio
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from quantgraph.backends.xtquant.backend import TerminalSettings, XtTerminal
from quantgraph.backends.xtquant.sdk import Sdk, in_shanghai, load_sdk
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.findings import Finding
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.terminals import TerminalPart, TerminalState, TerminalStatus

# Seconds that a terminal may take to be there.
WAIT_S = 20.0
_FOLDER = "userdata_mini"
# Bytes that the terminal's disk should have left: a year of ticks is many times that.
_ROOM = 5_000_000_000
_KNOCK_S = 2.0
# What no permission would give.
_BY_KIND = ("simulation.", "ticks.", "orders.")
_LOOK_S = 0.05
_DATA_ADVICE = (
    "Log in to QMT with 极简模式 ticked, and compare terminal.host and terminal.port; port = 0 "
    "looks for it."
)
_TRADE_ADVICE = (
    "Log in to QMT with 极简模式 ticked, and compare terminal.path with the folder that it "
    "writes to."
)
_LOGIN_ADVICE = "See in QMT why the account is not logged in; ask the broker where it stays so."


@dataclass(frozen=True, slots=True)
class Examiner:
    """Whom to look at, and who makes it of the SDK."""

    settings: TerminalSettings
    make: Callable[[Sdk], XtTerminal]

    def look(self) -> Iterator[Finding]:
        """Look at the machine, then ask the terminal; nothing is changed, and nothing is sent."""
        sdk, found = _sdk()
        yield found
        yield _zone()
        folder = _folder(self.settings.path)
        yield folder
        yield from _port(self.settings)
        if sdk is not None:
            yield from asyncio.run(_asked(self.make, sdk, WAIT_S))


def _sdk() -> tuple[Sdk | None, Finding]:
    try:
        sdk = load_sdk()
    except GatewayError as error:
        advice = 'Use 64-bit Python 3.11 to 3.13 and `pip install "quantgraph[xtquant]"`.'
        return None, Finding("sdk", "problem", error.message, advice)
    return sdk, Finding("sdk", "ok", f"xtquant {sdk.version} can be imported")


def _zone() -> Finding:
    if in_shanghai(time.localtime().tm_gmtoff):
        return Finding("time zone", "ok", "that of Shanghai")
    advice = 'tzutil /s "China Standard Time": what the SDK writes by itself follows it.'
    return Finding("time zone", "warning", f"{time.strftime('%z')}, not Shanghai's", advice)


def _folder(path: str) -> Finding:
    folder = Path(path)
    advice = f"Name QMT's {_FOLDER} folder as terminal.path, and let this user write to it."
    if not folder.is_dir():
        return Finding("terminal path", "problem", f"{path} is no folder", advice)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        found = f"{path} cannot be written: {error.strerror or error}"
        return Finding("terminal path", "problem", found, advice)
    if folder.name != _FOLDER:
        return Finding("terminal path", "warning", f"{path} is not called {_FOLDER}", advice)
    return Finding("terminal path", "ok", f"{path} can be written")


def _port(settings: TerminalSettings) -> Iterator[Finding]:
    host, port = settings.address.ip, settings.address.port
    if port is None:
        return
    try:
        with socket.create_connection((host, port), _KNOCK_S):
            yield Finding("terminal port", "ok", f"{host}:{port} takes connections")
    except OSError as error:
        found = f"{host}:{port}: {error.strerror or error}"
        yield Finding("terminal port", "problem", found, _DATA_ADVICE)


async def _asked(make: Callable[[Sdk], XtTerminal], sdk: Sdk, seconds: float) -> list[Finding]:
    terminal = make(sdk)
    backend = terminal.backend()
    await backend.start()
    try:
        found = [each async for each in _answers(backend, seconds)]
        connected = backend.status().links[0].state is TerminalState.CONNECTED
        return [*found, *(_facts(await terminal.facts()) if connected else ())]
    finally:
        await backend.close()


async def _answers(backend: Backend, seconds: float) -> AsyncGenerator[Finding, None]:
    status = await _settled(backend, seconds)
    advices = {TerminalPart.MARKET_DATA: _DATA_ADVICE, TerminalPart.TRADING: _TRADE_ADVICE}
    for link in status.links:
        name = f"terminal {link.part.value.lower().replace('_', ' ')}"
        if link.state is TerminalState.CONNECTED:
            told = status.terminal_version if link.part is TerminalPart.MARKET_DATA else None
            yield Finding(name, "ok", f"answers{f': {told}' if told else ''}")
        else:
            found = f"does not answer within {seconds:g} s ({link.reason or link.state.value})"
            yield Finding(name, "problem", found, advices[link.part])
    for finding in _logins(status):
        yield finding
    yield await _permissions(backend)


def _logins(status: TerminalStatus) -> Iterator[Finding]:
    for login in status.logins:
        # Who reads this over a shoulder, or in a report, need not know the number.
        name = f"***{login.account_id[-2:]}"
        if login.ready:
            yield Finding("login", "ok", f"account {name} takes orders")
        else:
            yield Finding("login", "problem", f"account {name}: {login.reason}", _LOGIN_ADVICE)
    if not status.logins and status.links[-1].state is TerminalState.CONNECTED:
        found = "the login has no account for shares"
        yield Finding("login", "problem", found, "Other kinds of accounts are not served.")


def _facts(facts: Mapping[str, str]) -> Iterator[Finding]:
    if "markets" in facts:
        yield Finding("markets", "ok", f"the login may see {facts['markets']}")
    if "markets abroad" in facts:
        found = f"{facts['markets abroad']}: not served here"
        yield Finding("markets abroad", "ok", found)
    if "periods" in facts:
        yield Finding("periods", "ok", f"the terminal offers {facts['periods']}")
    folder = facts.get("data folder")
    if folder is not None and Path(folder).is_dir():
        free = shutil.disk_usage(folder).free
        found = f"{free / 1e9:.1f} GB are free at {folder}, where the terminal keeps its downloads"
        enough = free >= _ROOM
        advice = "" if enough else "Make room: downloads stop where the disk is full."
        yield Finding("terminal disk", "ok" if enough else "warning", found, advice)


async def _permissions(backend: Backend) -> Finding:
    missing: Mapping[str, str] = {
        each.operation: each.reason or ""
        for each in backend.capabilities()
        if not each.available and not each.operation.startswith(_BY_KIND)
    }
    if not missing:
        return Finding("permissions", "ok", "nothing was refused so far")
    found = "; ".join(f"{name}: {why}" for name, why in sorted(missing.items()))
    return Finding("permissions", "warning", found, "Update QMT, or ask the broker for it.")


async def _settled(backend: Backend, seconds: float) -> TerminalStatus:
    """Return how it stands once both links do, or the time is over."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                status = backend.status()
                if status.state is TerminalState.CONNECTED:
                    return status
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        return backend.status()
