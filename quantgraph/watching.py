"""What a gateway tells those who run it, in config.toml."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from quantgraph.wires import Positive, Section, is_loopback


class LoggingConfig(Section):
    """Structured logs: to standard error, and into files that are rotated."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"
    requests: bool = True
    folder: str = ""
    file_mb: Positive = 50
    files: Positive = 10
    days: Positive = 90
    compress: bool = True
    queue_lines: Positive = 10_000


class MetricsConfig(Section):
    """Who may read /metrics."""

    access: Literal["loopback", "key", "off"] = "loopback"


class ShutdownConfig(Section):
    """How long a stop takes at most."""

    notice_seconds: Annotated[int, Field(ge=0, le=300)] = 0
    drain_seconds: Annotated[int, Field(ge=0, le=3_600)] = 10


# Arguments that are told nowhere, whoever wishes it.
SECRET = frozenset({"accountId", "accountIds", "secret", "clientOrderId"})


class TracingConfig(Section):
    """Spans of requests, and the OpenTelemetry collector that they are sent to."""

    endpoint: str = ""
    sample: Annotated[float, Field(gt=0, le=1)] = 0.1
    arguments: tuple[str, ...] = ("symbol", "symbols", "period", "adjustment")
    service: Annotated[str, Field(min_length=1, max_length=100)] = "quantgraph"
    queue_spans: Annotated[int, Field(ge=16, le=1_000_000)] = 8_192
    export_seconds: Annotated[int, Field(gt=0, le=60)] = 5

    @field_validator("endpoint")
    @classmethod
    def _reached(cls, value: str) -> str:
        """Spans name symbols and keys' ids: beyond this machine they go through TLS alone."""
        parts = urlsplit(value)
        if not value or (parts.scheme == "https" and parts.netloc):
            return value
        if parts.scheme == "http" and is_loopback(parts.hostname or ""):
            return value
        raise ValueError("give https://host:port, or http://127.0.0.1:port on this machine")

    @field_validator("arguments")
    @classmethod
    def _tellable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        secret = sorted(SECRET.intersection(value))
        if secret:
            raise ValueError(f"{secret[0]!r} is never told")
        return value
