"""A bar download: asked from the ports in portions within their row limit, sent chunk by chunk."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeVar

from grpc_bridge.ahead import read_ahead
from grpc_bridge.sending import Sending
from grpc_bridge.spans import Portion, portions
from grpc_bridge.tokens import Passage, Position, TokenSeal, epoch_of
from quantgraph.domain.bars import BarRequest, BarSeries
from quantgraph.domain.calendar import to_ms
from quantgraph.domain.errors import EpochChanged, GatewayError
from quantgraph.domain.ports import Gateway
from quantgraph.domain.reasons import Reason
from quantgraph.wire.downloads import manifest_to_proto, totals_to_proto

R = TypeVar("R")
Found = Sequence[BarSeries | GatewayError]


class Offload(Protocol):
    """Runs work that would hold the event loop in a thread."""

    def __call__(self, work: Callable[[], R], /) -> Awaitable[R]:
        """Return the result of the work."""
        ...


@dataclass(frozen=True, slots=True)
class DownloadTools:
    """What every download works with: the seal of its tokens, and threads to encode in."""

    seal: TokenSeal
    offload: Offload = asyncio.to_thread


async def download(
    gateway: Gateway, request: BarRequest, tools: DownloadTools, token: bytes = b""
) -> AsyncGenerator[bytes]:
    """Yield the frames of a download, or those behind the frame that a token came with.

    Errors of the whole request: START_AFTER_END, those of `TokenSeal.read`, EPOCH_CHANGED. What is
    held in memory is the portion that is being sent and the next one, whatever the size.
    """
    passage, position = await _entry(gateway, request, tools.seal, token)
    sending = Sending(request, position, lambda at: tools.seal.write(passage, at))
    rest = replace(request, symbols=request.symbols[position.symbol :])
    parts = portions(gateway, rest, passage.now)
    if not token:
        manifest = manifest_to_proto(request)
        manifest.resume_token = tools.seal.write(passage, position)
        yield manifest.SerializeToString()
    batches = _Reading(gateway, rest, sending, tools.offload).batches(parts)
    async with aclosing(read_ahead(batches)) as ready:
        async for batch in ready:
            for frame in batch:
                yield frame
    yield totals_to_proto(sending.totals).SerializeToString()


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
class _Reading:
    """The ports, the part of the request that is still to be sent, and who makes its frames."""

    gateway: Gateway
    request: BarRequest
    sending: Sending
    offload: Offload

    async def batches(self, parts: AsyncGenerator[Portion]) -> AsyncGenerator[Sequence[bytes]]:
        """Yield the frames of one request to the ports after the other."""
        async with aclosing(parts):
            async for part in parts:
                if part.failures:
                    yield self._frames([part.failures[each] for each in part.symbols])
                    continue
                asked = replace(self.request, symbols=part.symbols)
                begun = self.sending.symbol
                for index, window in enumerate(part.windows, 1):
                    found = await self.gateway.bars.bars(replace(asked, window=window))
                    last = index == len(part.windows)
                    yield await self.offload(partial(self._frames, found, last=last))
                    if self.sending.symbol != begun:
                        break  # it has failed, or was the last window

    def _frames(self, found: Found, *, last: bool = True) -> Sequence[bytes]:
        return [frame for each in found for frame in self.sending.take(each, last=last)]
