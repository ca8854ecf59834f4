"""One connection to NATS."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from nats import errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import errors as js_errors
from nats.js.api import DiscardPolicy, StorageType, StreamConfig

from quantgraph.bus.names import Names
from quantgraph.bus.ports import BusAway, Ear

# Seconds of an answer.
ANSWER_S = 5.0
# Seconds in which the stream knows a number again: readers look at numbers themselves besides.
_REPEAT_S = 120.0
_NUMBER = "Nats-Msg-Id"
FAILED = (errors.Error, js_errors.Error, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class BusSettings:
    """Where the bus is, what is shown to it, and how much may wait on its way.

    `pending`: bytes of one subscription, and of what is not yet sent. `kept` bytes and `age`
    seconds bound the stream.
    """

    servers: tuple[str, ...]
    names: Names
    token: str | None
    tls: ssl.SSLContext | None
    pending: int
    kept: int
    age: float


class NatsSession:
    """Implements `Session`."""

    def __init__(self, client: Client, settings: BusSettings) -> None:
        """Speak through a client that will not connect again by itself."""
        self._settings = settings
        # Their signatures are not wholly typed.
        self._client: Any = client
        self._stream: Any = self._client.jetstream(timeout=ANSWER_S)
        self._lost = asyncio.Event()
        self._ears: dict[int, Ear] = {}

    @property
    def alive(self) -> bool:
        """Whether it has not been lost."""
        return not self._lost.is_set()

    async def ended(self) -> None:
        """Wait until it is lost."""
        await self._lost.wait()

    def lose(self) -> None:
        """Have everybody know that it is lost."""
        self._lost.set()
        for ear in list(self._ears.values()):
            ear.missed()

    async def tell(self, subject: str, data: bytes) -> None:
        """Publish to whoever listens now; not what a stalled server has no room for."""
        if not self.alive or self._client.pending_data_size > self._settings.pending:
            raise BusAway("it takes no more")
        await self._done(self._client.publish(subject, data))

    async def keep(self, subject: str, data: bytes, number: int) -> None:
        """Publish into the stream, and return when it is kept there."""
        # Known again whatever the subject: every account has the same numbers.
        headers = {_NUMBER: f"{subject}:{number}"}
        stream = self._settings.names.stream
        await self._done(self._stream.publish(subject, data, stream=stream, headers=headers))

    async def newest(self, subject: str) -> int | None:
        """Return the number that was kept last."""
        with suppress(js_errors.NotFoundError):
            stream = self._settings.names.stream
            found = await self._done(self._stream.get_last_msg(stream, subject), passed=True)
            return _number_of(found.headers, subject)
        return None

    @asynccontextmanager
    async def listening(self, subjects: Sequence[str], ear: Ear) -> AsyncGenerator[None]:
        """Listen until this is left."""

        async def heard(message: Msg) -> None:
            ear.take(message.data)

        async with self._subscribed(subjects, heard, ear):
            yield

    async def prepare(self) -> None:
        """Have the stream that keeps logs, within its bounds."""
        settings = self._settings
        wanted = StreamConfig(
            name=settings.names.stream,
            subjects=[settings.names.kept],
            max_bytes=settings.kept,
            max_age=settings.age,
            discard=DiscardPolicy.OLD,
            storage=StorageType.FILE,
            duplicate_window=min(_REPEAT_S, settings.age),
        )
        try:
            await self._done(self._stream.add_stream(wanted), passed=True)
        except js_errors.Error:
            # There is one of other bounds: those of who came last hold.
            await self._done(self._stream.update_stream(wanted))

    def missed(self, error: Exception) -> None:
        """Tell who listens to a subscription that something of it was dropped."""
        if isinstance(error, errors.SlowConsumerError) and (ear := self._ears.get(error.sid)):
            ear.missed()

    @asynccontextmanager
    async def _subscribed(
        self, subjects: Sequence[str], heard: Callable[[Msg], Awaitable[None]], ear: Ear
    ) -> AsyncGenerator[None]:
        most = self._settings.pending
        made: list[Any] = []
        try:
            for each in subjects:
                asked = self._client.subscribe(each, cb=heard, pending_bytes_limit=most)
                made.append(await self._done(asked))
                self._ears[made[-1]._id] = ear  # noqa: SLF001 what the error of a slow one tells
            # From here on the server has it: what is told elsewhere afterwards is told here too.
            await self._done(self._client.flush(timeout=int(ANSWER_S)))
            yield
        finally:
            for each in made:
                self._ears.pop(each._id, None)  # noqa: SLF001 nothing else tells them apart
                with suppress(*FAILED):
                    await each.unsubscribe()

    async def _done(self, act: Awaitable[Any], *, passed: bool = False) -> Any:  # noqa: ANN401 whatever it gives
        """Return what comes of an act; `passed`: refusals of the stream are for the caller."""
        try:
            return await act
        except js_errors.Error as error:
            if passed:
                raise
            raise BusAway(repr(error)) from None
        except FAILED as error:
            raise BusAway(repr(error)) from None


def _number_of(headers: Mapping[str, str] | None, subject: str) -> int | None:
    number = (headers or {}).get(_NUMBER, "").removeprefix(f"{subject}:")
    return int(number) if number.isdigit() else None
