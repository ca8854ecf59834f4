"""Many bars at once: the agent's download, read chunk by chunk, which goes on where it was cut."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from quantgraph.backends.remote.channel import AgentChannel
from quantgraph.domain.bars import BarRequest, BarSeries
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import bars_pb2
from quantgraph.wire.bars import download_to_proto
from quantgraph.wire.downloads import SeriesDone, done_from_proto
from quantgraph.wire.failures import failure_from_proto
from quantgraph.wire.filling import Filling
from quantgraph.wire.frames import ReceivedChunk, read_frame

# How often it is begun again behind what has come, and the seconds before.
_AGAIN, _AGAIN_S = 3, 0.5
DOWNLOAD = "BarService/DownloadBars"


async def read_bulk(
    channel: AgentChannel, request: BarRequest
) -> dict[str, BarSeries | GatewayError]:
    """Return a series per symbol of the request, each named once, or why there is none."""
    arriving = _Arriving(request)
    message = download_to_proto(request)

    def ask(token: bytes) -> AsyncGenerator[bytes]:
        message.resume_token = token
        return channel.stream(DOWNLOAD, message)

    async with aclosing(going_on(ask, b"", arriving.take)) as frames:
        async for _ in frames:
            pass
    return arriving.whole()


async def going_on(
    ask: Callable[[bytes], AsyncGenerator[bytes]], token: bytes, take: Callable[[bytes], bytes]
) -> AsyncGenerator[bytes]:
    """Yield the frames that `ask` is answered with behind a token; a cut is gone on behind.

    `take` looks at each frame, and returns the token behind it.
    """
    left = _AGAIN
    while True:
        before = token
        try:
            async with aclosing(ask(token)) as frames:
                async for frame in frames:
                    # Only now: a frame that was not taken comes again.
                    token = take(frame) or token
                    yield frame
        except GatewayError as error:
            left = _AGAIN if token != before else left - 1
            if not (left and error.retryable and token):
                raise
        else:
            return
        await asyncio.sleep(_AGAIN_S)


class _Arriving:
    """What has come of a download: whole symbols, and the rows of the one under way."""

    def __init__(self, request: BarRequest) -> None:
        self._request = request
        self._open: dict[str, Filling] = {}
        self._found: dict[str, BarSeries | GatewayError] = {}
        self._ended = False

    def take(self, data: bytes) -> bytes:
        """Take a frame; return its token. Errors: SOURCE_UNAVAILABLE for one that is damaged."""
        try:
            frame = read_frame(data)
            if isinstance(frame, ReceivedChunk):
                self._add(frame)
            else:
                self._note(frame)
        except ValueError as error:
            raise corrupt(str(error)) from None
        return frame.resume_token

    def whole(self) -> dict[str, BarSeries | GatewayError]:
        """Return what came. Errors: SOURCE_UNAVAILABLE where it is not all."""
        if not self._ended or self._found.keys() != set(self._request.symbols):
            raise unfinished()
        return self._found

    def _add(self, chunk: ReceivedChunk) -> None:
        if not chunk.intact():
            raise ValueError(f"a chunk of {chunk.symbol} has another content than its hash says")
        columns = chunk.columns(self._request.fields)
        filling = self._open.setdefault(chunk.symbol, Filling(self._request.fields, columns.length))
        filling.add(columns)

    def _note(self, frame: bars_pb2.DownloadBarsResponse) -> None:
        match frame.WhichOneof("frame"):
            case "instrument":
                done = done_from_proto(frame.instrument)
                self._found[done.symbol] = self._series(done)
            case "failure":
                self._open.pop(frame.failure.symbol, None)
                self._found[frame.failure.symbol] = failure_from_proto(frame.failure.failure)
            case "summary":
                self._ended = True
            case _:
                pass  # the manifest, and frames of a later version

    def _series(self, done: SeriesDone) -> BarSeries:
        request = self._request
        filling = self._open.pop(done.symbol, None) or Filling(request.fields, 0)
        columns = filling.whole()
        if columns.length != done.rows:
            raise ValueError(f"{done.symbol} has {columns.length} rows of {done.rows}")
        told = (request.period, request.adjustment, done.source, columns)
        return BarSeries(done.symbol, *told, done.coverage, done.anchor)


def last_of(series: BarSeries, count: int) -> BarSeries:
    """Return a series with its last bars alone."""
    columns = series.columns
    return replace(series, columns=columns.take(slice(max(columns.length - count, 0), None)))


def unfinished() -> Unavailable:
    """Say that a download has no end."""
    text = "The terminal's gateway ended a download before its end; ask again."
    return Unavailable(Reason.SOURCE_UNAVAILABLE, text)


def corrupt(why: str) -> Unavailable:
    """Say that a frame is none."""
    return Unavailable(Reason.SOURCE_UNAVAILABLE, f"A download cannot be read: {why}. Ask again.")
