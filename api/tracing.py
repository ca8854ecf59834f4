"""Switches traces on: only then is OpenTelemetry imported."""

from collections.abc import Awaitable
from typing import Protocol

from quantgraph.config import Config
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.services.calls import Tracer


class OpenTracer(Tracer, Protocol):
    """A tracer that has to be closed."""

    def close(self) -> Awaitable[None]:
        """Send what waits, as long as a stop may take."""
        ...


def open_tracer(config: Config) -> OpenTracer | None:
    """Return what traces requests; None where `tracing.endpoint` is empty.

    Raises StartupError CONFIG_INVALID where OpenTelemetry is not installed.
    """
    if not config.tracing.endpoint:
        return None
    try:
        from api.otlp import OtlpTracer
    except ModuleNotFoundError as error:
        text = (
            f"tracing.endpoint needs {error.name}, which is not installed: "
            'pip install "quantgraph[tracing]".'
        )
        raise StartupError(Reason.CONFIG_INVALID, text) from None
    return OtlpTracer(config.tracing, config.mode)
