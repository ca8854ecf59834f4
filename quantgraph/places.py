"""Where trading terminals are, in config.toml: on this machine, or behind another gateway."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

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
    """A trading terminal of dev and prod; `market_data`: whether it is asked for any."""

    kind: Literal["xtquant", "remote"] = "xtquant"
    name: Annotated[str, Field(min_length=1, max_length=40)] = "qmt"
    path: str = ""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 58_610
    data_seconds: Positive = 30
    trade_seconds: Positive = 5
    market_data: bool = True
    remote: RemoteConfig = RemoteConfig()

    @model_validator(mode="after")
    def _one(self) -> "TerminalConfig":
        if self.kind == "remote" and not self.remote.target:
            raise ValueError('kind = "remote" needs remote.target, the host:port of its gateway')
        if self.kind == "remote" and self.path:
            raise ValueError('path is of a terminal on this machine: kind = "remote" has none')
        if self.kind == "xtquant" and self.remote.target:
            raise ValueError('remote.target is of no use with kind = "xtquant"')
        return self
