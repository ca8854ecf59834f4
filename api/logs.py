"""Structured logs on standard error: for people on a terminal, JSON for machines."""

import logging
import sys

import structlog

from quantgraph.config import LoggingConfig


def configure(config: LoggingConfig) -> None:
    """Set up structlog, and send the standard library's loggers the same way."""
    level = getattr(logging, config.level.upper())
    readable = config.format == "console" or (config.format == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        # Never with local variables: they hold keys, orders and account numbers.
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
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
        processors=[*shared, *trace, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *trace, renderer],
        foreign_pre_chain=shared,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)
