"""Looks at everything that a start needs, and says what is wrong and what to do about it."""

import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.bounds import is_local
from api.buses import examine_bus
from api.process_file import is_held
from api.skew import skew_of
from api.tls import identity_of
from api.trusted import load_trusted
from api.validity import validity_of
from api.vendor import examine_terminal
from quantgraph.config import Config
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.findings import Finding
from quantgraph.domain.system import Mode
from quantgraph.loading import find_config, load_config
from quantgraph.native import core_name
from quantgraph.rows.encoder import encoder_name
from quantgraph.store.folder import usable_folder
from quantgraph.store.keys import KeyStore
from quantgraph.store.schema import VERSION
from quantgraph.wires import TlsConfig

# Bytes that a disk should have left: below the first it is told, below the second nothing starts.
_ROOM, _LEAST = 2_000_000_000, 100_000_000
# Seconds that a file may be newer than the clock says now.
_SKEW_S = 120
# Seconds that it may be wrong by: from the first it is told, from the second it is a problem.
_LITTLE_S, _FAR_S = 0.5, 5.0
# Before a certificate's end that its renewal is asked for.
_RENEWAL = timedelta(days=21)
_SET_RIGHT = "Set it right (chrony, systemd-timesyncd, w32tm): orders and keys depend on it."
_ENTRY = re.compile(r"\s*([\w-]+)\s*=")


def examine(
    file: Path | None, overrides: dict[str, object], time_server: str | None = None
) -> Iterator[Finding]:
    """Look at the configuration, then at whatever it names. Changes nothing but an empty folder.

    `time_server` is asked for the time where it is given; nobody else is.
    """
    place = find_config(file)
    try:
        config = load_config(file, overrides)
    except GatewayError as error:
        advice = "Correct it; config.toml of the project shows every key with its unit."
        yield Finding("config", "problem", _with_lines(place, error.message), advice)
        return
    yield Finding("config", "ok", f"{place}, mode {config.mode.value}")
    yield _parts()
    held = is_held(config.data_path)
    yield from _folder(config, held=held)
    yield from _ports(config, held=held)
    yield _store(config.data_path)
    yield _keys(config)
    yield _asked("tls", lambda: _tls(config), "Name readable PEM files in [tls].")
    yield from _certificates(config.tls)
    yield _asked("documents", lambda: _documents(config), "Correct http.manifest.")
    yield _clock(config.data_path)
    if time_server is not None:
        yield _skew(time_server)
    yield from examine_bus(config.bus)
    if config.mode is not Mode.MOCK or config.venues:
        yield from examine_terminal(config)


def _parts() -> Finding:
    names = {"row encoder": encoder_name(), "matching core": core_name()}
    slow = any(name != "compiled" for name in names.values())
    text = ", ".join(f"{part}: {name}" for part, name in names.items())
    advice = "To have it compiled, install again where a C and C++ compiler is." if slow else ""
    return Finding("compiled parts", "ok", text, advice)


def _folder(config: Config, *, held: bool) -> Iterator[Finding]:
    folder = config.data_path
    yield _asked("folder", lambda: f"{usable_folder(folder)} can be written", "Choose --data-dir.")
    if held:
        yield Finding("gateway", "ok", f"one serves {folder} now")
    if config.logging.folder:
        logs = Path(config.logging.folder).expanduser()
        advice = "Choose another logging.folder, or make it writable."
        yield _asked("logs", lambda: f"{usable_folder(logs)} can be written", advice)
    if folder.is_dir():
        free = shutil.disk_usage(folder).free
        state = "ok" if free >= _ROOM else "warning" if free >= _LEAST else "problem"
        advice = "" if state == "ok" else "Make room: orders are refused once the journal is stuck."
        yield Finding("disk", state, f"{free / 1e9:.1f} GB are free at {folder}", advice)


def _ports(config: Config, *, held: bool) -> Iterator[Finding]:
    wires = [("http", config.http.host, config.http.port)]
    if config.grpc.enabled:
        wires.append(("grpc", config.grpc.host, config.grpc.port))
    for name, host, port in wires:
        fault = _refused(host, port)
        if fault is None:
            yield Finding(f"{name} port", "ok", f"{host}:{port} is free")
        elif held:
            yield Finding(f"{name} port", "ok", f"{host}:{port} is taken, and a gateway serves")
        else:
            advice = f"Stop what listens there, or change {name}.host or {name}.port."
            yield Finding(f"{name} port", "problem", f"{host}:{port}: {fault}", advice)


def _refused(host: str, port: int) -> str | None:
    """Return why nothing can listen there, None where it can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            if sys.platform != "win32":  # as the server: there it would share a port that is taken
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        return error.strerror or str(error)
    return None


def _store(folder: Path) -> Finding:
    file = folder / "market.sqlite"
    if not file.exists():
        return Finding("store", "ok", "nothing is imported yet")
    uri = file.absolute().as_uri()
    try:
        with closing(sqlite3.connect(f"{uri}?mode=ro", uri=True)) as connection:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        return Finding("store", "problem", f"{file}: {error}", "Move it away and import again.")
    if version != VERSION:
        found = f"{file} has version {version}, this quantgraph reads {VERSION}"
        return Finding("store", "problem", found, "Move it away and import its files again.")
    return Finding("store", "ok", f"{file} has version {version}")


def _keys(config: Config) -> Finding:
    file, advice = config.data_path / "keys.sqlite", "Make one: `quantgraph keys create`."
    local = is_local(config)
    try:
        usable = file.exists() and KeyStore(file).usable()
    except GatewayError as error:
        return Finding("keys", "problem", error.message, "Move the file away and make new keys.")
    if usable:
        return Finding("keys", "ok", f"{file} has a key that is good now")
    if local:
        return Finding("keys", "ok", "none is needed in mock on loopback")
    return Finding("keys", "problem", "no key is good now, and one is needed", advice)


def _tls(config: Config) -> str:
    return "none, on loopback" if identity_of(config) is None else config.tls.certificate


def _certificates(tls: TlsConfig) -> Iterator[Finding]:
    for name, file in (("certificate", tls.certificate), ("authorities", tls.authorities)):
        with suppress(OSError):  # the look at TLS has told of it
            if file:
                yield _certificate(name, file, Path(file).expanduser().read_bytes())


def _certificate(name: str, file: str, pem: bytes) -> Finding:
    check, now = f"{name} expiry", datetime.now(UTC)
    advice = "Have it renewed, name the new one in [tls] and restart: clients refuse it else."
    try:
        good = validity_of(pem)
    except ValueError as error:
        return Finding(check, "problem", f"{file}: {error}", "Name a PEM file of certificates.")
    if now < good.since:
        return Finding(check, "problem", f"{file} is good from {good.since:%Y-%m-%d} on", advice)
    if now > good.until:
        return Finding(check, "problem", f"{file} has expired on {good.until:%Y-%m-%d}", advice)
    found = f"{file} is good until {good.until:%Y-%m-%d}"
    if good.until - now < _RENEWAL:
        return Finding(check, "warning", found, advice)
    return Finding(check, "ok", found)


def _skew(server: str) -> Finding:
    try:
        slow = skew_of(server)
    except (OSError, ValueError) as error:
        text = f"{server} does not tell the time: {error}"
        return Finding("time server", "warning", text, "Name another one with --ntp.")
    found = f"by {server} this clock is {abs(slow):.3f} s {'slow' if slow > 0 else 'fast'}"
    state = "ok" if abs(slow) < _LITTLE_S else "warning" if abs(slow) < _FAR_S else "problem"
    return Finding("time server", state, found, "" if state == "ok" else _SET_RIGHT)


def _documents(config: Config) -> str:
    load_trusted(config.http)
    return config.http.manifest or "any are taken"


def _clock(folder: Path) -> Finding:
    """Judge the clock by what is at hand: files of its own future, and whether it is kept."""
    newest = max((each.stat().st_mtime for each in folder.glob("*") if each.is_file()), default=0.0)
    ahead = newest - time.time()
    if ahead > _SKEW_S:
        found = f"a file in {folder} is {ahead:.0f} s newer than the clock of this machine"
        return Finding("clock", "problem", found, _SET_RIGHT)
    if _synchronised() is False:
        return Finding("clock", "warning", "this machine's clock is not synchronised", _SET_RIGHT)
    return Finding("clock", "ok", time.strftime("%Y-%m-%dT%H:%M:%S%z"))


def _synchronised() -> bool | None:
    """Return what systemd knows of it, None where there is none to ask."""
    program = shutil.which("timedatectl")
    if program is None:
        return None
    asked = [program, "show", "--property=NTPSynchronized", "--value"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603 no input of others
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(told.stdout.strip())


def _asked(check: str, ask: Callable[[], str], advice: str) -> Finding:
    try:
        return Finding(check, "ok", ask())
    except GatewayError as error:
        return Finding(check, "problem", error.message, advice)


def _with_lines(file: Path, message: str) -> str:
    """Return the message with the line of each key that it names."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return message
    places = _places(lines)

    def placed(match: re.Match[str]) -> str:
        line = places.get(match[1])
        return match[0] if line is None else f"  line {line}: {match[1]}:"

    return re.sub(r"^  ([\w.-]+):", placed, message, flags=re.MULTILINE)


def _places(lines: list[str]) -> dict[str, int]:
    """Return the line of each `section.key` of a TOML file; the first of those that come twice."""
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("["):
            section = line.strip().partition("]")[0].strip("[ ") + "."
            found.setdefault(section.rstrip("."), number)
        elif entry := _ENTRY.match(line):
            found.setdefault(section + entry[1], number)
    return found
