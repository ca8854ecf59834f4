"""Where an agent of this machine lives: folder, port, key, certificate and configuration."""

import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from api.local_certificate import make_certificate
from quantgraph.config import Config
from quantgraph.domain.access import Naming, Scope, Terms
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.system import Mode
from quantgraph.places import TerminalConfig
from quantgraph.store.files import replace_whole
from quantgraph.store.folder import usable_folder
from quantgraph.store.keys import KeyStore

HOST = "127.0.0.1"
# Its keys are good here alone, and it is told whose act each is.
_OURS = Terms(networks=(ip_network("127.0.0.0/8"),), names=Naming.OWN)
# Limits of its one client, which has limits of its own for whoever asks it.
_MANY = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Post:
    """Where an agent keeps its files, and how it is reached.

    The port it listens on, the key that it knows, the certificate that it alone can show (PEM).
    `desk`: the data folder whose orders it keeps, empty where it keeps none.
    """

    folder: Path
    port: int
    key: str
    certificate: bytes
    desk: str = ""

    @property
    def file(self) -> Path:
        """Its configuration."""
        return self.folder / "config.toml"


def open_post(config: Config, place: TerminalConfig) -> Post:
    """Make an agent's folder ready, configuration and all. Raises DATA_DIR_UNUSABLE."""
    agents = usable_folder(config.data_path / "agents")
    folder = agents / _named(place)
    folder.mkdir(mode=0o700, exist_ok=True)
    certificate, secret = make_certificate(HOST)
    _write(folder / "agent.pem", certificate + secret)
    # In prod the orders are those of our data folder, whoever keeps them.
    desk = str(config.data_path.parent.absolute()) if config.mode is Mode.PROD else ""
    post = Post(folder, _free_port(), _key(folder, config), certificate, desk)
    write_config(config.model_dump(mode="json", exclude_none=True), place, post)
    return post


def write_config(said: Mapping[str, Any], place: TerminalConfig, post: Post) -> None:
    """Write an agent's configuration from ours. Raises StartupError DATA_DIR_UNUSABLE."""
    _write(post.file, toml_of(agent_config(said, place, post)).encode())


def agent_config(said: Mapping[str, Any], place: TerminalConfig, post: Post) -> Mapping[str, Any]:
    """Return the agent's configuration: one terminal, one client, loopback alone."""
    logs, heads = said["logging"]["folder"], said["audit"]["head_file"]
    limits = ("key_subscriptions", "key_connections", "subscriptions", "event_streams")
    return {
        "mode": said["mode"],
        "data_dir": str(post.folder),
        "desk_dir": post.desk,
        "http": {"host": HOST, "port": 0, "graphiql": False},
        "grpc": {"host": HOST, "port": post.port},
        "tls": {"certificate": str(post.folder / "agent.pem")},
        "limits": {**said["limits"], **dict.fromkeys(limits, _MANY)},
        "rates": dict.fromkeys(said["rates"], _MANY),
        "audit": {"head_file": heads if post.desk else ""},
        "logging": {**said["logging"], "folder": f"{logs}/{_named(place)}" if logs else ""},
        "metrics": {"access": "off"},
        **{name: said[name] for name in ("trading", "cache", "downloads", "rules", "calendar")},
        **_served(said, place),
    }


def _served(said: Mapping[str, Any], place: TerminalConfig) -> Mapping[str, Any]:
    """Return what is served there: a world of its own, or the terminal that is named."""
    if place.kind == "sim":
        own = place.sim.model_dump(mode="json", exclude_none=True)
        return {"mock": {**said["mock"], **own}}
    told = place.model_dump(mode="json", exclude={"sim"})
    return {"terminal": {**told, "market_data": True}}


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


def _key(folder: Path, config: Config) -> str:
    """Return the key that the agent knows us by, made where none is that may what ours must.

    But for dev it turns switches as well. Whether a client of ours may is judged here.
    """
    file = folder / "agent.key"
    scope = Scope.READ if config.mode is Mode.DEV else Scope.ADMIN
    keys = KeyStore(usable_folder(folder / config.mode.value) / "keys.sqlite")
    held = file.read_text("ascii") if file.exists() else ""
    known = keys.check(held)
    if known is not None and known.scope is scope and known.terms == _OURS:
        return held
    if known is not None:
        keys.revoke(known.key_id)
    made = keys.create(scope, None, _OURS)
    _write(file, made.encode())
    return made


def _write(file: Path, content: bytes) -> None:
    try:
        replace_whole(file, content, private=True)
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
