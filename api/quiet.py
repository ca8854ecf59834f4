"""What a command's own output is not mixed with."""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager

import structlog


@contextmanager
def quietly() -> Generator[None]:
    """Let parts that a command starts tell errors alone, on standard error.

    A gateway has its log; a command says itself what it found, on standard output.
    """
    kept = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        yield
    finally:
        structlog.configure(**kept)
