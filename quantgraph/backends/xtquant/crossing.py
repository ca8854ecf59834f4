"""The one place where a foreign thread enters the event loop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVarTuple

Arguments = TypeVarTuple("Arguments")


def enter(
    loop: asyncio.AbstractEventLoop, act: Callable[[*Arguments], object], *arguments: *Arguments
) -> None:
    """Let the loop call `act` soon, from any thread; a loop that has closed hears nothing."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(act, *arguments)
