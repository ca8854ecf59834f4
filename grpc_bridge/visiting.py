"""Holds a connection open for the key of a stream, and ends the stream with the key."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from grpc_bridge.access import caller
from quantgraph.domain.access import Scope, present_actor
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ports.gateway import Visits


@contextmanager
def visiting(visits: Visits, scope: Scope | None) -> Generator[None]:
    """Hold the caller's connection open; probes have no key. Errors: CONNECTION_LIMIT.

    The present task is ended once the key is good no longer: UNAUTHENTICATED is raised then.
    """
    if scope is None:
        yield
        return
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 a handler always runs in a task
    why: list[GatewayError] = []

    def end(error: GatewayError) -> None:
        why.append(error)
        task.cancel()

    try:
        with visits.open(caller(), present_actor(), end):
            yield
    except asyncio.CancelledError:
        if not why:
            raise
        task.uncancel()
        raise why[0] from None
