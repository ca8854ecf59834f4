"""Connections whose request has not arrived: each may wait so long, and say so much meanwhile."""

import sys
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from quantgraph.config import HttpConfig

# File descriptors that are left to all else: gRPC, the store, connections of our own.
_RESERVED = 200
_log = structlog.get_logger(__name__)


class Guest(Protocol):
    """A connection that waits."""

    def dismiss(self) -> None:
        """End at once, and without a word."""
        ...


@dataclass(slots=True)
class Lobby:
    """`most` connections may be open; the head of a request has `seconds` and `head_bytes`."""

    most: int
    seconds: float
    head_bytes: int
    waiting: dict[Guest, None] = field(default_factory=dict[Guest, None])

    def room(self, held: int) -> bool:
        """Return whether one of `held` connections may stay; the oldest that waits goes for it.

        Whoever opens connections and asks nothing keeps nobody else out.
        """
        if held <= self.most:
            return True
        oldest = next(iter(self.waiting), None)
        if oldest is None:
            _log.warning("connections_full", connections=held)
            return False
        del self.waiting[oldest]
        oldest.dismiss()
        return True

    def adopt(self, config: HttpConfig) -> None:
        """Bound those that come from now on by new limits; who is in stays."""
        new = lobby_of(config)
        self.most, self.seconds, self.head_bytes = new.most, new.seconds, new.head_bytes


def lobby_of(config: HttpConfig) -> Lobby:
    """Return an empty one, of no more connections than this process may have files open."""
    return Lobby(min(config.connections, openable()), config.head_seconds, config.max_head_bytes)


def openable() -> int:
    """Return how many connections this process may have open beside all else."""
    if sys.platform == "win32":  # no limit of the process there
        return sys.maxsize
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else max(soft - _RESERVED, soft // 2)
