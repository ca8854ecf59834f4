"""How every Python peer is started: its arguments, and uvicorn at its fastest."""

import sys
from pathlib import Path
from typing import Any

import uvicorn

from bench.graphql.columns import Columns, load


def arguments() -> tuple[int, Columns]:
    """Return the port and the columns that the command line names."""
    return int(sys.argv[1]), load(Path(sys.argv[2]))


def run(app: Any, port: int) -> None:
    """Serve with uvloop and httptools on loopback, without a line per request."""
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", log_level="error")
