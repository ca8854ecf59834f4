"""Bulk bars as the agent wrote them: its frames, handed on as bytes."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from quantgraph.backends.remote.agent import Agent
from quantgraph.backends.remote.bulk import DOWNLOAD, corrupt, going_on, unfinished
from quantgraph.backends.remote.failures import offline
from quantgraph.domain.bars import BarRequest
from quantgraph.v1 import bars_pb2
from quantgraph.wire.bars import download_to_proto
from quantgraph.wire.frames import place_of


class AgentFrames:
    """Implements `BarFrames`: chunks, hashes and tokens are the agent's.

    Whoever shows one of its tokens goes on there, at whichever gateway. One frame is held at a
    time, so that a reader who stops reading stops the agent.
    """

    def __init__(self, agent: Agent) -> None:
        """Ask nothing yet."""
        self._channel = agent.channel
        self._calls: set[Any] = set()
        agent.heard.append(self._heard)

    async def open(self, request: BarRequest, token: bytes) -> AsyncGenerator[bytes]:
        """Return the frames behind a token; the first has come, or is why there are none."""
        frames = self._frames(request, token)
        try:
            first = await anext(frames)
        except BaseException:
            await frames.aclose()
            raise
        return _begun(first, frames)

    async def _frames(self, request: BarRequest, token: bytes) -> AsyncGenerator[bytes]:
        message, ended = download_to_proto(request), False

        def ask(behind: bytes) -> AsyncGenerator[bytes]:
            message.resume_token = behind
            return self._asked(message)

        def take(frame: bytes) -> bytes:
            nonlocal ended
            try:
                behind, ended = place_of(frame)
            except ValueError as error:
                raise corrupt(str(error)) from None
            return behind

        async with aclosing(going_on(ask, token, take)) as frames:
            async for frame in frames:
                yield frame
        if not ended:
            raise unfinished()

    async def _asked(self, message: bars_pb2.DownloadBarsRequest) -> AsyncGenerator[bytes]:
        if self._channel.silent:
            raise offline(self._channel.address, "it does not answer")
        async with aclosing(self._channel.log(DOWNLOAD, message, self._calls)) as frames:
            async for frame in frames:
                yield frame

    def _heard(self, connected: bool) -> None:
        """Cut what stands still where the agent does not answer: nobody would tell otherwise."""
        if not connected:
            for call in list(self._calls):
                call.cancel()


async def _begun(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        yield first
        async for frame in rest:
            yield frame
