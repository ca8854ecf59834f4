"""Keeps a process of ours running: begun, watched, begun again with patience, ended with us."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import structlog

_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
# Who has run so long has not failed at its start.
_SETTLED_S = 60.0


@dataclass(frozen=True, slots=True)
class KeptProcess:
    """What is run, and how patient its keeper is; times in seconds.

    It ends by itself when its standard input does: so it cannot outlive us, whatever ends us.
    `answers` says whether it does; one that has not for `silent_s`, or for `start_s` where it has
    not answered yet, is killed and begun again.
    `first_s`, doubled up to `most_s`, is waited before each further start; `grace_s` for its end.
    """

    name: str
    command: Sequence[str]
    answers: Callable[[], bool]
    silent_s: float = 60.0
    start_s: float = 120.0
    first_s: float = 1.0
    most_s: float = 30.0
    grace_s: float = 15.0
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


class Keeper:
    """Keeps one process until it is closed."""

    def __init__(self, kept: KeptProcess) -> None:
        """Begin nothing before `start`."""
        self._kept = kept
        self._child: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._reread = False

    @property
    def process(self) -> int | None:
        """The id of the process that runs now."""
        child = self._child
        return None if child is None or child.returncode is not None else child.pid

    def reread(self) -> None:
        """Have it read its configuration again as soon as it answers.

        Before, it would not know the signal; where the system has none its next life reads it.
        """
        self._reread = hasattr(signal, "SIGHUP")

    def start(self) -> None:
        """Begin it, and keep it from now on."""
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def close(self) -> None:
        """End it by the end of its input, or kill it where that does not do within its time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        child = self._child
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        # One that does not answer will not hear of it either.
        grace = self._kept.grace_s if self._kept.answers() else 0.0
        try:
            async with asyncio.timeout(grace):
                await child.wait()
        except TimeoutError:
            await _kill(child)

    async def _keep(self) -> None:
        pause, kept = self._kept.first_s, self._kept
        while True:
            began = monotonic()
            try:
                why = await self._live()
            except OSError as error:
                why = str(error)
            if monotonic() - began > _SETTLED_S:
                pause = kept.first_s
            _logger.error("agent_ended", agent=kept.name, why=why, again_in_s=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, kept.most_s)

    async def _live(self) -> str:
        """Run it once; return how it ended."""
        command, settings = self._kept.command, _apart()
        self._child = child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            env=dict(self._kept.environment),
            **settings,
        )
        _logger.info("agent_begun", agent=self._kept.name, process=child.pid)
        silence = _Silence(self._kept)
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(1.0, self._kept.silent_s)):
                    return f"it ended with code {await child.wait()}"
            if self._reread and self._kept.answers():
                self._reread = False
                child.send_signal(signal.SIGHUP)
            if silence.too_long():
                await _kill(child)
                return f"it did not answer for {silence.limit:g} s and was killed"


class _Silence:
    """How long one life has not answered."""

    def __init__(self, kept: KeptProcess) -> None:
        self._kept = kept
        self._heard = monotonic()
        # What is still told of the life before is no answer of this one.
        self._quiet = self._met = False

    @property
    def limit(self) -> float:
        return self._kept.silent_s if self._met else self._kept.start_s

    def too_long(self) -> bool:
        """Look, and return whether it has not answered for too long."""
        if self._kept.answers():
            self._heard, self._met = monotonic(), self._met or self._quiet
        else:
            self._quiet = True
        return monotonic() - self._heard > self.limit


def _apart() -> dict[str, Any]:
    """Return what keeps Ctrl-C from it: we end first, and tell it."""
    if sys.platform == "win32":
        import subprocess

        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


async def _kill(child: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        child.kill()
    await child.wait()
