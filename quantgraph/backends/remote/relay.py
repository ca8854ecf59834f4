"""Streams of the agent's logs, handed on with its own numbers: a cut is gone on behind."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from google.protobuf.message import Message

from quantgraph.backends.remote.failures import offline
from quantgraph.backends.remote.line import DeskLine
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor, SourceState, StreamKind
from quantgraph.domain.subscriptions import Tally, attach

# Seconds between two signs that the agent is away, as between any stream's heartbeats, and
# before it is asked anew.
_HEARTBEAT_S = 5.0
_AGAIN_S = 0.5
_PLACED = frozenset({StreamKind.UPDATE, StreamKind.CAUGHT_UP})


class Logged(Protocol):
    """An item of a log's stream."""

    @property
    def kind(self) -> StreamKind:
        """What it is."""
        ...

    @property
    def epoch(self) -> str:
        """Of which log it is."""
        ...

    @property
    def sequence(self) -> int | None:
        """Its number there."""
        ...


Item = TypeVar("Item", bound=Logged)
Words: TypeAlias = tuple[
    Callable[[LogCursor], Message],
    Callable[[bytes], Item],
    Callable[[str, SourceState], Item],
]


@dataclass(slots=True)
class _Reader:
    """Whose log is read, and how much of it was told."""

    account_id: str
    delivered: int = 0

    def tally(self) -> Tally:
        """Return how it keeps up; how far it lags is known where the log is."""
        return Tally(self.delivered, 0, 0, None, self.account_id)


class Relay:
    """Keeps every stream of the agent's that somebody here reads; nothing is kept of its items.

    Every attempt fails where the agent lives in another mode, the first one as the agent says.
    Whoever has begun is told that the agent is away, at once and every 5 s, until it goes on.
    """

    def __init__(self, line: DeskLine) -> None:
        """Read nothing yet."""
        self._line = line
        self._agent = agent = line.agent
        self._calls: set[Any] = set()
        self._closing = asyncio.Event()
        agent.heard.append(self._heard)

    def drain(self) -> None:
        """End every stream, telling its reader to come back later."""
        self._closing.set()
        self._cut()

    async def log(
        self, method: str, cursor: LogCursor, words: Words[Item]
    ) -> AsyncGenerator[Item, None]:
        """Yield a log from a place on, each number once; `words` write, read, and tell of a cut."""
        ask, read, away = words
        place, epoch, caught_up = cursor, cursor.epoch or "", False
        reader = _Reader(cursor.account_id)
        attach(reader)
        async with aclosing(self.messages(method, lambda: ask(place))) as messages:
            async for data in messages:
                if data is None:
                    yield away(epoch, SourceState(False, None, None))
                    continue
                event = read(data)
                epoch = event.epoch
                if event.kind in _PLACED:
                    # Behind a snapshot nobody is: of one that was cut the rest is not known yet.
                    place = LogCursor(cursor.account_id, epoch, event.sequence)
                if event.kind is StreamKind.CAUGHT_UP and caught_up:
                    continue
                caught_up = caught_up or event.kind is StreamKind.CAUGHT_UP
                reader.delivered += 1
                yield event

    async def messages(
        self, method: str, ask: Callable[[], Message]
    ) -> AsyncGenerator[bytes | None, None]:
        """Yield messages, and None while the agent is away; `ask` says anew what is wanted."""
        begun = False
        while True:
            self._line.require_mode()
            try:
                async with aclosing(self._agent.channel.log(method, ask(), self._calls)) as told:
                    async for each in told:
                        begun = True
                        yield each
            except GatewayError as error:
                self._go_on()
                if not begun or error.reason is not Reason.TERMINAL_OFFLINE:
                    raise
            if not begun:
                raise offline(self._agent.channel.address, "it ended the stream")
            async with aclosing(self._away()) as signs:
                async for sign in signs:
                    yield sign

    async def _away(self) -> AsyncGenerator[None, None]:
        """Yield at once, and with every heartbeat, until the agent may be asked again."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if loop.time() >= due:
                yield None
                due += _HEARTBEAT_S
            try:
                async with asyncio.timeout(_AGAIN_S):
                    await self._closing.wait()
            except TimeoutError:
                pass
            self._go_on()
            if self._agent.link.state.connected:
                return

    def _go_on(self) -> None:
        if self._closing.is_set():
            text = "The gateway is stopping; go on later behind the newest number."
            raise Unavailable(Reason.SHUTTING_DOWN, text)

    def _heard(self, connected: bool) -> None:
        """Cut what stands still where the agent does not answer: nobody would tell otherwise."""
        if not connected:
            self._cut()

    def _cut(self) -> None:
        for call in list(self._calls):
            call.cancel()
