"""Structured logs on standard error: for people on a terminal, JSON for machines."""

import io
import logging
import sys
from typing import TextIO

import structlog

from quantgraph.config import LoggingConfig
from quantgraph.domain.redaction import redact

# What finds an order or a request again; a terminal's ids may be numbers as long as an account's.
_IDS = frozenset({"order_id", "order", "broker", "broker_order", "request_id", "timestamp"})


def configure(config: LoggingConfig) -> None:
    """Set up structlog, and send the standard library's loggers the same way."""
    level = getattr(logging, config.level.upper())
    readable = config.format == "console" or (config.format == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        # Never with local variables: they hold keys, orders and account numbers.
        structlog.dev.ConsoleRenderer(exception_formatter=_traceback)
        if readable
        else structlog.processors.JSONRenderer()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    trace = [] if readable else [structlog.processors.format_exc_info]
    structlog.configure(
        processors=[*shared, *trace, _clean, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *(*trace, _clean, renderer),
        ],
        foreign_pre_chain=shared,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def _clean(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Take account numbers out of everything but ids: logs are read by others than traders."""
    for name, value in event.items():
        if isinstance(value, str) and name not in _IDS:
            event[name] = redact(value)
    return event


def _traceback(out: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    text = io.StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    out.write(redact(text.getvalue()))
