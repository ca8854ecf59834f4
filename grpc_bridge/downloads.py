"""A bar download: asked from the ports in portions within their row limit, sent chunk by chunk."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from grpc_bridge.ahead import read_ahead
from grpc_bridge.sending import Sending
from grpc_bridge.spans import Portion, portions
from grpc_bridge.tokens import Passage, Position, TokenSeal, epoch_of
from quantgraph.domain.bars import BarRequest, BarSeries
from quantgraph.domain.calendar import to_ms
from quantgraph.domain.errors import EpochChanged, GatewayError
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.reasons import Reason
from quantgraph.wire.downloads import manifest_to_proto, totals_to_proto

Found = Sequence[BarSeries | GatewayError]


async def download(
    gateway: Gateway, request: BarRequest, seal: TokenSeal, token: bytes = b""
) -> AsyncGenerator[bytes]:
    """Yield the frames of a download, or those behind the frame that a token came with.

    Errors of the whole request: START_AFTER_END, those of `TokenSeal.read`, EPOCH_CHANGED. What is
    held in memory is the portion that is being sent and the next one, whatever the size; of a
    download that another gateway writes, a frame.
    """
    written = await _written(gateway, request, seal, token)
    if written is not None:
        async with aclosing(written):
            async for frame in written:
                yield frame
        return
    passage, position = await _entry(gateway, request, seal, token)
    sending = Sending(request, position, lambda at: seal.write(passage, at))
    rest = replace(request, symbols=request.symbols[position.symbol :])
    parts = portions(gateway, rest, passage.now)
    if not token:
        manifest = manifest_to_proto(request)
        manifest.resume_token = seal.write(passage, position)
        yield manifest.SerializeToString()
    async with aclosing(read_ahead(_read(gateway, rest, parts, sending))) as spans:
        async for span in spans:
            # A chunk is a quick copy, made here: a thread would cost more than it takes off us.
            for frame in span.frames(sending):
                if frame:
                    yield frame
                else:
                    await asyncio.sleep(0)
    yield totals_to_proto(sending.totals).SerializeToString()


async def _written(
    gateway: Gateway, request: BarRequest, seal: TokenSeal, token: bytes
) -> AsyncGenerator[bytes] | None:
    """Return the frames that another gateway writes; it judges tokens that are not our own."""
    if gateway.bar_frames is None or (token and seal.owns(token)):
        return None
    return await gateway.bar_frames.open(request, token)


async def _entry(
    gateway: Gateway, request: BarRequest, seal: TokenSeal, token: bytes
) -> tuple[Passage, Position]:
    epoch = (await gateway.system.info()).clock.epoch
    if not token:
        return seal.begin(request, to_ms(gateway.clock.now()), epoch), Position()
    passage, position = seal.read(token, request)
    if position.simulated and passage.epoch != epoch_of(epoch):
        text = "The simulated market has started over since the download began; start it anew."
        raise EpochChanged(Reason.EPOCH_CHANGED, text, epoch=epoch)
    return passage, position


@dataclass(frozen=True, slots=True)
class _Span:
    """What one request to the ports found; `first` is the place of its first symbol."""

    first: int
    found: Found
    last: bool

    def frames(self, sending: Sending) -> Iterator[bytes]:
        """Yield the frames; none where the symbol has failed before this span of it."""
        for place, each in enumerate(self.found, self.first):
            if place == sending.symbol:
                yield from sending.take(each, last=self.last)


async def _read(
    gateway: Gateway, request: BarRequest, parts: AsyncGenerator[Portion], sending: Sending
) -> AsyncGenerator[_Span]:
    """Yield one span after the other; of a symbol that has failed at most one more."""
    first = sending.symbol
    async with aclosing(parts):
        async for part in parts:
            if part.failures:
                yield _Span(first, [part.failures[each] for each in part.symbols], last=True)
            asked = replace(request, symbols=part.symbols)
            for index, window in enumerate(part.windows, 1):
                found = await gateway.bars.bars(replace(asked, window=window))
                yield _Span(first, found, last=index == len(part.windows))
                single = found[0] if len(found) == 1 else None
                if isinstance(single, GatewayError) or sending.symbol > first:
                    break
            first += len(part.symbols)
