"""Terminals of this machine, each in a process of its own: a gateway over them, as over others."""

import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from api.keeper import Keeper, KeptProcess
from quantgraph.backends.remote.backend import RemoteSettings, RemoteTerminal
from quantgraph.backends.remote.channel import Target
from quantgraph.config import Config
from quantgraph.domain.access import Scope, Terms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import StartupError
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.reasons import Reason
from quantgraph.places import TerminalConfig
from quantgraph.store.files import replace_whole
from quantgraph.store.folder import usable_folder
from quantgraph.store.keys import KeyStore

# What runs an agent, but for its arguments.
COMMAND: Sequence[str] = (sys.executable, "-m", "quantgraph")
HOST = "127.0.0.1"
# Seconds without a sign of life until an agent is begun anew: its SDK may stand still for a while.
SILENT_S = 60.0
_HERE = Terms(networks=(ip_network("127.0.0.0/8"),))
# Limits of its one client, which has limits of its own for whoever asks it.
_MANY = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Post:
    """Where an agent keeps its files, the port it listens on, and the key that it knows."""

    folder: Path
    port: int
    key: str


def open_isolated(config: Config, place: TerminalConfig, clock: Clock) -> Backend:
    """Return a terminal whose SDK lives in an agent of its own, begun by `start`.

    Raises StartupError DATA_DIR_UNUSABLE.
    """
    post = _post(config, place)
    file = post.folder / "config.toml"
    _write(file, toml_of(agent_config(config, place, post)))
    target = Target(f"{HOST}:{post.port}", post.key)
    settings = RemoteSettings(place.name, target, float(place.data_seconds), config.mode)
    terminal = RemoteTerminal(settings, clock)
    link = terminal.agent.link
    command = (*COMMAND, "serve", "--config", str(file), "--tied")
    alive = (place.name, command, lambda: link.state.connected, SILENT_S)
    kept = KeptProcess(*alive, environment=_environment())
    return kept_backend(terminal.backend(), Keeper(kept))


def kept_backend(backend: Backend, keeper: Keeper) -> Backend:
    """Return a terminal whose agent lives as long as it."""

    async def start() -> None:
        keeper.start()
        await backend.start()

    async def close() -> None:
        await backend.close()
        await keeper.close()

    return replace(backend, start=start, close=close)


def agent_config(config: Config, place: TerminalConfig, post: Post) -> Mapping[str, Any]:
    """Return the agent's configuration: one terminal, one client, loopback alone."""
    said = config.model_dump(mode="json", exclude_none=True)
    logs = said["logging"]["folder"]
    limits = ("key_subscriptions", "key_connections", "subscriptions", "event_streams")
    rates = dict.fromkeys(said["rates"], _MANY)
    return {
        "mode": said["mode"],
        "data_dir": str(post.folder),
        "http": {"host": HOST, "port": 0, "graphiql": False},
        "grpc": {"host": HOST, "port": post.port},
        "limits": {**said["limits"], **dict.fromkeys(limits, _MANY)},
        "rates": rates,
        "terminal": {**place.model_dump(mode="json"), "market_data": True},
        "logging": {**said["logging"], "folder": f"{logs}/{_named(place)}" if logs else ""},
        "metrics": {"access": "off"},
        **{name: said[name] for name in ("trading", "cache", "downloads", "rules", "calendar")},
    }


def toml_of(values: Mapping[str, Any]) -> str:
    """Return values that JSON has as TOML, a line for each key."""
    return "".join(f"{name} = {_value(value)}\n" for name, value in values.items())


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        named = cast("Mapping[str, object]", value)
        inner = (f"{json.dumps(name)} = {_value(each)}" for name, each in named.items())
        return f"{{ {', '.join(inner)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, cast('Sequence[object]', value)))}]"
    return json.dumps(value, ensure_ascii=False)


def _post(config: Config, place: TerminalConfig) -> Post:
    agents = usable_folder(config.data_path / "agents")
    folder = agents / _named(place)
    folder.mkdir(mode=0o700, exist_ok=True)
    return Post(folder, _free_port(), _key(folder, config))


def _key(folder: Path, config: Config) -> str:
    """Return the key that the agent knows us by, made at the first start; it only reads."""
    file = folder / "agent.key"
    keys = KeyStore(usable_folder(folder / config.mode.value) / "keys.sqlite")
    held = file.read_text("ascii") if file.exists() else ""
    if keys.check(held) is not None:
        return held
    made = keys.create(Scope.READ, None, _HERE)
    _write(file, made)
    return made


def _write(file: Path, text: str) -> None:
    try:
        replace_whole(file, text.encode(), private=True)
    except OSError as error:
        text = f"The file {file} cannot be written: {error.strerror or error}."
        raise StartupError(Reason.DATA_DIR_UNUSABLE, text, file=str(file)) from None


def _named(place: TerminalConfig) -> str:
    """Return a name of the terminal that any file system takes."""
    return f"terminal-{quote(place.name, safe='')}"


def _free_port() -> int:
    """Return a port that nobody listens on now: every life of the agent has the same."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _environment() -> Mapping[str, str]:
    """Return ours without what would change the agent's configuration."""
    own = ("QUANTGRAPH_", "APP_MODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}
