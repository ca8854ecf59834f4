"""What a gateway tells those who run it, in config.toml."""

from typing import Literal

from quantgraph.wires import Positive, Section


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
