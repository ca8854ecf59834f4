"""The connection to the agent: calls with deadlines, and its refusals as errors of our own."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import grpc
from google.protobuf.message import Message
from grpc import aio

from quantgraph.backends.remote.failures import (
    act_failure_of,
    failure_of,
    is_cut,
    log_failure_of,
    offline,
)
from quantgraph.domain.access import present_actor
from quantgraph.domain.errors import GatewayError
from quantgraph.wire.actors import actor_to_headers

Answer = TypeVar("Answer", bound=Message)
Item = TypeVar("Item")
Given = TypeVar("Given")
_OPTIONS = (
    # An agent may be configured to answer more than the 4 MiB of most clients.
    ("grpc.max_receive_message_length", 64 << 20),
    ("grpc.http2.max_frame_size", 2 << 20),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)
# Seconds before a read that a broken connection cut is asked once more.
_AGAIN_S = 0.1
# Questions that are out at once on behalf of one question here.
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Certificates:
    """How the agent is known by its certificate, and what is shown to it, in PEM form.

    `authorities` None trusts those that the system trusts.
    """

    authorities: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where the agent is (`host:port`), and what is shown to it; no certificates: in the clear."""

    address: str
    key: str | None = None
    certificates: Certificates | None = None


class Asked(Protocol):
    """Whoever asks the agent."""

    async def call(self, method: str, request: Message, answer: type[Answer]) -> Answer:
        """Return the answer of a unary rpc, as `Service/Method`."""
        ...


class AgentChannel:
    """Asks the agent; what may not be asked twice is an `act`. Every failure is a GatewayError.

    TERMINAL_OFFLINE while it is away, or does not let us in; TIMED_OUT beyond `seconds`.
    """

    def __init__(self, target: Target, seconds: float) -> None:
        """Open lazily, on the running loop: nothing is sent before the first question."""
        self.address = target.address
        self._seconds = seconds
        self._metadata = (("x-api-key", target.key),) if target.key else ()
        self._channel = _opened(target)
        # Whether it was asked how it is and has not said: who asks more would wait in vain.
        self.silent = False

    async def call(
        self, method: str, request: Message, answer: type[Answer], seconds: float | None = None
    ) -> Answer:
        """Return the answer of a unary rpc, as `Service/Method`; asked again after a cut.

        Nothing but what comes with its own `seconds` is asked while the agent is silent.
        """
        if self.silent and seconds is None:
            raise offline(self.address, "it does not answer")
        rpc: Any = self._channel.unary_unary(_path(method), _written, answer.FromString)
        limit = seconds or self._seconds
        for again in (True, False):
            try:
                return await rpc(request, timeout=limit, metadata=self._metadata)
            except aio.AioRpcError as error:
                if not (again and is_cut(error)):
                    raise failure_of(error, self.address, limit) from None
            await asyncio.sleep(_AGAIN_S)
        raise AssertionError

    async def act(
        self, method: str, request: Message, answer: type[Answer], seconds: float
    ) -> Answer:
        """Return the answer of an rpc that changes something; it is asked once, within seconds.

        The agent is told whose act it is, and believes it of a key that is a gateway's.

        Errors besides: OUTCOME_UNKNOWN where it was cut off, or has not answered by then.
        """
        rpc: Any = self._channel.unary_unary(_path(method), _written, answer.FromString)
        shown = (*self._metadata, *actor_to_headers(present_actor()))
        try:
            return await rpc(request, timeout=seconds, metadata=shown)
        except aio.AioRpcError as error:
            raise act_failure_of(error, self.address, seconds) from None

    async def ready(self, seconds: float) -> bool:
        """Return whether there is a connection, waiting so long for it; nothing is asked."""
        state = self._channel.get_state(try_to_connect=True)
        if state is grpc.ChannelConnectivity.READY:
            return True
        try:
            async with asyncio.timeout(seconds):
                await self._channel.channel_ready()
        except TimeoutError:
            return False
        return True

    async def log(self, method: str, request: Message, held: set[Any]) -> AsyncGenerator[bytes]:
        """Yield the messages from a place on; `held` has the call, to cancel, while it lasts.

        Errors besides: EPOCH_CHANGED, RESUME_TOKEN_EXPIRED.
        """
        channel: Any = self._channel  # grpc has no types
        call = channel.unary_stream(_path(method), _written)(request, metadata=self._metadata)
        held.add(call)
        try:
            async with aclosing(self._read(call, log_failure_of)) as answers:
                async for answer in answers:
                    yield answer
        finally:
            held.discard(call)

    async def stream(self, method: str, request: Message) -> AsyncGenerator[bytes]:
        """Yield the messages of a streaming rpc as bytes; closing it cancels the call."""
        channel: Any = self._channel  # grpc has no types
        rpc = channel.unary_stream(_path(method), _written)
        async with aclosing(self._read(rpc(request, metadata=self._metadata))) as answers:
            async for answer in answers:
                yield answer

    async def talk(self, method: str, commands: AsyncIterator[Message]) -> AsyncGenerator[bytes]:
        """Yield what an rpc answers to commands, as bytes; closing it cancels the call."""
        channel: Any = self._channel  # grpc has no types
        rpc = channel.stream_stream(_path(method), _written)
        async with aclosing(self._read(rpc(commands, metadata=self._metadata))) as answers:
            async for answer in answers:
                yield answer

    async def close(self) -> None:
        """Close the connection; what is under way is cancelled."""
        await self._channel.close()

    async def _read(
        self,
        call: Any,  # noqa: ANN401 grpc has no types
        failure: Callable[[aio.AioRpcError, str, float], GatewayError] = failure_of,
    ) -> AsyncGenerator[bytes]:
        try:
            async for answer in call:
                yield answer
        except aio.AioRpcError as error:
            raise failure(error, self.address, self._seconds) from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # A closed channel cancels its calls, not the tasks that wait for them.
            raise offline(self.address, "the connection was closed") from None
        finally:
            call.cancel()


async def each_of(
    ask: Callable[[Given], Awaitable[Item]], wanted: Sequence[Given]
) -> Sequence[Item]:
    """Return the answer for each, in order, with a few questions out at once."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(given: Given) -> Item:
        async with room:
            return await ask(given)

    if len(wanted) == 1:
        return [await ask(wanted[0])]
    return await asyncio.gather(*(one(each) for each in wanted))


def portions(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Return the items in portions that one question may hold."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def _opened(target: Target) -> aio.Channel:
    shown = target.certificates
    if shown is None:
        return aio.insecure_channel(target.address, options=_OPTIONS)
    own = shown.key or shown.certificate
    made = grpc.ssl_channel_credentials(shown.authorities, own, shown.certificate)
    return aio.secure_channel(target.address, made, options=_OPTIONS)


def _path(method: str) -> str:
    return f"/quantgraph.v1.{method}"


def _written(message: Message) -> bytes:
    return message.SerializeToString()
