"""Many bars at once: the agent's download, read chunk by chunk, which goes on where it was cut."""

import asyncio
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


async def read_bulk(
    channel: AgentChannel, request: BarRequest
) -> dict[str, BarSeries | GatewayError]:
    """Return a series per symbol of the request, each named once, or why there is none."""
    arriving = _Arriving(request)
    message = download_to_proto(request)
    left = _AGAIN
    while True:
        before = message.resume_token = arriving.token
        try:
            async with aclosing(channel.stream("BarService/DownloadBars", message)) as frames:
                async for frame in frames:
                    arriving.take(frame)
            return arriving.whole()
        except GatewayError as error:
            left = _AGAIN if arriving.token != before else left - 1
            if not (left and error.retryable and arriving.token):
                raise
        await asyncio.sleep(_AGAIN_S)


class _Arriving:
    """What has come of a download: whole symbols, and the rows of the one under way."""

    def __init__(self, request: BarRequest) -> None:
        self.token = b""
        self._request = request
        self._open: dict[str, Filling] = {}
        self._found: dict[str, BarSeries | GatewayError] = {}
        self._ended = False

    def take(self, data: bytes) -> None:
        """Take a frame. Errors: SOURCE_UNAVAILABLE for one that is damaged."""
        try:
            frame = read_frame(data)
            if isinstance(frame, ReceivedChunk):
                self._add(frame)
            else:
                self._note(frame)
        except ValueError as error:
            raise _corrupt(str(error)) from None
        # Only now: a frame that was not taken comes again.
        self.token = frame.resume_token or self.token

    def whole(self) -> dict[str, BarSeries | GatewayError]:
        """Return what came. Errors: SOURCE_UNAVAILABLE where it is not all."""
        if not self._ended or self._found.keys() != set(self._request.symbols):
            text = "The terminal's gateway ended a download before its end; ask again."
            raise Unavailable(Reason.SOURCE_UNAVAILABLE, text)
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


def _corrupt(why: str) -> Unavailable:
    return Unavailable(Reason.SOURCE_UNAVAILABLE, f"A download cannot be read: {why}. Ask again.")
