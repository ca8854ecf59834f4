"""How the two wires listen, in config.toml."""

from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from quantgraph.domain.system import Mode

Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[int, Field(gt=0)]
Switch = bool | Literal["auto"]


def shown(switch: Switch, mode: Mode) -> bool:
    """Return whether something that shows the contract is on; "auto" is, except in prod."""
    return mode is not Mode.PROD if switch == "auto" else switch


def split_target(text: str) -> tuple[str, int] | None:
    """Return host and port of a target, as "10.0.0.5:50051" or "[::1]:50051"; else None."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    told = port.isascii() and port.isdigit() and 0 < int(port) < 65_536
    return (host, int(port)) if told and host and "/" not in host else None


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Section(BaseModel):
    """A part of config.toml: an unknown key stops the start."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpConfig(Section):
    """The GraphQL wire."""

    host: str = "127.0.0.1"
    port: Port = 8000
    get_queries: bool = False
    documents: Literal["any", "log", "enforce"] = "any"
    manifest: str = ""
    status_codes: Literal["stable", "draft"] = "stable"
    connections: Positive = 10_000
    head_seconds: Positive = 10
    max_head_bytes: Positive = 65_536
    max_body_bytes: Positive = 262_144
    body_seconds: Positive = 20
    write_seconds: Positive = 30
    stall_seconds: Positive = 10
    gather_ms: Annotated[int, Field(ge=0, le=100)] = 5
    init_seconds: Positive = 10
    reservation_seconds: Positive = 10
    compression: bool = True
    graphiql: Switch = "auto"
    introspection: Switch = "auto"
    suggestions: Switch = "auto"
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _named(self) -> "HttpConfig":
        if self.documents != "any" and not self.manifest:
            raise ValueError(f"documents = {self.documents!r} needs a manifest")
        return self


class TlsConfig(Section):
    """What both wires show their clients; paths of PEM files."""

    certificate: str = ""
    key: str = ""
    authorities: str = ""

    @model_validator(mode="after")
    def _whole(self) -> "TlsConfig":
        if not self.certificate and (self.key or self.authorities):
            raise ValueError("key and authorities are of no use without a certificate")
        return self


class GrpcConfig(Section):
    """The gRPC wire."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 50_051
    reflection: Switch = "auto"
    gather_ms: Annotated[int, Field(ge=0, le=100)] = 5
    max_message_bytes: Positive = 4_194_304
    calls: Positive = 10_000
    connections: Positive = 10_000
    idle_seconds: Positive = 300
    handshake_seconds: Positive = 10
