"""Structured logs: on standard error for people or machines, and in rotated files."""

import logging
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import structlog

from api.log_files import Keeping, RotatedFile
from api.log_lines import act_json, call_json, call_text, event_json
from api.log_writer import Event, Failure, Line, LogWriter, Route
from quantgraph.domain.audit import Act
from quantgraph.domain.calls import Call
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.redaction import redact
from quantgraph.watching import LoggingConfig

# What finds an order or a request again; a terminal's ids may be numbers as long as an account's.
_IDS = frozenset({"order_id", "order", "broker", "broker_order", "request_id", "timestamp"})
_FAILURES = frozenset({"error", "critical"})


def configure(config: LoggingConfig) -> LogWriter:
    """Send structlog, and the standard library's loggers, to a writer; close it at the end.

    Raises StartupError CONFIG_INVALID for a folder that cannot be used.
    """
    routes = _routes(config)
    files = {out for each in routes.values() for _, out in each if isinstance(out, RotatedFile)}
    writer = LogWriter(routes, config.queue_lines, tuple(files))
    level = getattr(logging, config.level.upper())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Never with local variables: they hold keys, orders and account numbers.
            structlog.processors.format_exc_info,
            _clean,
            _whole,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Sink(writer),
    )
    handler = _Forward(max(level, logging.WARNING))
    logging.basicConfig(handlers=[handler], level=handler.level, force=True)
    return writer


def _routes(config: LoggingConfig) -> dict[type[Line], list[Route]]:
    routes: defaultdict[type[Line], list[Route]] = defaultdict(list)
    stream = sys.stderr
    readable = config.format == "console" or (config.format == "auto" and stream.isatty())
    event = _Console(colors=stream.isatty()) if readable else event_json
    for kind in (Event, Failure):
        routes[kind].append((event, stream))
    if config.folder:
        _add_files(config, routes)
    elif config.requests:
        routes[Call].append((call_text if readable else call_json, stream))
    return dict(routes)


def _add_files(config: LoggingConfig, routes: dict[type[Line], list[Route]]) -> None:
    folder = Path(config.folder).expanduser()
    keeping = Keeping(config.file_mb * 1_000_000, config.files, config.days, config.compress)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        whole = RotatedFile(folder / "gateway.log", keeping)
        failures = RotatedFile(folder / "errors.log", keeping)
        acts = RotatedFile(folder / "audit.log", keeping)
        requests = RotatedFile(folder / "requests.log", keeping) if config.requests else None
    except OSError as error:
        text = f"logging.folder {folder} cannot be written: {error.strerror or error}."
        raise StartupError(Reason.CONFIG_INVALID, text, folder=str(folder)) from None
    routes[Event].append((event_json, whole))
    routes[Failure] += [(event_json, whole), (event_json, failures)]
    routes[Act] = [(act_json, acts)]
    if requests is not None:
        routes[Call] = [(call_json, requests)]


class _Sink:
    """What structlog calls with a finished event, whatever its level."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer

    def msg(self, event: structlog.typing.EventDict) -> None:
        kind = Failure if event.get("level") in _FAILURES else Event
        self._writer.put(kind(event))

    debug = info = warning = error = critical = msg


class _Forward(logging.Handler):
    """Has the standard library's records told as structlog's events."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


class _Console:
    """An event for people."""

    def __init__(self, *, colors: bool) -> None:
        self._show = structlog.dev.ConsoleRenderer(
            colors=colors, exception_formatter=structlog.dev.plain_traceback
        )

    def __call__(self, event: Event) -> str:
        return f"{self._show(None, '', dict(event))}\n"


def _clean(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Take account numbers out of everything but ids: logs are read by others than traders."""
    for name, value in event.items():
        if isinstance(value, str) and name not in _IDS:
            event[name] = redact(value)
    return event


def _whole(
    _: object, __: str, event: structlog.typing.EventDict
) -> tuple[tuple[structlog.typing.EventDict], dict[str, Any]]:
    """Hand an event over as it is: the writer's thread gives it its form."""
    return (event,), {}
