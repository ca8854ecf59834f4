"""The exchange in a child process: the gateway's end of the pipes."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog

from quantgraph.backends.sim.engine.messages import (
    HEAD,
    Act,
    Adopt,
    Advance,
    Answer,
    Begin,
    Call,
    Enlist,
    Hurry,
    Load,
    Question,
    Quoted,
    pack,
    size,
    unpack,
)
from quantgraph.backends.sim.engine.port import Kept, Opening, Progress
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.hall import Rules
from quantgraph.backends.sim.keeping import readable
from quantgraph.domain.errors import LimitReached, Unavailable
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.reasons import Reason
from quantgraph.domain.simulation import CorporateAction
from quantgraph.domain.terminal import FateUnknownError

P = ParamSpec("P")
T = TypeVar("T")
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ChildParts:
    """How a child is begun, and what is asked before it is.

    `command` starts it; `setup` is the first message it reads. `find` tells the instrument of a
    symbol, or raises OrderRefused; `announced` tells its events. An answer comes within
    `answer_seconds`, or the child is ended. At most `calls` are on their way at once.
    """

    command: Sequence[str]
    setup: object
    find: Callable[[str], Awaitable[Instrument]]
    announced: Callable[[str], tuple[CorporateAction, ...]]
    answer_seconds: float = 30.0
    calls: int = 4_096
    stop_seconds: float = 5.0


class ChildEngine:
    """Implements `Engine`. The child ends with the gateway, also where that is killed.

    A child that died stays dead until a new world begins: its orders and money are gone.
    """

    def __init__(self, parts: ChildParts) -> None:
        """Start nothing: `begin` does."""
        self._parts = parts
        self._child: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._count = 0
        # Before it an advance changes nothing (epoch ms); None: that is not known.
        self._next: int | None = None
        # Up to where time has passed without the child being told, epoch ms.
        self._untold: int | None = None
        # The number of the advance that is under way.
        self._moving: int | None = None
        self._tell: Callable[[], None] = _nothing
        self._lost = False

    @property
    def apart(self) -> bool:
        """Return True."""
        return True

    @property
    def lost(self) -> bool:
        """Whether the child died or was ended because it did not answer."""
        return self._lost

    @property
    def pid(self) -> int | None:
        """The child's process id, None before the first world."""
        return None if self._child is None else self._child.pid

    def watch(self, lost: Callable[[], None]) -> None:
        """Call `lost` when the child is gone without having been closed."""
        self._tell = lost

    async def begin(self, opening: Opening) -> None:
        """Open a world, in a new child where there is none."""
        if self._child is None or self._lost:
            await self._spawn()
        await self._ask(Begin(opening))

    async def load(self, kept: Kept) -> None:
        """Read a state, in a new child where there is none."""
        with readable():
            quoted = tuple([await self._quoted(symbol) for symbol in kept.live])
        if self._child is None or self._lost:
            await self._spawn()
        await self._ask(Load(kept, quoted))

    async def adopt(self, rules: Rules) -> None:
        """Go on from it."""
        await self._ask(Adopt(rules))

    async def enlist(self, symbol: str, day: date) -> None:
        """List a symbol for a day. Raises OrderRefused where it is not traded on it."""
        await self._ask(Enlist(await self._quoted(symbol), day))

    async def advance(self, at: int, seconds: float = 0.0) -> Progress:
        """Let happen what can be done of what is due in so many real seconds, or until hurried."""
        if self._next is not None and at < self._next:
            self._untold = at  # a second in which no screen changes costs nobody a turn
            return Progress([], None)
        self._untold = None
        moving = self._moving = self._count + 1
        try:
            return await self._ask(Advance(at, seconds))
        finally:
            if self._moving == moving:
                self._moving = None

    def hurry(self) -> None:
        """Let an advance end with the step that it is at."""
        pipe = None if self._child is None else self._child.stdin
        if self._moving is not None and pipe is not None and not self._lost:
            with contextlib.suppress(ConnectionError):
                pipe.write(pack(Hurry(self._moving)))

    async def act(
        self, work: Callable[Concatenate[Exchange, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do something at the exchange."""
        reached, self._untold = self._untold, None
        return await self._ask(Act(work, args, kwargs, soon=False, reached=reached), alters=True)

    async def attach(
        self, work: Callable[Concatenate[Exchange, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do what hangs on no instant, between two steps of whatever the child does."""
        return await self._ask(Act(work, args, kwargs, soon=True), alters=True)

    async def look(
        self, work: Callable[Concatenate[Exchange, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Read something, between two steps of whatever the child does."""
        return await self._ask(Act(work, args, kwargs, soon=True))

    async def close(self) -> None:
        """Let the child end, and end it where it does not."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            async with asyncio.timeout(self._parts.stop_seconds):
                await child.wait()
        except TimeoutError:
            _kill(child)
            await child.wait()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _quoted(self, symbol: str) -> Quoted:
        # Told each time: a child may be a new one, and the world another.
        return Quoted(await self._parts.find(symbol), self._parts.announced(symbol))

    async def _spawn(self) -> None:
        await self.close()
        # It runs the same code, wherever ours was found.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._child = await asyncio.create_subprocess_exec(
            *self._parts.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        self._lost = False
        self._reader = asyncio.create_task(self._read(self._child))
        _logger.info("exchange_started", pid=self._child.pid)
        await self._write(pack(self._parts.setup))

    async def _ask(self, question: Question, *, alters: bool = False) -> Any:  # noqa: ANN401 - as the question has it
        """Return the answer; `alters`: where none comes it may have been done all the same."""
        if self._child is None or self._lost:
            raise _gone()
        if len(self._pending) >= self._parts.calls:
            text = f"{self._parts.calls} calls wait for the simulated exchange; try again later."
            raise LimitReached(Reason.OVERLOADED, text)
        self._count += 1
        number = self._count
        message = pack(Call(number, question))
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._pending[number] = answer
        # Not `asyncio.timeout`: a look may begin without a task. An end that the child is brought
        # to ends the writing as well.
        timer = loop.call_later(self._parts.answer_seconds, self._abandon)
        try:
            await self._write(message)
            return await answer
        except _LostError:
            raise (_unknown() if alters else _gone()) from None
        finally:
            timer.cancel()
            self._pending.pop(number, None)

    async def _write(self, message: bytes) -> None:
        pipe = None if self._child is None else self._child.stdin
        if pipe is None:
            raise _gone()
        with contextlib.suppress(ConnectionError):  # the reader sees that it is gone
            pipe.write(message)
            await pipe.drain()

    async def _read(self, child: asyncio.subprocess.Process) -> None:
        pipe = child.stdout
        if pipe is None:
            return
        try:
            while True:
                body = await pipe.readexactly(size(await pipe.readexactly(HEAD)))
                self._settle(unpack(body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._fail(child)

    def _settle(self, answer: Answer) -> None:
        self._next = answer.next
        waiting = self._pending.get(answer.number)
        if waiting is None or waiting.done():
            return
        if answer.error is not None:
            waiting.set_exception(answer.error)
        elif answer.defect is not None:
            waiting.set_exception(RuntimeError(answer.defect))
        else:
            waiting.set_result(answer.value)

    def _fail(self, child: asyncio.subprocess.Process) -> None:
        """Take note that a child is gone; whoever waits for it is told."""
        self._next = None
        for waiting in self._pending.values():
            if not waiting.done():
                waiting.set_exception(_LostError())
        _kill(child)
        if self._child is child and not self._lost:
            self._lost = True
            _logger.error("exchange_lost", pid=child.pid)
            self._tell()

    def _abandon(self) -> None:
        """End a child that does not answer."""
        if self._child is not None:
            _logger.error("exchange_silent", seconds=self._parts.answer_seconds)
            _kill(self._child)


class _LostError(Exception):
    """The child went while a call waited for its answer."""


def _nothing() -> None:
    """Tell nobody."""


def _kill(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.kill()


def _unknown() -> FateUnknownError:
    return FateUnknownError("The simulated exchange's process is gone.")


def _gone() -> Unavailable:
    text = (
        "The process of the simulated exchange has ended; its orders and money are lost. Restore a "
        "snapshot or restart the gateway."
    )
    return Unavailable(Reason.EXCHANGE_LOST, text)
