"""Where trading terminals are, in config.toml: here or behind another gateway; and the bus."""

from collections.abc import Sequence
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from quantgraph.domain.system import Mode
from quantgraph.seeds import VenueConfig, twice
from quantgraph.wires import Positive, Section, is_loopback, split_target


class RemoteConfig(Section):
    """The gateway beside a terminal on another machine, and what is shown to it; PEM files."""

    target: str = ""
    key_file: str = ""
    tls: bool = True
    authorities: str = ""
    certificate: str = ""
    certificate_key: str = ""

    @model_validator(mode="after")
    def _whole(self) -> "RemoteConfig":
        if self.target and split_target(self.target) is None:
            raise ValueError(f"target = {self.target!r} is no host:port")
        if not self.tls and (self.authorities or self.certificate or self.certificate_key):
            raise ValueError("authorities and certificates are of no use without tls")
        if self.certificate_key and not self.certificate:
            raise ValueError("certificate_key is of no use without a certificate")
        host = split_target(self.target)
        if not self.tls and host is not None and not is_loopback(host[0]):
            raise ValueError(f"tls = false: {host[0]} is another machine; it needs tls")
        return self


class TerminalConfig(Section):
    """A trading terminal; `market_data`: whether it is asked for any. In mock "sim" makes one."""

    kind: Literal["xtquant", "remote", "sim"] = "xtquant"
    name: Annotated[str, Field(min_length=1, max_length=40)] = "qmt"
    path: str = ""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 58_610
    data_seconds: Positive = 30
    trade_seconds: Positive = 5
    market_data: bool = True
    remote: RemoteConfig = RemoteConfig()
    sim: VenueConfig = VenueConfig()

    @model_validator(mode="after")
    def _one(self) -> "TerminalConfig":
        if self.kind == "remote" and not self.remote.target:
            raise ValueError('kind = "remote" needs remote.target, the host:port of its gateway')
        if self.kind != "xtquant" and self.path:
            raise ValueError(f'path is of a real terminal: kind = "{self.kind}" has none')
        if self.kind != "remote" and self.remote.target:
            raise ValueError(f'remote.target is of no use with kind = "{self.kind}"')
        if self.kind == "sim" and not self.sim.accounts:
            raise ValueError('kind = "sim" needs sim.accounts, which no other terminal has')
        if self.kind != "sim" and self.sim != VenueConfig():
            raise ValueError(f'sim is of no use with kind = "{self.kind}"')
        return self


def check_simulated(places: Sequence[TerminalConfig], mode: Mode) -> None:
    """Keep what is simulated from what is real: nobody could tell their prices apart.

    Raises ValueError.
    """
    kinds = {each.kind: each.name for each in places}
    if "sim" not in kinds:
        return
    if mode is not Mode.MOCK:
        raise ValueError(
            f"terminal {kinds['sim']!r}: in {mode.value} nothing simulated stands beside "
            'real terminals; kind = "sim" is for mode mock'
        )
    if "xtquant" in kinds:
        raise ValueError(
            f"terminal {kinds['xtquant']!r} is a real one: it does not stand beside those of "
            'kind "sim"'
        )
    account = twice([account.id for each in places for account in each.sim.accounts])
    if account is not None:
        raise ValueError(f"[[terminals]]: two have account {account!r}")


class BusConfig(Section):
    """The NATS servers between agents and gateways, what is shown to them, and bounds."""

    url: str = ""
    token_file: str = ""
    authorities: str = ""
    certificate: str = ""
    certificate_key: str = ""
    subject: Annotated[str, Field(pattern=r"^[\w-]+(\.[\w-]+)*$", max_length=60)] = "quantgraph"
    kept_mb: Positive = 256
    kept_hours: Positive = 48
    pending_mb: Positive = 16

    @field_validator("url")
    @classmethod
    def _reached(cls, value: str) -> str:
        """Quotes and orders go over it: beyond this machine through TLS alone."""
        for each in filter(None, value.split(",")):
            parts = urlsplit(each)
            if parts.username or parts.password:
                raise ValueError("no secret belongs in a url: give token_file")
            here = parts.scheme == "nats" and is_loopback(parts.hostname or "")
            if not parts.hostname or not (here or parts.scheme == "tls"):
                raise ValueError("give tls://host:port, or nats://127.0.0.1:port on this machine")
        return value

    @model_validator(mode="after")
    def _whole(self) -> "BusConfig":
        shown = self.authorities or self.certificate or self.certificate_key
        if shown and not self.secured:
            raise ValueError("authorities and certificates are of no use without tls://")
        if self.certificate_key and not self.certificate:
            raise ValueError("certificate_key is of no use without a certificate")
        return self

    @property
    def secured(self) -> bool:
        """Whether any server is reached through TLS."""
        return "tls://" in self.url
