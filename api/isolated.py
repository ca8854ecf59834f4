"""Terminals of this machine, each in a process of its own: a gateway over them, as over others."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import structlog

from api.keeper import Keeper, KeptProcess
from api.posts import HOST, Post, open_post, write_config
from quantgraph.backends.remote.backend import RemoteSettings, RemoteTerminal
from quantgraph.backends.remote.channel import Certificates, Target
from quantgraph.config import Config
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ports.backend import Backend
from quantgraph.places import TerminalConfig

_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
# What runs an agent, but for its arguments.
COMMAND: Sequence[str] = (sys.executable, "-m", "quantgraph")
# Seconds without a sign of life until an agent is begun anew: its SDK may stand still for a while.
SILENT_S = 60.0
# Seconds for its end: what it has sent to the terminal may take ten to be answered.
_GRACE_S = 25.0
Write: TypeAlias = Callable[[Mapping[str, Any]], None]


def open_isolated(config: Config, place: TerminalConfig, clock: Clock) -> Backend:
    """Return a terminal whose SDK lives in an agent of its own, begun by `start`.

    In prod the agent has the desk: it keeps the orders of our data folder. Raises StartupError
    DATA_DIR_UNUSABLE.
    """
    post = open_post(config, place)
    settings = RemoteSettings(place.name, reached(post), float(place.data_seconds), config.mode)
    terminal = RemoteTerminal(settings, clock)
    link = terminal.agent.link
    keeper = Keeper(_kept(place, post, lambda: link.state.connected))
    hand = Handed(lambda said: write_config(said, place, post), keeper)
    return kept_backend(terminal.backend(), keeper, hand)


def reached(post: Post) -> Target:
    """Return how an agent is reached: by nobody else's certificate, and told whose act each is."""
    certificates = Certificates(post.certificate)
    return Target(f"{HOST}:{post.port}", post.key, certificates)


def kept_backend(backend: Backend, keeper: Keeper, hand: "Handed") -> Backend:
    """Return a terminal whose agent lives as long as it."""

    async def start() -> None:
        keeper.start()
        await backend.start()

    async def close() -> None:
        await hand.close()
        await backend.close()
        await keeper.close()

    return replace(backend, start=start, close=close, adopt=hand.adopt)


class Handed:
    """Hands a changed configuration on to an agent, the newest last."""

    def __init__(self, write: Write, keeper: Keeper) -> None:
        """Write by `write`, which blocks; `keeper` has the agent read it."""
        self._write, self._keeper = write, keeper
        self._said: Mapping[str, Any] | None = None
        self._task: asyncio.Task[None] | None = None

    def adopt(self, said: Mapping[str, Any]) -> None:
        """Hand it on; the loop does not wait for it."""
        self._said = said
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._hand())

    async def close(self) -> None:
        """Hand nothing on any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _hand(self) -> None:
        while self._said is not None:
            said, self._said = self._said, None
            try:
                await asyncio.to_thread(self._write, said)
            except GatewayError:
                _logger.exception("agent_config_unwritten")
            else:
                self._keeper.reread()


def _kept(place: TerminalConfig, post: Post, answers: Callable[[], bool]) -> KeptProcess:
    command = (*COMMAND, "serve", "--config", str(post.file), "--tied")
    alive = partial(KeptProcess, place.name, command, answers, SILENT_S)
    return alive(grace_s=_GRACE_S, environment=_environment())


def _environment() -> Mapping[str, str]:
    """Return ours without what would change the agent's configuration."""
    own = ("QUANTGRAPH_", "APP_MODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}
